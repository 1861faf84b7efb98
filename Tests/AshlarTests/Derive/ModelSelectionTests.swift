import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Selecting and renaming models")
struct ModelSelectionTests {
    static let selections: [ModelSelection] = [
        ModelSelection(keep: ["utxo"]),
        ModelSelection(drop: ["utxo", "balances"]),
        ModelSelection(
            keep: ["utxo", "m"], renameModels: ["utxo": "coins", "m": "utxo"], renameTypes: ["type 1": "one"]),
        ModelSelection(renameModels: ["utxo": "balances", "balances": "utxo"]),
        ModelSelection(keep: []),
    ]

    @Test(
        "the events are those expected as of every sequence, with versions counted anew",
        arguments: 1...5 as ClosedRange<UInt64>)
    func exact(seed: UInt64) throws {
        let disk = try DeriveSource.random(seed: seed, steps: 60)
        let source = try Store.open(disk)
        for selection in Self.selections {
            let storage = MemoryStorage()
            let report = try derive(disk, storage, selection)
            let target = try Store.open(storage)
            #expect(target.sequence == source.sequence && target.finalHeight == source.finalHeight)
            for sequence in 0...source.sequence {
                let (old, new) = (try source.view(asOf: sequence), try target.view(asOf: sequence))
                #expect(old.tipHeight == new.tipHeight)
                #expect(try new.events() == Self.expected(old.events(), selection), "as of \(sequence)")
            }
            var all = EventQuery()
            all.scope = .log
            all.order = .sequence
            let written = try target.view().events(all)
            #expect(
                written.map(Self.unversioned)
                    == Self.expected(try source.view().events(all), selection).map(Self.unversioned))
            #expect(UInt64(written.count) == report.eventsWritten)
            #expect(try StoreVerification.run(storage).isSound)
        }
    }

    /// What a selection makes of the events of a chain; versions are counted, not copied.
    private static func expected(_ events: [Ashlar.StoredEvent], _ selection: ModelSelection) -> [Ashlar.StoredEvent] {
        var versions: [String: UInt64] = [:]
        var ordinals: [UInt64: Int] = [:]
        return events.compactMap { event in
            guard selection.keeps(model: event.model) else { return nil }
            var event = event
            event.model = selection.modelNames[event.model] ?? event.model
            event.type = selection.typeNames[event.type] ?? event.type
            event.ordinal = ordinals[event.sequence, default: 0]
            ordinals[event.sequence, default: 0] += 1
            if event.version != nil {
                versions[event.model, default: 0] += 1
                event.version = versions[event.model]
            }
            return event
        }
    }

    private static func unversioned(_ event: Ashlar.StoredEvent) -> Ashlar.StoredEvent {
        var event = event
        event.version = nil
        return event
    }

    @Test("two models do not become one")
    func merging() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...2) }
        let merging = ModelSelection(renameModels: ["balance": "utxo"])
        let error = failure { () throws(StoreError) in _ = try derive(source, MemoryStorage(), merging) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("would both become `utxo`"))
        let dropping = ModelSelection(drop: ["utxo"], renameModels: ["balance": "utxo"])
        #expect(try derive(source, MemoryStorage(), dropping).eventsWritten == 3)
    }

    @Test("declared names are declared if their models stay, and a declaration keeps its sequence if not")
    func declarations() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in
            try writer.append(0...0)
            try writer.declare(models: ["tokens"], types: ["Minted"])
            try writer.declare(models: ["nfts"])
            try writer.append(1...1)
        }
        let target = MemoryStorage()
        _ = try derive(source, target, ModelSelection(drop: ["nfts"], renameModels: ["tokens": "coins"]))
        let store = try Store.open(target)
        #expect(try store.statistics().models.map(\.name).sorted() == ["balance", "coins", "utxo"])
        #expect(store.sequence == 4)
    }
}
