/// The names that tables of a map take in a database: they must fit, and must not meet each other or those of the exporter.
struct TableNames {
    /// What is wrong with a name.
    struct Problem: Error {
        /// What is wrong, and what to do.
        let message: String
    }

    /// PostgreSQL cuts longer names off, so that two of them could become one.
    static let maximumBytes = 63
    /// The columns that stand in every table, in front of its own.
    static let commonColumns = ["sequence", "ordinal", "height", "time", "undone_by"]

    private static let reserved: Set<String> = [
        "blocks", "events", "rollbacks", "models", "types", "snapshots", "tip", "reorgs",
    ]
    /// PostgreSQL keeps these for itself.
    private static let systemColumns: Set<String> = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"]
    private static let reservedPrefixes = ["ashlar_", "canonical_", "state_", "sqlite_", "pg_"]

    /// Names in use, in lower case: SQLite makes no difference.
    private var taken: Set<String> = []

    /// The view of a table's rows that are not undone.
    static func view(_ table: String) -> String { "canonical_" + table }

    /// The index over some columns of a table.
    static func index(_ table: String, _ column: String) -> String { "\(table)_\(column)" }

    /// Checks that a name needs no care: letters, digits and `_`.
    static func check(_ name: String) throws(Problem) {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, let first = name.utf8.first, first &- UInt8(ascii: "0") > 9 else {
            throw Problem(message: "`\(name)` is no name; use letters, digits and `_`, and no digit in front")
        }
        guard name.utf8.count <= maximumBytes else {
            throw Problem(message: "the name `\(name)` has more than \(maximumBytes) bytes; shorten it")
        }
    }

    /// Checks the name of a column in a table that has no others of ours.
    static func checkColumn(_ name: String) throws(Problem) {
        try check(name)
        guard !systemColumns.contains(name.lowercased()) else {
            throw Problem(message: "PostgreSQL keeps the name `\(name)` for itself; choose another")
        }
    }

    /// Takes all names that a table needs.
    mutating func claim(_ table: MappedTable) throws(Problem) {
        try Self.check(table.name)
        let name = table.name.lowercased()
        guard !Self.reserved.contains(name), !Self.reservedPrefixes.contains(where: { name.hasPrefix($0) }) else {
            throw Problem(message: "the name `\(table.name)` belongs to the exporter; choose another")
        }
        try take(table.name)
        try take(Self.view(table.name))
        try take(Self.index(table.name, "height"))
        var columns = Set(Self.commonColumns)
        for column in table.columns {
            guard !Self.systemColumns.contains(column.name.lowercased()) else {
                throw Problem(message: "PostgreSQL keeps the name `\(column.name)` for itself; choose another")
            }
            guard columns.insert(column.name.lowercased()).inserted else {
                let isCommon = Self.commonColumns.contains(column.name.lowercased())
                let why = isCommon ? "which every table has already" : "twice"
                throw Problem(message: "`\(table.name)` has a column `\(column.name)` \(why); choose another name")
            }
            if column.isIndexed { try take(Self.index(table.name, column.name)) }
        }
    }

    private mutating func take(_ name: String) throws(Problem) {
        guard name.utf8.count <= Self.maximumBytes else {
            throw Problem(
                message: "`\(name)`, which is needed, too, has more than \(Self.maximumBytes) bytes; use shorter names")
        }
        guard taken.insert(name.lowercased()).inserted else {
            throw Problem(message: "the name `\(name)` is needed twice, by tables or their indexes; choose another")
        }
    }
}
