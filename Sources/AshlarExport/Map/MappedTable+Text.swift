import AshlarJSON

// The canonical text of a table of a map: what two maps are compared by, whatever file, program or compiler they come from. It is what a map
// file would say of the table, with each member that matters, in one order, without white space; format-spec/sql.md describes it.

extension MappedTable {
    /// The table as a map file says it, always in the same bytes for the same meaning.
    package var canonicalText: String {
        let columns = columns.map { $0.canonicalText }.joined(separator: ",")
        return "{\"name\":\(Self.json(name)),\"model\":\(Self.json(model ?? "*")),\"type\":\(Self.json(type ?? "*")),"
            + "\"onMisfit\":\"\(onMisfit.rawValue)\",\"columns\":[\(columns)]}"
    }

    /// The table that such a text stands for; nil if it is none.
    init?(canonicalText text: String) {
        let file = Array("{\"tables\":[\(text)]}".utf8)
        guard let map = try? TableMap(json: file.span.bytes, file: "ashlar_tables"), let table = map.tables.first,
            map.tables.count == 1
        else { return nil }
        self = table
    }

    /// A text as JSON has it: only what must be escaped is.
    static func json(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json.unicodeScalars.append(contentsOf: "\\\"".unicodeScalars)
            case "\\": json.unicodeScalars.append(contentsOf: "\\\\".unicodeScalars)
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                json.unicodeScalars.append(contentsOf: "\\u00\(digits.count < 2 ? "0" : "")\(digits)".unicodeScalars)
            default: json.unicodeScalars.append(scalar)
            }
        }
        json.unicodeScalars.append("\"")
        return json
    }
}

extension MappedColumn {
    /// The column as a map file says it.
    fileprivate var canonicalText: String {
        let path =
            switch source {
            case .model: "model"
            case .path(let path): path.canonicalText
            }
        return "{\"name\":\(MappedTable.json(name)),\"path\":\(MappedTable.json(path)),\"type\":\"\(kind.rawValue)\""
            + (kind == .timestamp ? ",\"unit\":\"\(unit.rawValue)\"" : "") + (isIndexed ? ",\"index\":true" : "") + "}"
    }
}

extension JSONPath {
    /// The path as text: `.name` where that can be read back, else `['name']`, else `["name"]`.
    package var canonicalText: String {
        var text: [UInt8] = [UInt8(ascii: "$")]
        for step in steps {
            switch step {
            case .element(let index): text += Array("[\(index)]".utf8)
            case .member(let name):
                let isPlain = !name.isEmpty && !name.contains(UInt8(ascii: ".")) && !name.contains(UInt8(ascii: "["))
                let quote = UInt8(ascii: name.contains(UInt8(ascii: "'")) ? "\"" : "'")
                text +=
                    isPlain ? [UInt8(ascii: ".")] + name : Array("[".utf8) + [quote] + name + [quote] + Array("]".utf8)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
