import AshlarJSON

extension TableMap {
    /// Reads what a map file says. `file` is its name, for errors.
    package init(json: borrowing RawSpan, file: String) throws(TableMapError) {
        var reader = TableMapReader(copy json, file: file)
        self = try reader.map()
    }
}

/// Reads a map file, and checks all of it that can be checked without a database.
struct TableMapReader: ~Escapable {
    /// More tables than this are a mistake.
    static let maximumTables = 1_000
    /// PostgreSQL takes 1,600 columns, SQLite 2,000.
    static let maximumColumns = 500

    private let file: String
    private var json: JSONScanner
    var names = TableNames()

    @_lifetime(copy json)
    init(_ json: RawSpan, file: String) {
        self.file = file
        self.json = JSONScanner(json, maximumDepth: 16)
    }

    /// Reads the file.
    mutating func map() throws(TableMapError) -> TableMap {
        var tables: [MappedTable]?
        try object("the map", members: ["tables"]) { (reader, _, at) throws(TableMapError) in
            tables = try reader.list("tables", at, limit: Self.maximumTables) { (reader) throws(TableMapError) in
                try reader.table()
            }
        }
        do throws(JSONError) { try json.finish() } catch { throw failure(error) }
        return TableMap(tables: tables ?? [])
    }

    private mutating func table() throws(TableMapError) -> MappedTable {
        var table = MappedTable(name: "", model: nil, type: nil, onMisfit: .null, columns: [])
        var places: [String: Int] = [:]
        try object(
            "a table", members: ["name", "model", "type", "columns"], optional: ["onMisfit"]
        ) { (reader, member, at) throws(TableMapError) in
            places[member] = at
            switch member {
            case "name": table.name = try reader.text(member)
            case "model": table.model = try reader.text(member)
            case "type": table.type = try reader.text(member)
            case "onMisfit": table.onMisfit = try reader.choice(member)
            default:
                table.columns = try reader.list(member, at, limit: Self.maximumColumns) {
                    (reader) throws(TableMapError) in try reader.column()
                }
            }
        }
        if table.model == "*" { table.model = nil }
        if table.type == "*" { table.type = nil }
        try claim(at: places["name"] ?? 0) { (names) throws(TableNames.Problem) in try names.claim(table) }
        return table
    }

    private mutating func column() throws(TableMapError) -> MappedColumn {
        var column = MappedColumn(name: "", source: .model, kind: .json)
        var places: [String: Int] = [:]
        try object(
            "a column", members: ["name", "path", "type"], optional: ["unit", "index"]
        ) { (reader, member, at) throws(TableMapError) in
            places[member] = at
            switch member {
            case "name":
                column.name = try reader.text(member)
                try reader.claim(at: at) { (_) throws(TableNames.Problem) in try TableNames.check(column.name) }
            case "path": column.source = try reader.source(member, at)
            case "type": column.kind = try reader.choice(member)
            case "unit": column.unit = try reader.choice(member)
            default: column.isIndexed = try reader.flag(member)
            }
        }
        if let at = places["unit"], column.kind != .timestamp {
            throw failure(at, "only a column of type `timestamp` has a `unit`; remove it")
        }
        if let at = places["index"], column.isIndexed, column.kind == .json {
            throw failure(
                at, "a column of type `json` cannot have an index here; remove `index`, or give the value a type")
        }
        return column
    }

    private mutating func source(_ member: String, _ at: Int) throws(TableMapError) -> MappedColumn.Source {
        let text = try text(member)
        guard text != "model" else { return .model }
        do throws(JSONPath.Problem) {
            return .path(try JSONPath(text))
        } catch {
            throw failure(at, "`\(text)` is no path: \(error.message)")
        }
    }

    private mutating func claim(
        at: Int, _ body: (inout TableNames) throws(TableNames.Problem) -> Void
    ) throws(TableMapError) {
        do throws(TableNames.Problem) { try body(&names) } catch { throw failure(at, error.message) }
    }
}

