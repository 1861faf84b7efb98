package import AshlarExport
import AshlarStorage

/// One database of a source, with what of it counts.
package struct EasyLayerFile {
    /// What messages call it.
    package let name: String
    /// The connection to it.
    package let connection: any SQLConnection
    /// The highest height that counts; nil if all do. Rows without a height always count.
    package let upTo: Int64?
    /// Its tables.
    package let layout: EasyLayerLayout

    init(name: String, connection: any SQLConnection, upTo: Int64?) throws(EasyLayerError) {
        self.name = name
        self.connection = connection
        self.upTo = upTo
        layout = try EasyLayerLayout(of: connection)
    }

    /// The condition, in SQL, that a row counts.
    var condition: String {
        upTo.map { #"("blockHeight" IS NULL OR "blockHeight" <= \#($0))"# } ?? "TRUE"
    }
}

/// The databases that together hold what EasyLayer stored: a server's one, one file, or a directory of them.
///
/// In a directory, archives come first, by their heights, then `current.sqlite3`. Rows above an archive's last height may have been
/// rolled back since and do not count. What stands in an earlier file, by model, version and request id, does not count again in
/// a later one.
package struct EasyLayerFiles {
    /// The databases, oldest first.
    package let files: [EasyLayerFile]
    /// The models of all of them, in the order of their bytes.
    package let models: [String]
    /// How payloads are read.
    package let payloads: EasyLayerPayload

    /// Opens one database file, or all files of a directory that count.
    ///
    /// Archives are named `FROM-TO.sqlite3`, by heights; anything else, such as a `new.sqlite3` that a crash left, is not looked at. Throws
    /// `files` if there is nothing at the path or no `current.sqlite3` in the directory.
    package init(
        path: String, payloads: EasyLayerPayload = EasyLayerPayload(),
        open: (String) throws(SQLFailure) -> any SQLConnection
    ) throws(EasyLayerError) {
        var files: [EasyLayerFile] = []
        for part in try Self.parts(of: path) {
            let connection = try reading { () throws(SQLFailure) in try open(part.path) }
            files.append(try EasyLayerFile(name: part.path, connection: connection, upTo: part.upTo))
        }
        self.init(files, payloads)
    }

    /// Takes one database that is open already.
    package init(
        _ connection: any SQLConnection, name: String, payloads: EasyLayerPayload = EasyLayerPayload()
    ) throws(EasyLayerError) {
        self.init([try EasyLayerFile(name: name, connection: connection, upTo: nil)], payloads)
    }

    private init(_ files: [EasyLayerFile], _ payloads: EasyLayerPayload) {
        self.files = files
        self.payloads = payloads
        models = Set(files.flatMap(\.layout.models)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The files at a path that count, oldest first.
    private static func parts(of path: String) throws(EasyLayerError) -> [(path: String, upTo: Int64?)] {
        let names: [String]?
        do throws(StorageError) {
            switch try SystemCalls.kind(of: path) {
            case nil: names = nil
            case .other: return [(path, nil)]
            case .directory: names = try FileStorage(path: path).list()
            }
        } catch {
            throw .files(path: path, reason: "\(error)")
        }
        guard let names else { throw .files(path: path, reason: "there is nothing here") }
        guard names.contains("current.sqlite3") else {
            throw .files(path: path, reason: "there is no current.sqlite3 in this directory")
        }
        let archives = names.compactMap { name in heights(ofArchive: name).map { (name: name, heights: $0) } }
            .sorted { ($0.heights.lowerBound, $0.heights.upperBound) < ($1.heights.lowerBound, $1.heights.upperBound) }
        let directory = path.hasSuffix("/") ? path : path + "/"
        return archives.map { (directory + $0.name, $0.heights.upperBound) } + [(directory + "current.sqlite3", nil)]
    }

    /// The heights in an archive's name; nil if it is no archive's.
    static func heights(ofArchive name: String) -> ClosedRange<Int64>? {
        guard name.hasSuffix(".sqlite3") else { return nil }
        let parts = name.dropLast(".sqlite3".count).split(separator: "-", omittingEmptySubsequences: false)
        let isDigits = parts.allSatisfy { $0.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } }
        guard parts.count == 2, isDigits, let from = Int64(parts[0]), let to = Int64(parts[1]), from <= to else {
            return nil
        }
        return from...to
    }
}

extension EasyLayerFiles {
    /// Some rows of a model in one file that count and stand in no earlier file.
    ///
    /// The condition and the order are SQL, the parameters those of the condition.
    func page(
        _ model: String, in file: Int, where condition: String, _ parameters: [SQLValue], order: String,
        limit: Int = 256
    ) throws(EasyLayerError) -> EasyLayerPage {
        let source = files[file]
        guard source.layout.models.contains(model) else { return EasyLayerPage(rows: [], last: nil) }
        let values = try reading { () throws(SQLFailure) in
            try source.connection.rows(
                """
                SELECT \(EasyLayerRow.columns) FROM \(quoted(model)) WHERE \(source.condition) AND \(condition)
                ORDER BY \(order) LIMIT \(limit)
                """, parameters)
        }
        var page = EasyLayerPage(rows: [], last: nil)
        for value in values {
            let row = try EasyLayerRow(value, of: model, payloads)
            if try !isRepeated(row, of: model, file: file) { page.rows.append(row) }
            page.last = (row.height, row.id)
        }
        page.isWhole = values.count < limit
        return page
    }

    /// Whether an earlier file has the row.
    private func isRepeated(_ row: EasyLayerRow, of model: String, file: Int) throws(EasyLayerError) -> Bool {
        for earlier in files[..<file] where earlier.layout.models.contains(model) {
            let request = #"CAST("requestId" AS text)"#
            let same = row.requestID != nil ? "\(request) = $2" : "COALESCE(\(request), '') = ''"
            let sql = """
                SELECT 1 FROM \(quoted(model)) WHERE "version" = $1 AND \(same) AND \(earlier.condition) LIMIT 1
                """
            let parameters = [SQLValue.integer(row.version)] + (row.requestID.map { [.text($0)] } ?? [])
            let found = try reading { () throws(SQLFailure) in try earlier.connection.value(sql, parameters) }
            if found != nil { return true }
        }
        return false
    }
}

/// Some rows in the order asked for.
struct EasyLayerPage {
    /// The rows that count.
    var rows: [EasyLayerRow]
    /// Height and id of the last row looked at, whether it counts or not.
    var last: (height: Int64?, id: Int64)?
    /// Whether nothing comes behind it.
    var isWhole = true
}
