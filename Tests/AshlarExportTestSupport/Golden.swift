package import Ashlar
package import AshlarExport
import AshlarTestSupport
import Foundation

/// A golden store, and the export of it by the last program of layout 1 of the SQL tables, as `Tests/Fixtures/sql-v1` keeps it.
package enum Golden: String, CaseIterable, Sendable {
    /// A reorganisation and blocks taken up again; exported with a map, a view per model and the state table of `CountedEvents`.
    case fork
    /// Floating events and payloads that are no JSON; in PostgreSQL in partitions of two heights.
    case everyKind = "every-kind"

    /// Heights in a partition of the export into PostgreSQL.
    package var partitionHeights: Int64? { self == .fork ? nil : 2 }

    /// The options of the export.
    package func options() throws -> ExportOptions {
        var options = ExportOptions()
        guard self == .fork else { return options }
        options.map = try TableMap(json: [UInt8](Self.file("sql-v1/map.json")).span.bytes, file: "map.json")
        options.viewsPerModel = true
        return options
    }

    /// The tables of states of the export.
    package func states() throws -> [StateTable] { self == .fork ? [try StateTable(CountedEvents())] : [] }

    /// The store, copied into a folder.
    package func store(in folder: String) throws -> Store {
        let path = folder + "/" + rawValue
        if !FileManager.default.fileExists(atPath: path) {
            try FileManager.default.copyItem(
                atPath: Self.repository.appendingPathComponent("format-spec/vectors/\(rawValue)/store").path,
                toPath: path)
        }
        return try Store.open(at: path)
    }

    /// The statements that make the target of layout 1; in PostgreSQL in a schema of this name.
    package func dump(_ dialect: SQLDialect, schema: String = "") throws -> String {
        let kind = dialect == .sqlite ? "sqlite" : "postgres"
        let text = String(decoding: try Self.file("sql-v1/\(rawValue).\(kind).sql"), as: UTF8.self)
        return text.replacingOccurrences(of: "golden_v1", with: quoted(schema))
    }

    private static var repository: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    private static func file(_ name: String) throws -> Data {
        try Data(contentsOf: repository.appendingPathComponent("Tests/Fixtures/" + name))
    }
}

/// What stands in a target's tables, row by row as text, whatever the order of their columns: of the tables that an export with these options
/// has, without the clock's part.
package func contents(
    of target: any ExportTarget, _ options: ExportOptions, _ states: [StateTable]
) throws(SQLFailure) -> [String] {
    let tables = options.tables(for: target.dialect, states: states).map(\.name)
    var lines: [String] = []
    for table in tables.sorted() {
        let columns = try target.columnNames(table).filter { $0 != "updated_at" }.sorted()
        lines.append("\(table) (\(columns.joined(separator: ",")))")
        guard !columns.isEmpty else { continue }
        let list = columns.map(quoted).joined(separator: ", ")
        let rows = try target.rows("SELECT \(list) FROM \(quoted(table))")
        lines += rows.map { "\(table) \($0)" }.sorted()
    }
    return lines
}
