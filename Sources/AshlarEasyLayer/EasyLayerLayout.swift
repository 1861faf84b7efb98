package import AshlarExport

/// Which tables of EasyLayer's layout a database has.
///
/// A model's table is known by its columns, whatever its name; tables of other kinds are left alone.
package struct EasyLayerLayout: Sendable, Hashable {
    /// The models, which are the names of their tables, in the order of their bytes.
    package var models: [String]
    /// Whether there is a table `snapshots`.
    package var hasSnapshots: Bool
    /// Whether there is a table `outbox`.
    package var hasOutbox: Bool

    /// The columns of a model's table.
    static let modelColumns: Set<String> = [
        "id", "version", "requestId", "type", "payload", "blockHeight", "isCompressed", "timestamp",
    ]
    /// The columns of `snapshots`.
    static let snapshotColumns: Set<String> = [
        "aggregateId", "blockHeight", "version", "payload", "isCompressed", "createdAt",
    ]
    /// The columns of `outbox`.
    static let outboxColumns: Set<String> = [
        "id", "aggregateId", "eventType", "eventVersion", "requestId", "blockHeight", "payload", "timestamp",
        "isCompressed", "uncompressedBytes",
    ]

    /// Looks at the tables of a database.
    ///
    /// Throws `layout` if a table named `snapshots` or `outbox` misses a column, or a model's table has a name that no model may have.
    package init(of connection: any SQLConnection) throws(EasyLayerError) {
        self.init()
        var columns: [String: Set<String>] = [:]
        try reading { () throws(SQLFailure) in
            try connection.query(Self.statement(connection.dialect), []) { (row) throws(SQLFailure) in
                guard row.count == 2, let table = row[0].text, let column = row[1].text else { return }
                columns[table, default: []].insert(column)
            }
        }
        for (table, columns) in columns.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            try take(table, columns)
        }
    }

    private init() {
        models = []
        hasSnapshots = false
        hasOutbox = false
    }

    private mutating func take(_ table: String, _ columns: Set<String>) throws(EasyLayerError) {
        switch table {
        case "snapshots":
            try Self.require(Self.snapshotColumns, in: columns, of: table)
            hasSnapshots = true
        case "outbox":
            try Self.require(Self.outboxColumns, in: columns, of: table)
            hasOutbox = true
        default:
            guard columns.isSuperset(of: Self.modelColumns) else { return }
            guard Self.isModelName(table) else {
                throw .layout("a table has a model's columns, but not a model's name: \(table.debugDescription)")
            }
            models.append(table)
        }
    }

    private static func require(
        _ wanted: Set<String>, in columns: Set<String>, of table: String
    ) throws(EasyLayerError) {
        let missing = wanted.subtracting(columns).sorted()
        guard missing.isEmpty else {
            throw .layout("the table `\(table)` misses the columns \(missing.joined(separator: ", "))")
        }
    }

    /// Whether a model may have this name: a letter, then letters, digits, `_` and `-`, 60 characters at most.
    package static func isModelName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first), name.utf8.count <= 60 else { return false }
        return name.utf8.allSatisfy { byte in
            isLetter(byte) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: "-")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    /// Gives a row for each column of each table: the names of table and column.
    private static func statement(_ dialect: SQLDialect) -> String {
        switch dialect {
        case .sqlite:
            """
            SELECT t.name, c.name FROM sqlite_master AS t JOIN pragma_table_info(t.name) AS c
            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'
            """
        case .postgres:
            """
            SELECT c.table_name::text, c.column_name::text FROM information_schema.columns AS c
            JOIN information_schema.tables AS t USING (table_schema, table_name)
            WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'
            """
        }
    }
}
