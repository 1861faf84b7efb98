import ArgumentParser
import Ashlar
import AshlarFormat

/// `ashlar init`: makes an empty store.
struct InitCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make an empty store.",
        discussion: """
            EXAMPLES
              ashlar init bitcoin
              ashlar init ethereum --hash 0x
              ashlar init solana --hash base58 --allow-height-gaps

            The directory must be empty or not there. What a store is made with it keeps for ever. `ashlar ingest` makes \
            stores too, and finds out the notation by itself.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Flag(help: "Let a block's height exceed its parent's by more than one, as on chains that skip slots.")
    var allowHeightGaps = false

    @Option(help: "How hashes are written: hex, 0x, HEX (upper case) or base58.")
    var hash = NotationArgument.hex

    @Flag(help: "Print the result as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        var options = WriterOptions()
        var creation = CreationOptions()
        creation.allowsHeightGaps = allowHeightGaps
        creation.hashNotation = hash.notation
        options.creation = creation
        let path = store
        let id = try withStore { () throws(StoreError) in
            let writer = try Writer.create(at: path, options: options)
            let id = writer.store.id
            try writer.close()
            return id
        }
        guard json else {
            output.write(text: "made store \(id) in \(TextTable.printable(path))\n")
            return
        }
        output.write("{\"store\":")
        output.json(path)
        output.write(",\"storeId\":")
        output.json("\(id)")
        output.write(",\"hashNotation\":")
        output.json(hash.rawValue)
        output.write(",\"allowsHeightGaps\":")
        output.json(allowHeightGaps)
        output.write("}\n")
    }
}

/// A notation of hashes as the command line names it.
enum NotationArgument: String, CaseIterable, ExpressibleByArgument {
    case hex
    case prefixedHex = "0x"
    case upperHex = "HEX"
    case base58

    /// The name of a notation.
    init(_ notation: HashNotation) {
        self =
            switch notation {
            case .hex: .hex
            case .prefixedHex: .prefixedHex
            case .upperHex: .upperHex
            case .base58: .base58
            }
    }

    /// The notation.
    var notation: HashNotation {
        switch self {
        case .hex: .hex
        case .prefixedHex: .prefixedHex
        case .upperHex: .upperHex
        case .base58: .base58
        }
    }
}
