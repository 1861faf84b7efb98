/// Which values of which events stand in columns of their own: what a map file says.
///
///     {"tables": [
///       {"name": "transfers", "model": "*", "type": "Transfer(address,address,uint256)", "onMisfit": "null", "columns": [
///         {"name": "token", "path": "model", "type": "bytes", "index": true},
///         {"name": "sender", "path": "$.args.from", "type": "bytes", "index": true},
///         {"name": "value", "path": "$.args.value", "type": "numeric"}]}]}
///
/// - `model` and `type` are those of the events, exactly as the store spells them, or `*` for any.
/// - `path` is a `JSONPath` into the payload, or `model` for the name of the event's model.
/// - A value that does not fit its column becomes null and is counted (`"onMisfit": "null"`, the default), or ends the export
///   (`"fail"`). A value that is not there, or is JSON's `null`, is null, and is no misfit.
/// - `index` makes an index over the rows that are not undone.
package struct TableMap: Sendable, Hashable {
    /// The tables, in the order of the file.
    package var tables: [MappedTable]
}

/// A table of a map.
package struct MappedTable: Sendable, Hashable {
    /// What becomes of a value that does not fit its column.
    package enum OnMisfit: String, Sendable, Hashable, CaseIterable {
        /// It becomes null and is counted.
        case null
        /// It ends the export.
        case fail
    }

    /// Its name.
    package var name: String
    /// The model of its events; nil is any.
    package var model: String?
    /// The type of its events; nil is any.
    package var type: String?
    /// What becomes of values that do not fit.
    package var onMisfit: OnMisfit
    /// Its own columns, which stand behind those that every table has.
    package var columns: [MappedColumn]

    /// Whether an event of this model and type has a row in it. Names are told apart byte by byte, as the log does.
    package func matches(model: String, type: String) -> Bool {
        (self.model ?? model).utf8.elementsEqual(model.utf8) && (self.type ?? type).utf8.elementsEqual(type.utf8)
    }
}

/// A column of a table of a map.
package struct MappedColumn: Sendable, Hashable {
    /// Where its values come from.
    package enum Source: Sendable, Hashable {
        /// The name of the event's model.
        case model
        /// A place in the payload.
        case path(JSONPath)
    }

    /// What it holds.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Bytes, from a text of hex digits in either case, with or without `0x`.
        case bytes
        /// An integer of at most 78 digits, from a number without point and exponent or a text of digits; exact.
        case numeric
        /// Text: a string, or a number, `true` or `false` as it is written. A string with U+0000 does not fit.
        case text
        /// An integer of 64 bits, from what `numeric` takes.
        case bigint
        /// A time, from an integer (see `Unit`) or a text as RFC 3339 has it; what is finer than a microsecond is cut off.
        case timestamp
        /// JSON, from any value that a column of JSON keeps (`PayloadClassifier`).
        case json
    }

    /// What an integer counts that is a time.
    package enum Unit: String, Sendable, Hashable, CaseIterable {
        /// Seconds since 1970 UTC, the default.
        case seconds
        /// Milliseconds since 1970 UTC.
        case milliseconds
        /// Microseconds since 1970 UTC.
        case microseconds
    }

    /// Its name.
    package var name: String
    /// Where its values come from.
    package var source: Source
    /// What it holds.
    package var kind: Kind
    /// For a time, what its integers count. It is given, not guessed: 10¹² is a likely time in two units.
    package var unit: Unit = .seconds
    /// Whether there is an index over it.
    package var isIndexed = false
}

extension MappedColumn.Kind {
    /// The type of the column in a database.
    var columnType: ColumnType {
        switch self {
        case .bytes: .bytes
        case .numeric: .numeric
        case .text: .text
        case .bigint: .integer
        case .timestamp: .timestamp
        case .json: .json
        }
    }
}

/// What is wrong with a map file, where, and what to do.
package struct TableMapError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file.
    package let file: String
    /// The line, counted from 1.
    package let line: Int
    /// The byte in the line, counted from 1.
    package let column: Int
    /// What is wrong and what to do.
    package let message: String

    package var description: String { "\(file): line \(line), byte \(column): \(message)" }
}
