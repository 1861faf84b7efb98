import AshlarExport
import AshlarSQLite
import Foundation

/// A folder that is gone when the test is done.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-sqlite-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    func file(_ name: String) -> String { path + "/" + name }
}

/// The real `sqlite3` shell, fed line by line: a reader of another process.
final class SQLiteShell {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ path: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", "-batch", "-init", "/dev/null", path]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    deinit { finish() }

    /// Runs some lines; gives what the shell printed.
    func run(_ lines: String) -> String {
        input.fileHandleForWriting.write(Data("\(lines)\n.print end-of-answer\n".utf8))
        var answer = ""
        while !answer.hasSuffix("end-of-answer\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            answer += String(decoding: data, as: UTF8.self)
        }
        return answer.replacingOccurrences(of: "end-of-answer\n", with: "").trimmingCharacters(in: .newlines)
    }

    /// Ends the shell.
    func finish() {
        guard process.isRunning else { return }
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

/// A table with a column of every kind.
let kinds = Table(
    "kinds",
    [
        Column("sequence", .integer), Column("ordinal", .integer), Column("number", .integer, optional: true),
        Column("text", .text, optional: true), Column("bytes", .bytes, optional: true),
        Column("json", .json, optional: true), Column("time", .timestamp, optional: true),
        Column("amount", .numeric, optional: true),
    ],
    key: ["sequence", "ordinal"], checks: ["\"ordinal\" >= 0"], indexes: [TableIndex("kinds_by_number", ["number"])])

/// A table of two columns.
let pairs = Table("pairs", [Column("id", .integer), Column("payload", .text)], key: ["id"])

/// Rows of `pairs`.
func pairRows(_ ids: Range<Int64>, payload: String = "payload") -> RowBuffer {
    var rows = RowBuffer(columnCount: 2)
    for id in ids {
        rows.append(id)
        rows.append(text: payload)
    }
    return rows
}

extension SQLiteTarget {
    /// Creates a table and commits.
    func create(_ table: Table) throws(SQLFailure) {
        try begin()
        try execute(createStatement(table))
        try commit()
    }

    /// Inserts rows and commits.
    func add(_ rows: RowBuffer, to table: Table) throws(SQLFailure) {
        try begin()
        try insert(rows, into: table)
        try commit()
    }

    /// Number of rows in a table.
    func count(_ table: Table) throws(SQLFailure) -> Int64? {
        try value("SELECT count(*) FROM \(quoted(table.name))")?.integer
    }
}

/// What a call fails with; nil if it does not.
func failure(_ body: () throws(SQLFailure) -> Void) -> SQLFailure? {
    do throws(SQLFailure) {
        try body()
        return nil
    } catch {
        return error
    }
}
