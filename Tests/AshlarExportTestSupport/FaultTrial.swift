import Ashlar
package import AshlarExport
import AshlarTestSupport

/// Faults in each table of an export that has rows in all of them.
package struct FaultTrial {
    private let store: Store
    private let options: ExportOptions
    private let states: [StateTable]
    private let models = [SnapshotModel(CountedEvents())]

    /// Makes the store in a folder.
    package init(in folder: String, keepsUndone: Bool) throws {
        var writer = try Writer.open(at: folder + "/store", options: Samples.options { $0.segmentBytes = 16 << 10 })
        var storm = StormChain(seed: 61)
        for _ in 0..<120 { try storm.step(&writer) }
        try writer.sync()
        var projecting = ProjectionOptions()
        projecting.snapshots = SnapshotPolicy(
            blocks: nil, retention: SnapshotRetention(minKeep: .max, keepWindow: .max))
        let projection = Projection(writer.store, options: projecting)
        _ = try projection.add(CountedEvents())
        try projection.advance()
        try projection.takeSnapshots()
        try writer.close()
        store = try Store.open(at: folder + "/store")
        states = [try StateTable(CountedEvents())]
        var options = ExportOptions()
        options.keepsUndone = keepsUndone
        options.snapshotStateBytes = 1 << 20
        let table = ChangeTrial.table(
            "typed", ChangeTrial.column("n", "$.n", "numeric", index: true),
            ChangeTrial.column("text", "$.text", "text"),
            ChangeTrial.column("whole", "$", "json"), ChangeTrial.column("source", "model", "text"))
        options.map = try TableMap(json: Array("{\"tables\":[\(table)]}".utf8).span.bytes, file: "map")
        self.options = options
    }

    /// Exports into an empty target, and seeds the faults.
    package func run(_ target: any ExportTarget) throws -> SeededFaults {
        _ = try Exporter(store, into: target, options: options, states: states, snapshotModels: models).run()
        func check() throws -> CheckReport {
            var check = try ExportCheck(store, target, options, states: states, snapshotModels: models)
            return try check.run()
        }
        var faults = SeededFaults(target, check: check)
        guard try check().isSound, try check().lateSnapshots.isEmpty else { throw NotSound(report: try check()) }
        for table in options.tables(for: target.dialect, states: states) {
            switch table.name {
            case "ashlar_meta", "ashlar_tables": break
            // Numbers are the target's own: two names that changed them are seen by the events that have them.
            case "models", "types": try faults.seed(table, swapped: "events")
            default: try faults.seed(table)
            }
        }
        guard try check().isSound else { throw NotSound(report: try check()) }
        return faults
    }

    /// An export that is not sound before, or after all faults were mended.
    package struct NotSound: Error { let report: CheckReport }
}