extension TableMapReader {
    /// Reads an object that must have some members, may have others, and no more.
    private mutating func object(
        _ what: String, members: [String], optional: [String] = [],
        _ body: (inout TableMapReader, String, Int) throws(TableMapError) -> Void
    ) throws(TableMapError) {
        let start: Int
        do throws(JSONError) {
            _ = try json.peek()
            start = json.position
            try json.openObject(what)
        } catch { throw failure(error) }
        var seen: Set<String> = []
        var isFirst = true
        while let (name, at) = try nextMember(&isFirst) {
            guard (members + optional).contains(name) else {
                let known = (members + optional).map { "`\($0)`" }.joined(separator: ", ")
                throw failure(at, "\(what) has no `\(name)`; its members are \(known)")
            }
            guard seen.insert(name).inserted else { throw failure(at, "`\(name)` stands here twice; remove one") }
            try body(&self, name, at)
        }
        for name in members where !seen.contains(name) { throw failure(start, "\(what) must have `\(name)`; add it") }
    }

    private mutating func nextMember(_ isFirst: inout Bool) throws(TableMapError) -> (String, Int)? {
        do throws(JSONError) {
            guard let key = try json.nextKey(&isFirst) else { return nil }
            return (try json.text(key), key.range.lowerBound - 1)
        } catch { throw failure(error) }
    }

    private mutating func list<Item>(
        _ member: String, _ at: Int, limit: Int, _ item: (inout TableMapReader) throws(TableMapError) -> Item
    ) throws(TableMapError) -> [Item] {
        var items: [Item] = []
        do throws(JSONError) { try json.openArray(member) } catch { throw failure(error) }
        var isFirst = true
        while try nextElement(&isFirst) {
            guard items.count < limit else { throw failure(at, "`\(member)` has more than \(limit); leave some out") }
            items.append(try item(&self))
        }
        guard !items.isEmpty else { throw failure(at, "`\(member)` is empty; give it at least one") }
        return items
    }

    private mutating func nextElement(_ isFirst: inout Bool) throws(TableMapError) -> Bool {
        do throws(JSONError) { return try json.nextElement(&isFirst) } catch { throw failure(error) }
    }

    private mutating func text(_ member: String) throws(TableMapError) -> String {
        do throws(JSONError) { return try json.text(try json.string(member)) } catch { throw failure(error) }
    }

    private mutating func flag(_ member: String) throws(TableMapError) -> Bool {
        let range: Range<Int>
        do throws(JSONError) { range = try json.skipValue() } catch { throw failure(error) }
        switch json.byte(range.lowerBound) {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: throw failure(range.lowerBound, "`\(member)` must be true or false")
        }
    }

    private mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ member: String
    ) throws(TableMapError) -> Choice where Choice.RawValue == String {
        let text = try text(member)
        if let choice = Choice(rawValue: text) { return choice }
        let known = Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        throw failure(json.position - text.utf8.count - 1, "`\(member)` must be one of \(known), not `\(text)`")
    }

    private func failure(_ error: JSONError) -> TableMapError {
        switch error {
        case .cutOff(let at): failure(at, "the file ends in the middle of a value; it was cut off")
        case .malformed(let at, let problem): failure(at, "not valid JSON: \(problem)")
        case .wrongType(let at, let field, let expected): failure(at, "`\(field)` must be \(expected)")
        case .outOfRange(let at, let field, let allowed):
            failure(at, "`\(field)` must be from \(allowed.lowerBound) to \(allowed.upperBound)")
        }
    }

    private func failure(_ offset: Int, _ message: String) -> TableMapError {
        var (line, start) = (1, 0)
        for index in 0..<min(offset, json.end) where json.byte(index) == UInt8(ascii: "\n") {
            (line, start) = (line + 1, index + 1)
        }
        return TableMapError(file: file, line: line, column: offset - start + 1, message: message)
    }
}
