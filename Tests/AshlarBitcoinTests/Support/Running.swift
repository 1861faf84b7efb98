import Ashlar
import AshlarBitcoin
import AshlarCLI
import Synchronization
import Testing

/// Runs the indexer in this process; it stops once it was asked `stopAfter` times.
func index(
    _ directory: borrowing TemporaryDirectory, _ network: Network = .regtest, file: String? = nil,
    stopAfter: Int? = nil,
    _ change: (inout IndexSettings) -> Void = { _ in }
) -> Result<IndexSummary, CommandError> {
    var settings = IndexSettings(
        store: directory.store, blocks: file.map { "\(directory.blocks)/\($0)" } ?? directory.blocks)
    settings.network = network
    settings.writer.durability = .manual
    settings.keepsModels = false
    change(&settings)
    let asked = Countdown(stopAfter)
    do throws(CommandError) {
        return .success(try Indexer.open(settings, shouldStop: { asked.isOver }).run())
    } catch {
        return .failure(error)
    }
}

/// Says that it is over once it was asked so many times.
final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int?) { left = Atomic(count ?? .max) }

    var isOver: Bool { left.subtract(1, ordering: .relaxed).newValue < 0 }
}

extension Result where Failure == CommandError {
    /// What the failure says, or nothing.
    var message: String {
        if case .failure(let failure) = self { return "\(failure)" }
        return ""
    }
}

/// The hashes of the canonical blocks, lowest first.
func canonical(_ directory: borrowing TemporaryDirectory) throws -> [Hash256] {
    try Store.open(at: directory.store).view().blocks().map { result in
        let block = try result.get()
        return try #require(Hash256(stored: block.block.hash))
    }
}

/// How often each block was appended: nothing is taken twice.
func appended(_ directory: borrowing TemporaryDirectory) throws -> [Hash256: Int] {
    var counts: [Hash256: Int] = [:]
    for result in try Store.open(at: directory.store).commits() {
        if case .block(let block, _) = try result.get().content {
            counts[try #require(Hash256(stored: block.block.hash)), default: 0] += 1
        }
    }
    return counts
}

/// A block of the store as a line of recorded events.
func line(_ block: StoredBlock, _ events: [StoredEvent]) -> [UInt8] {
    let texts = events.map {
        #"{"model":"\#($0.model)","type":"\#($0.type)","payload":\#(String(decoding: $0.payload, as: UTF8.self))}"#
    }
    let place = block.block
    return Array(
        (#"{"height":\#(place.height),"hash":"\#(place.hash)","parent":"\#(place.parent)","#
            + #""timestamp":\#(place.timestamp.microseconds / 1_000_000),"events":[\#(texts.joined(separator: ","))]}"#)
            .utf8)
}
