import Ashlar
import AshlarExport

/// The table that says which tables of a database an export made, and of what store. EasyLayer's own software does not look at it.
///
/// It is written in the transaction that writes everything else, or, for a file, before the file gets its name: where it is, the export is whole.
enum EasyLayerSeal {
    /// Its name, which no model may have.
    static let table = "_ashlar_export"
    /// What `item` `format` says.
    static let format = "easylayer 1"
    /// What stands in the header of an SQLite file that an export writes, from its first write on: "AshE".
    static let applicationID: UInt32 = 0x4173_6845

    /// Creates the table and fills it.
    static func write(
        to connection: any SQLConnection, store: Store, _ report: EasyLayerExportReport
    ) throws(SQLFailure) {
        let key = connection.dialect == .postgres ? "CONSTRAINT \"PK_\(table)\" PRIMARY KEY" : "PRIMARY KEY NOT NULL"
        try connection.execute("CREATE TABLE \"\(table)\" (\"item\" text \(key), \"value\" text NOT NULL)")
        var items = [("format", format), ("store", "\(store.id)"), ("sequence", "\(report.sequence)")]
        for name in EasyLayerNames.ownTables { items.append(("table \(name)", "")) }
        for table in report.tables { items.append(("table \(table.name)", "\(table.sum.rows) rows")) }
        for (item, value) in items {
            try connection.run("INSERT INTO \"\(table)\" VALUES ($1, $2)", [.text(item), .text(value)])
        }
    }

    /// Whether a file's first bytes are those of an SQLite file that an export writes.
    static func isOurs(fileHeader bytes: [UInt8]) -> Bool {
        guard bytes.count >= 100, bytes.starts(with: Array("SQLite format 3".utf8)) else { return false }
        return bytes[68..<72].elementsEqual((0..<4).map { UInt8(truncatingIfNeeded: applicationID >> (24 - 8 * $0)) })
    }
}

/// What a target holds before an export.
struct EasyLayerTargetContents: Sendable, Hashable {
    /// What an earlier export made: its tables; nil if there is none.
    private(set) var tables: [String]?
    /// The store and the sequence of that export, for messages.
    private(set) var origin = ""
    /// Tables and views of somebody else, in the order of their names.
    private(set) var others: [String] = []

    /// Looks at a database, in PostgreSQL at one schema of it.
    init(of connection: any SQLConnection) throws(SQLFailure) {
        var found: Set<String> = []
        for row in try connection.rows(Self.statement(connection.dialect)) {
            if let name = row.first?.text { found.insert(name) }
        }
        if found.contains(EasyLayerSeal.table) { try readSeal(connection) }
        others = found.subtracting(tables ?? []).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        // What was dropped since is not to be dropped again.
        tables = tables?.filter(found.contains)
    }

    private mutating func readSeal(_ connection: any SQLConnection) throws(SQLFailure) {
        let columns = Set(try connection.rows(Self.columns(connection.dialect)).compactMap { $0.first?.text })
        guard columns == ["item", "value"] else { return }
        var items: [String: String] = [:]
        for row in try connection.rows("SELECT \"item\", \"value\" FROM \"\(EasyLayerSeal.table)\"") {
            if row.count == 2, let item = row[0].text, let value = row[1].text { items[item] = value }
        }
        guard items["format"] == EasyLayerSeal.format else { return }
        origin = "store \(items["store"] ?? "?") up to sequence \(items["sequence"] ?? "?")"
        tables = items.keys.filter { $0.hasPrefix("table ") }.map { String($0.dropFirst("table ".count)) }.sorted()
    }

    private static func statement(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite:
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND substr(name, 1, 7) <> 'sqlite_'"
        case .postgres:
            """
            SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'p', 'f', 'v', 'm')
            AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
            """
        }
    }

    private static func columns(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite: "SELECT name FROM pragma_table_info('\(EasyLayerSeal.table)')"
        case .postgres:
            """
            SELECT column_name::text FROM information_schema.columns
            WHERE table_schema = current_schema() AND table_name = '\(EasyLayerSeal.table)'
            """
        }
    }

    /// Refuses a target that an export must not write to.
    func check(name: String, replaces: Bool) throws(EasyLayerExportError) {
        guard others.isEmpty else {
            let shown = others.prefix(5).map(\.debugDescription).joined(separator: ", ")
            let more = others.count > 5 ? " and \(others.count - 5) more" : ""
            throw .refused(
                code: "foreignTables",
                "\(name) has tables that no export made: \(shown)\(more); give an empty place for the export")
        }
        guard tables == nil || replaces else {
            throw .refused(
                code: "alreadyExported",
                "\(name) has an export of \(origin) already; `--replace` drops it and writes it anew")
        }
    }
}
