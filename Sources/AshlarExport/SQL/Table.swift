/// What a column holds, whatever the database calls it.
package enum ColumnType: Sendable, Hashable {
    /// A signed 64-bit integer: `INTEGER`, `bigint`.
    case integer
    /// Text: `TEXT`, `text`.
    case text
    /// Bytes: `BLOB`, `bytea`.
    case bytes
    /// JSON: `TEXT`, `jsonb`.
    case json
    /// Microseconds since 1970 UTC: `INTEGER`, `timestamptz`.
    case timestamp
    /// An exact integer of at most 78 digits: `TEXT` that sorts as the numbers do (`NumericText`), or `numeric(78,0)`.
    case numeric
    /// A signed 32-bit integer where the database has such: `INTEGER`, `integer`.
    case integer32
    /// 0 or 1: `INTEGER`, `boolean`.
    case boolean
}

/// A column of a table.
package struct Column: Sendable, Hashable {
    /// Its name, unquoted.
    package var name: String
    /// What it holds.
    package var type: ColumnType
    /// Whether it may be without a value.
    package var isOptional: Bool

    /// A column that always has a value, or need not.
    package init(_ name: String, _ type: ColumnType, optional: Bool = false) {
        self.name = name
        self.type = type
        isOptional = optional
    }
}

/// An index of a table.
package struct TableIndex: Sendable, Hashable {
    /// Its name, unquoted.
    package var name: String
    /// The columns, unquoted, in order.
    package var columns: [String]
    /// Whether two rows may not have the same values.
    package var isUnique: Bool
    /// A condition in SQL that both databases understand; only rows that meet it are in the index.
    package var condition: String?

    /// An index over some columns.
    package init(_ name: String, _ columns: [String], unique: Bool = false, where condition: String? = nil) {
        self.name = name
        self.columns = columns
        isUnique = unique
        self.condition = condition
    }
}

/// A table that an exporter fills.
package struct Table: Sendable, Hashable {
    /// Its name, unquoted.
    package var name: String
    /// Its columns, in the order of a `RowBuffer`'s cells.
    package var columns: [Column]
    /// The columns of its primary key.
    package var key: [String]
    /// Conditions in SQL that both databases understand.
    package var checks: [String]
    /// Its other indexes, which a first load makes after the rows.
    package var indexes: [TableIndex]

    /// A table.
    package init(
        _ name: String, _ columns: [Column], key: [String], checks: [String] = [], indexes: [TableIndex] = []
    ) {
        self.name = name
        self.columns = columns
        self.key = key
        self.checks = checks
        self.indexes = indexes
    }
}

/// A name as it stands in SQL: in quotation marks, those in it doubled. Both databases read it so.
package func quoted(_ name: String) -> String {
    // By scalar: with a combining mark behind it, a quotation mark is a character of its own to Swift, and none of its own to a database.
    var text = String.UnicodeScalarView("\"".unicodeScalars)
    for scalar in name.unicodeScalars {
        if scalar == "\"" { text.append(scalar) }
        text.append(scalar)
    }
    text.append("\"")
    return String(text)
}
