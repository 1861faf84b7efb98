import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite("State tables in PostgreSQL")
struct StateTableTests {
    @Test("the table is the state at the tip, undone blocks and numerics included")
    func storm() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-pg-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var writer = try Writer.open(at: path, options: Samples.options { $0.segmentBytes = 16 << 10 })
        var storm = StormChain(seed: 41)
        for _ in 0..<300 { try storm.step(&writer) }
        try writer.close()
        let store = try Store.open(at: path)
        let target = try makeTarget("state tables")
        let states = [try StateTable(Occurrences())]
        var options = ExportOptions()
        options.batchEvents = 60
        let progress = try Exporter(store, into: target, options: options, states: states).run()
        #expect(progress.undoneBlocks > 10)
        var check = try ExportCheck(store, target, options, states: states)
        #expect(try check.run().isSound)
        let counts = try Projection(store).add(Occurrences()).state(asOf: store.sequence).state
        #expect(try target.value("SELECT count(*) FROM state_occurrences")?.integer == Int64(counts.count))
        let top = try target.value("SELECT count FROM state_occurrences ORDER BY count DESC LIMIT 1")
        #expect(top?.text == counts.map(\.value).max().map { "\($0)" + String(repeating: "0", count: 40) })
    }
}

/// How often a type of event came with the same first byte; every third time all are forgotten.
private struct Occurrences: TabularModel {
    struct Key: Hashable, Sendable {
        var type: String
        var first: UInt8
    }

    let name = "occurrences"
    let sources: [String] = []
    let keyColumns = [StateColumn("type", .text), StateColumn("first", .integer)]
    let valueColumns = [StateColumn("count", .numeric, isIndexed: true), StateColumn("note", .bytes, isOptional: true)]

    func makeState() -> StateMap<Key, Int> { StateMap() }

    func apply(_ event: borrowing ModelEvent, to state: inout StateMap<Key, Int>) throws {
        let count = state[Self.key(event), default: 0] + 1
        state[Self.key(event)] = count % 3 == 0 ? nil : count
    }

    func addChangedKeys(by event: borrowing ModelEvent, in state: StateMap<Key, Int>, to keys: inout Set<Key>) throws {
        keys.insert(Self.key(event))
    }

    func keyValues(_ key: Key) -> [StateValue] { [.text(key.type), .integer(Int64(key.first))] }

    func row(for key: Key, in state: StateMap<Key, Int>) throws -> [StateValue]? {
        state[key].map {
            [.numeric("\($0)" + String(repeating: "0", count: 40)), $0 == 1 ? .null : .bytes([key.first])]
        }
    }

    func encode(_ state: StateMap<Key, Int>, to output: inout SnapshotOutput) throws {}

    func decode(from input: inout SnapshotInput) throws -> StateMap<Key, Int> { StateMap() }

    private static func key(_ event: borrowing ModelEvent) -> Key {
        let payload = event.payload
        let first = payload.byteCount > 0 ? payload.unsafeLoad(fromByteOffset: 0, as: UInt8.self) : 0
        return Key(type: event.type, first: first)
    }
}
