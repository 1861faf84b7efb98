package import Ashlar

/// The table of a model's state: `state_` and of the model's name what needs no quotation marks in SQL.
package struct StateTable: Sendable {
    /// The model.
    package let model: any TabularModel
    /// The table: the columns of the key in front.
    package let table: Table

    /// The table of a model.
    ///
    /// Throws `refused` (`badStateTable`) for columns that no table can have.
    package init(_ model: any TabularModel) throws(ExportError) {
        self.model = model
        let name = "state_" + plainName(model.name, bytes: 40)
        let columns = model.keyColumns + model.valueColumns
        try Self.check(model, columns)
        table = Table(
            name, columns.map { Column($0.name, $0.kind.columnType, optional: $0.isOptional) },
            key: model.keyColumns.map(\.name),
            indexes: columns.enumerated().filter(\.element.isIndexed).map { place, column in
                TableIndex("\(name)_\(place)", [column.name])
            })
    }

    private static func check(_ model: any TabularModel, _ columns: [StateColumn]) throws(ExportError) {
        func refused(_ why: String) -> ExportError {
            .refused(code: "badStateTable", message: "the model \(model.name) cannot have a table: \(why)")
        }
        guard !model.keyColumns.isEmpty, !model.keyColumns.contains(where: \.isOptional) else {
            throw refused("a key has at least one column, and none that is optional")
        }
        var names: Set<String> = []
        for column in columns {
            do throws(TableNames.Problem) { try TableNames.checkColumn(column.name) } catch {
                throw refused(error.message)
            }
            guard names.insert(column.name.lowercased()).inserted else {
                throw refused("it has two columns `\(column.name)`")
            }
        }
    }

    /// Refuses models whose tables would have one name.
    static func check(_ tables: [StateTable]) throws(ExportError) {
        var models: [String: String] = [:]
        for state in tables {
            guard let other = models.updateValue(state.model.name, forKey: state.table.name) else { continue }
            throw .refused(
                code: "badStateTable",
                message: "the models \(other) and \(state.model.name) would both have the table \(state.table.name)")
        }
    }

    /// What its rows are made by, as text in the target: the model, the number of the way it folds, and the columns.
    var definition: String {
        let columns = table.columns.map { "\($0.name) \($0.type.word)\($0.isOptional ? "?" : "")" }
        return "\(quoted(model.name)) \(model.schemaVersion) (\(columns.joined(separator: ",")))"
    }
}

extension ColumnType {
    /// A word for it that stays the same.
    fileprivate var word: String {
        switch self {
        case .integer: "integer"
        case .text: "text"
        case .bytes: "bytes"
        case .json: "json"
        case .timestamp: "timestamp"
        case .numeric: "numeric"
        case .integer32: "integer32"
        case .boolean: "boolean"
        }
    }
}

/// What of a name needs no quotation marks in SQL, in lower case: everything else becomes `_`.
func plainName(_ name: String, bytes: Int) -> String {
    String(
        name.utf8.prefix(bytes).map { byte in
            let isPlain =
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            return isPlain ? Character(Unicode.Scalar(byte | (byte < 0x40 ? 0 : 0x20))) : "_"
        })
}

extension StateColumn.Kind {
    /// The same as a column of a database.
    var columnType: ColumnType {
        switch self {
        case .integer: .integer
        case .text: .text
        case .bytes: .bytes
        case .numeric: .numeric
        }
    }
}
