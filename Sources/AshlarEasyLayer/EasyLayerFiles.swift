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
/// In a directory, archives come first, by their heights, then `current.sqlite3` (or the `new.sqlite3` that a crash kept from that name).
/// Rows above an archive's last height may have been rolled back since and do not count. What stands in an earlier file, by model, version
/// and request id, does not count again in a later one.
package struct EasyLayerFiles {
    /// The databases, oldest first.
    package let files: [EasyLayerFile]
    /// The models of all of them, in the order of their bytes.
    package let models: [String]
    /// How payloads are read.
    package let payloads: EasyLayerPayload

    /// Opens one database file, or all files of a directory that count.
    ///
    /// Archives are named `FROM-TO.sqlite3`, by heights; anything else is not looked at. Throws `files` if there is nothing at the path or
    /// no `current.sqlite3` in the directory, `layout` if no file has a model's table.
    package init(
        path: String, payloads: EasyLayerPayload = EasyLayerPayload(),
        open: (String) throws(SQLFailure) -> any SQLConnection
    ) throws(EasyLayerError) {
        var files: [EasyLayerFile] = []
        for part in try Self.parts(of: path) {
            let connection = try reading { () throws(SQLFailure) in try open(part.path) }
            files.append(try EasyLayerFile(name: part.path, connection: connection, upTo: part.upTo))
        }
        try self.init(files, payloads, path)
    }

    /// Takes one database that is open already.
    package init(
        _ connection: any SQLConnection, name: String, payloads: EasyLayerPayload = EasyLayerPayload()
    ) throws(EasyLayerError) {
        try self.init([try EasyLayerFile(name: name, connection: connection, upTo: nil)], payloads, name)
    }

    private init(_ files: [EasyLayerFile], _ payloads: EasyLayerPayload, _ name: String) throws(EasyLayerError) {
        guard files.contains(where: { !$0.layout.models.isEmpty }) else {
            throw .layout("\(name): no table here has the columns of a model of EasyLayer")
        }
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
        let archives = names.compactMap { name in heights(ofArchive: name).map { (name: name, heights: $0) } }
            .sorted { ($0.heights.lowerBound, $0.heights.upperBound) < ($1.heights.lowerBound, $1.heights.upperBound) }
        let directory = path.hasSuffix("/") ? path : path + "/"
        let current = try current(among: names, hasArchives: !archives.isEmpty, path)
        return archives.map { (directory + $0.name, $0.heights.upperBound) } + [(directory + current, nil)]
    }

    /// The name of the file that is written to.
    ///
    /// EasyLayer fills `new.sqlite3`, makes an archive of `current.sqlite3` and gives the new file its name. So beside `current.sqlite3`
    /// a new one is unfinished work with nothing of its own; without it, and behind an archive, it is the file that only lacks its name.
    private static func current(
        among names: [String], hasArchives: Bool, _ path: String
    ) throws(EasyLayerError) -> String {
        if names.contains("current.sqlite3") { return "current.sqlite3" }
        if names.contains("new.sqlite3"), hasArchives { return "new.sqlite3" }
        throw .files(
            path: path,
            reason: "there is no current.sqlite3 in this directory; name a database file or EasyLayer's directory")
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
