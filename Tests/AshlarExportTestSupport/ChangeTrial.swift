package import Ashlar
package import AshlarExport
import AshlarTestSupport

/// What the tests of changed maps and states do to a target of either database.
package struct ChangeTrial {
    /// The log that is exported: forks, blocks taken up again, floating events.
    package let store: Store

    /// Makes a store of so many random steps in a folder.
    package init(in folder: String, seed: UInt64, steps: Int) throws {
        var writer = try Writer.open(at: folder + "/store", options: Samples.options { $0.segmentBytes = 16 << 10 })
        var storm = StormChain(seed: seed)
        for _ in 0..<steps { try storm.step(&writer) }
        try writer.close()
        store = try Store.open(at: folder + "/store")
    }

    /// What a target is to have.
    package struct Wanted: Sendable {
        /// Tables of the map, as a map file says them; none for no map.
        package var tables: [String]
        /// Whether there is a table of states.
        package var hasStates: Bool

        package init(_ tables: [String], states: Bool = false) {
            self.tables = tables
            hasStates = states
        }

        func options() throws -> ExportOptions {
            var options = ExportOptions()
            options.batchEvents = 50
            guard !tables.isEmpty else { return options }
            let json = Array("{\"tables\":[\(tables.joined(separator: ","))]}".utf8)
            options.map = try TableMap(json: json.span.bytes, file: "map")
            return options
        }

        func states() throws -> [StateTable] { hasStates ? [try StateTable(CountedEvents())] : [] }
    }

    /// A table of a map with these columns.
    package static func table(
        _ name: String, model: String = "*", type: String = "*", onMisfit: String = "null", _ columns: String...
    ) -> String {
        "{\"name\":\"\(name)\",\"model\":\"\(model)\",\"type\":\"\(type)\",\"onMisfit\":\"\(onMisfit)\","
            + "\"columns\":[\(columns.joined(separator: ","))]}"
    }

    /// A column of a table of a map.
    package static func column(_ name: String, _ path: String, _ type: String, index: Bool = false) -> String {
        "{\"name\":\"\(name)\",\"path\":\"\(path)\",\"type\":\"\(type)\"\(index ? ",\"index\":true" : "")}"
    }

    /// One change after the other: columns and indexes that come, change and go, tables, and states.
    package static let course: [Wanted] = [
        Wanted([]),
        Wanted([table("t", column("n", "$.n", "numeric"), column("text", "$.text", "text"))]),
        // An index that comes.
        Wanted([table("t", column("n", "$.n", "numeric", index: true), column("text", "$.text", "text"))]),
        // A column in the middle, and a table of states.
        Wanted(
            [
                table(
                    "t", column("n", "$.n", "numeric", index: true), column("whole", "$", "json"),
                    column("text", "$.text", "text"))
            ], states: true),
        // Another type under the old name, and another path.
        Wanted(
            [table("t", column("n", "$.n", "text"), column("whole", "$.b", "json"), column("text", "$.text", "text"))],
            states: true),
        // A second table, and one column less.
        Wanted(
            [
                table("t", column("n", "$.n", "text", index: true), column("text", "$.text", "text")),
                table("second", type: "type.1", column("source", "model", "text", index: true)),
            ], states: true),
        // Other events in the table, and the states gone.
        Wanted([
            table("t", model: "model 2", column("n", "$.n", "text", index: true), column("text", "$.text", "text")),
            table("second", type: "type.1", column("source", "model", "text", index: true)),
        ]),
        Wanted([table("second", type: "type.1", column("source", "model", "text", index: true))], states: true),
        Wanted([]),
    ]

    /// Exports into a target what is wanted.
    @discardableResult
    package func export(
        _ wanted: Wanted, into target: any ExportTarget, _ change: (inout ExportOptions) -> Void = { _ in },
        shouldStop: @escaping @Sendable () -> Bool = { false }, report: @escaping (ExportProgress) -> Void = { _ in }
    ) throws -> ExportProgress {
        var options = try wanted.options()
        change(&options)
        return try Exporter(
            store, into: target, options: options, states: try wanted.states(), shouldStop: shouldStop, report: report
        ).run()
    }

    /// Compares a target with the log.
    package func check(_ wanted: Wanted, _ target: any ExportTarget) throws -> CheckReport {
        var check = try ExportCheck(store, target, try wanted.options(), states: try wanted.states())
        return try check.run()
    }

    /// What stands in a target.
    package func contents(_ wanted: Wanted, _ target: any ExportTarget) throws -> [String] {
        try AshlarExportTestSupport.contents(of: target, try wanted.options(), try wanted.states())
    }
}
