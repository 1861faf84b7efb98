import AshlarExport

extension EasyLayerFiles {
    /// About how many bytes the payloads of a page have together: the next row after that many is left to the next page.
    static let pageBytes = 1 << 20

    /// Some rows of a model in one file that count and stand in no earlier file.
    ///
    /// The condition and the order are SQL, the parameters those of the condition. Whatever the payloads inflate to, a page holds
    /// `pageBytes` and one row, so that many rows of large payloads take no more memory than few.
    func page(
        _ model: String, in file: Int, where condition: String, _ parameters: [SQLValue], order: String,
        size: inout EasyLayerPageSize
    ) throws(EasyLayerError) -> EasyLayerPage {
        let source = files[file]
        guard source.layout.models.contains(model) else { return EasyLayerPage() }
        let sql = """
            SELECT \(EasyLayerRow.columns(source.connection.dialect)) FROM \(quoted(model))
            WHERE \(source.condition) AND \(condition) ORDER BY \(order) LIMIT \(size.rows)
            """
        var page = EasyLayerPage()
        var bytes = 0
        // What a row is wrong with cannot go through the database's own errors; it waits here for the end of the query.
        var problem: EasyLayerError?
        do throws(SQLFailure) {
            try source.connection.query(sql, parameters) { (values) throws(SQLFailure) in
                guard bytes < Self.pageBytes else {
                    page.isWhole = false
                    throw .endOfPage
                }
                do throws(EasyLayerError) {
                    let row = try EasyLayerRow(values, of: model, payloads)
                    if try !isRepeated(row, of: model, file: file) { page.rows.append(row) }
                    page.last = (row.height, row.id)
                    page.count += 1
                    bytes += row.payload.count
                } catch {
                    problem = error
                    throw .endOfPage
                }
            }
        } catch {
            if let problem { throw problem }
            guard error == .endOfPage else { throw .database(error) }
        }
        if page.count == size.rows { page.isWhole = false }
        size.adapt(to: page.count, bytes)
        return page
    }

    /// Whether an earlier file has the row.
    private func isRepeated(_ row: EasyLayerRow, of model: String, file: Int) throws(EasyLayerError) -> Bool {
        for earlier in files[..<file] where earlier.layout.models.contains(model) {
            if try earlier.id(of: model, version: row.version, requestID: row.requestID) != nil { return true }
        }
        return false
    }

    /// The row with a version and a request id that counts; nil if there is none.
    func row(
        _ model: String, version: Int64, requestID: String?
    ) throws(EasyLayerError) -> (row: EasyLayerRow, file: Int)? {
        for (index, file) in files.enumerated() where file.layout.models.contains(model) {
            guard let id = try file.id(of: model, version: version, requestID: requestID) else { continue }
            var size = EasyLayerPageSize()
            let page = try page(
                model, in: index, where: "\"id\" = CAST($1 AS bigint)", [.integer(id)], order: "\"id\"", size: &size)
            return page.rows.first.map { ($0, index) }
        }
        return nil
    }

    /// Which versions from 1 on up to `last` the rows of a model that count have, as ranges in ascending order that do not touch.
    ///
    /// Complexity: O(rows up to that version); holds a range for each hole.
    func versions(_ model: String, in wanted: ClosedRange<Int64>) throws(EasyLayerError) -> [ClosedRange<Int64>] {
        var ranges: [ClosedRange<Int64>] = []
        for file in files where file.layout.models.contains(model) {
            let sql = """
                SELECT DISTINCT "version" FROM \(quoted(model)) WHERE \(file.condition)
                AND "version" BETWEEN CAST($1 AS bigint) AND CAST($2 AS bigint) ORDER BY 1
                """
            let bounds = [SQLValue.integer(wanted.lowerBound), .integer(wanted.upperBound)]
            var found: [ClosedRange<Int64>] = []
            try reading { () throws(SQLFailure) in
                try file.connection.query(sql, bounds) { row in
                    if let version = row.first?.integer { found.extend(by: version...version) }
                }
            }
            ranges += found
        }
        var merged: [ClosedRange<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) { merged.extend(by: range) }
        return merged
    }

