import AshlarStorage
import AshlarTestSupport
import Foundation

@testable import Ashlar
@testable import AshlarFormat

/// Random stores to derive from, and what a derived store is compared by.
enum DeriveSource {
    /// A store after some lives of a process: forks, branches adopted with known and new blocks, forced rollbacks, floating batches with and
    /// without keys, marks, declarations, several segments.
    static func random(seed: UInt64, steps: Int = 90) throws -> SimulatedDisk {
        var simulator = Simulator(seed: seed)
        simulator.mayPrune = false
        for _ in 0..<3 {
            var writer = try Writer.open(simulator.disk, options: simulator.wanted)
            for _ in 0..<steps / 3 { try simulator.step(&writer) }
            if simulator.random.chance(40) {
                try writer.note(mark: [1, 2, 3])
                simulator.model.appendNote()
            }
            try writer.close()
        }
        return simulator.disk
    }
}

extension ModelChain {
    /// Notes a control commit that holds a mark alone.
    mutating func appendNote() {
        var commit = Commit(kind: .control, after: chain)
        commit.mark = [1, 2, 3]
        commits.append(commit)
    }
}

/// Derives between storages in tests.
func derive(
    _ source: any Storage, _ target: any Storage, _ transform: some Derivation = ModelSelection(),
    options: DerivationOptions = deriveOptions(), progress: (DerivationProgress) -> DerivationStep = { _ in .goOn },
    exchange: () throws(StorageError) -> Void = {}
) throws(StoreError) -> DerivationReport {
    try Store.derive(
        from: source, to: target, transform: transform, options: options, progress: progress, exchange: exchange)
}

/// Options that sync only when they must.
func deriveOptions(
    segmentBytes: Int = 8_192, compression: Compression = .none, end: DerivationOptions.End = .whenCaughtUp,
    undoDepth: Int = 64
) -> DerivationOptions {
    var result = DerivationOptions()
    result.writer = options(segmentBytes: segmentBytes, compression: compression)
    result.writer.finalityDepth = 3
    result.end = end
    result.undoDepth = undoDepth
    result.followMilliseconds = 1
    return result
}

extension StoreDump {
    /// What a store holds, as text, without what every store has of its own: identity, epochs, where commits stand.
    static func content(_ storage: any Storage) throws -> String {
        var dump = StoreDump(storage)
        var result = try dump.run()
        for key in ["storeId", "chainValue", "provenSequence", "footers", "outcome"] { result[key] = nil }
        var commits = result["commits"] as? [[String: Any]] ?? []
        for index in commits.indices {
            for key in ["epoch", "chainValue", "durableSequence", "segment", "offset", "frameLength"] {
                commits[index][key] = nil
            }
            guard var rollback = commits[index]["rollback"] as? [String: Any] else { continue }
            // In the order of ids, which are a store's own.
            let models = rollback["models"] as? [[Any]] ?? []
            rollback["models"] = models.sorted { ($0[0] as? String ?? "") < ($1[0] as? String ?? "") }
            commits[index]["rollback"] = rollback
        }
        result["commits"] = commits
        let data = try JSONSerialization.data(withJSONObject: result, options: [.sortedKeys, .prettyPrinted])
        return String(decoding: data, as: UTF8.self)
    }
}

/// A derivation with a state: `balances` anew, an event for each of `utxo`, whose payload depends on all of them before it.
struct RunningTotal: Derivation {
    struct Total: ModelState {
        var value: UInt64 = 0

        mutating func take(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
            value &+= 1
        }

        var payload: [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
    }

    var name: String { "running total" }
    var version: UInt64 = 1
    /// Fails at events of this height.
    var failingHeight: Int64?

    func rule(model: String, type: String) -> DerivationRule {
        switch model {
        case "utxo": .observe
        case "balances": .drop
        case "names": .replace
        default: .keep
        }
    }

    func makeState() -> Total { Total() }

    func derive(_ event: borrowing ModelEvent, _ state: inout Total, _ output: inout DerivedEvents) throws {
        if event.height == failingHeight { throw Failure() }
        let payload = event.payload
        guard event.model == "utxo" else {
            return try output.emit(model: "labels", type: "of " + event.type, payload: payload)
        }
        state.take(payload.withUnsafeBytes { Array($0) })
        let total = state.payload
        try output.emit(model: "balances", type: "Total", payload: total.span.bytes)
    }

    func endBlock(_ block: DerivationBlock, _ state: inout Total, _ output: inout DerivedEvents) throws {
        state.value &+= UInt64(block.height)
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String { "no such coin" }
    }
}
