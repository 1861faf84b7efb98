import ArgumentParser
import Ashlar
import AshlarFormat

/// Which blocks are taken, and how their taking is told.
struct IngestTakingOptions: ParsableArguments {
    @Option(help: "When the chain switches to another branch: newest or longest.")
    var forkChoice = ForkChoice.Rule.newest

    @Option(help: "What to do with a block that links to nothing known: skip or fail.")
    var onUnlinked = IngestSettings.UnlinkedPolicy.fail

    @Flag(help: "Take every line anew, also those taken before: after a rollback, undone blocks come back.")
    var fromStart = false

    @Flag(help: "Print a line for each durable sequence, for a program that drives the store.")
    var ack = false
}

/// How blocks are written.
struct IngestWritingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "When blocks become durable: block, interval[:MS[,BYTES]] or manual (at the end).",
            discussion: "By default interval:100,16777216; block with `ingest --ack`."))
    var durability: DurabilityArgument?

    @Option(help: "Blocks this far below the highest tip ever seen are final.")
    var finalityDepth: Int64 = WriterOptions().finalityDepth

    @Option(help: "The size at which a segment file is sealed and the next one begun.")
    var segmentBytes = WriterOptions().segmentBytes

    @Option(help: "How events are stored: none, lz4 or zlib.")
    var compression = CompressionArgument.none

    @Option(help: "The largest payload that is taken, in bytes.")
    var maxPayloadBytes = WriterOptions().maxPayloadBytes

    func validate() throws {
        guard finalityDepth >= 0 else { throw ValidationError("--finality-depth must not be negative") }
        guard segmentBytes >= 4_096, segmentBytes <= Limits.segmentBytes else {
            throw ValidationError("--segment-bytes must be from 4096 to \(Limits.segmentBytes)")
        }
        guard (1...Limits.contentBytes).contains(maxPayloadBytes) else {
            throw ValidationError("--max-payload-bytes must be from 1 to \(Limits.contentBytes)")
        }
    }

    /// The same for the library.
    var options: WriterOptions {
        var options = WriterOptions()
        options.durability = durability?.durability ?? .standard
        options.finalityDepth = finalityDepth
        options.segmentBytes = segmentBytes
        options.compression = compression.compression
        options.maxPayloadBytes = maxPayloadBytes
        return options
    }
}

/// What a store that is made keeps for ever.
struct IngestCreationOptions: ParsableArguments {
    @Flag(help: "Let a block's height exceed its parent's by more than one, as on chains that skip slots.")
    var allowHeightGaps = false

    @Option(
        help: """
            How hashes are written: hex, 0x, HEX (upper case) or base58; by default as the first block's is.
            """)
    var hash: NotationArgument?
}

extension ForkChoice.Rule: ExpressibleByArgument {}
extension IngestSettings.UnlinkedPolicy: ExpressibleByArgument {}

/// How events are stored, as the command line names it.
enum CompressionArgument: String, CaseIterable, ExpressibleByArgument {
    case none
    case lz4
    case zlib

    /// The compression.
    var compression: Compression {
        switch self {
        case .none: .none
        case .lz4: .lz4
        case .zlib: .zlib
        }
    }
}

/// When blocks become durable, as the command line says it.
struct DurabilityArgument: ExpressibleByArgument {
    /// The policy.
    let durability: Durability

    init?(argument: String) {
        switch argument {
        case "block": durability = .everyBlock
        case "manual": durability = .manual
        case "interval": durability = .standard
        default:
            let name = "interval:"
            guard argument.hasPrefix(name), case .interval(_, let standardBytes) = Durability.standard
            else { return nil }
            let parts = argument.dropFirst(name.count).split(separator: ",", omittingEmptySubsequences: false)
            let allowed = 1...3_600_000
            guard (1...2).contains(parts.count), let milliseconds = Int(parts[0]), allowed.contains(milliseconds)
            else { return nil }
            guard parts.count == 2 else {
                durability = .interval(milliseconds: milliseconds, bytes: standardBytes)
                return
            }
            guard let bytes = Int(parts[1]), bytes > 0 else { return nil }
            durability = .interval(milliseconds: milliseconds, bytes: bytes)
        }
    }
}