    /// Whether a model has rows in a file that count and meet a condition.
    func hasRows(_ model: String, in file: Int, where condition: String) throws(EasyLayerError) -> Bool {
        let source = files[file]
        guard source.layout.models.contains(model) else { return false }
        let sql = "SELECT 1 FROM \(quoted(model)) WHERE \(source.condition) AND \(condition) LIMIT 1"
        return try reading { () throws(SQLFailure) in try source.connection.value(sql) } != nil
    }

    /// The lowest value of some SQL over the rows of a model that count and meet a condition; nil if there are none.
    func lowest(
        _ value: String, of model: String, where condition: String, _ parameters: [SQLValue] = []
    ) throws(EasyLayerError) -> Int64? {
        var lowest: Int64?
        for file in files.indices {
            let found = try self.lowest(value, of: model, in: file, where: condition, parameters)
            if let found { lowest = min(lowest ?? found, found) }
        }
        return lowest
    }

    /// The same in one file.
    func lowest(
        _ value: String, of model: String, in file: Int, where condition: String, _ parameters: [SQLValue]
    ) throws(EasyLayerError) -> Int64? {
        let source = files[file]
        guard source.layout.models.contains(model) else { return nil }
        let sql = "SELECT min(\(value)) FROM \(quoted(model)) WHERE \(source.condition) AND \(condition)"
        let value = try reading { () throws(SQLFailure) in try source.connection.value(sql, parameters) }
        // What is no integer is below all that are, so that whoever looks there meets the row and names it.
        return value.map { $0.integer ?? .min }
    }
}

extension EasyLayerFile {
    /// The id of the row with a version and a request id that counts; nil if there is none.
    fileprivate func id(of model: String, version: Int64, requestID: String?) throws(EasyLayerError) -> Int64? {
        let request = #"CAST("requestId" AS text)"#
        let same = requestID != nil ? "\(request) = $2" : "COALESCE(\(request), '') = ''"
        let sql = """
            SELECT min("id") FROM \(quoted(model)) WHERE "version" = CAST($1 AS bigint) AND \(same) AND \(condition)
            """
        let parameters = [SQLValue.integer(version)] + (requestID.map { [.text($0)] } ?? [])
        return try reading { () throws(SQLFailure) in try connection.value(sql, parameters)?.integer }
    }
}

extension [ClosedRange<Int64>] {
    /// Takes in a range that begins no lower than the last one.
    fileprivate mutating func extend(by range: ClosedRange<Int64>) {
        guard let last, range.lowerBound <= last.upperBound || range.lowerBound == last.upperBound + 1 else {
            return append(range)
        }
        self[count - 1] = last.lowerBound...Swift.max(last.upperBound, range.upperBound)
    }
}

extension SQLFailure {
    /// Ends a query whose other rows are not wanted now; nobody sees it.
    fileprivate static let endOfPage = SQLFailure(.other, code: "", message: "the page is full")
}

/// How many rows are asked for at a time: what fits into a page, as far as the last pages tell.
///
/// A server sends all rows it was asked for, wanted or not. The same pages in the same order give the same sizes.
struct EasyLayerPageSize {
    /// Number of rows to ask for.
    private(set) var rows = 64

    /// Takes in how many rows of how many bytes the last page had.
    mutating func adapt(to count: Int, _ bytes: Int) {
        guard count > 0 else { return }
        let fitting = EasyLayerFiles.pageBytes / max(bytes / count, 1)
        rows = min(max(fitting, 1), rows * 4, 4_096)
    }
}

/// Some rows in the order asked for.
struct EasyLayerPage {
    /// The rows that count.
    var rows: [EasyLayerRow] = []
    /// Height and id of the last row looked at, whether it counts or not.
    var last: (height: Int64?, id: Int64)?
    /// Number of rows looked at, whether they count or not.
    var count = 0
    /// Whether nothing comes behind it.
    var isWhole = true
}
