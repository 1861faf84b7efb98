import Foundation

/// A query that the documentation shows, and the answer that it shows.
struct DocumentedQuery: Hashable {
    /// The database or the schema it is asked of: what the comment in front begins with, without `.db`.
    var database: String
    /// One statement, or the beginning of one.
    var sql = ""
    /// What stands behind `--> ` in the lines that follow.
    var answer: [String] = []
}

/// What the documentation shows of SQL.
enum Documentation {
    private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static func text(_ file: String) -> String {
        String(decoding: contents(of: package + "/" + file), as: UTF8.self)
    }

    /// What the demo writes into a file by a here-document that ends in `mark`.
    static func hereDocument(_ mark: String) -> [UInt8] {
        let parts = text(".ci/demo.sh").components(separatedBy: "<<'\(mark)'\n")
        return Array((parts.last?.components(separatedBy: "\n\(mark)\n").first ?? "").utf8) + [0x0A]
    }

    /// The queries of a page, in its order; each begins with a comment `-- DATABASE: …`.
    static func queries(of file: String) -> [DocumentedQuery] {
        let block = text(file).components(separatedBy: "```sql\n").last?.components(separatedBy: "```").first ?? ""
        var queries: [DocumentedQuery] = []
        for line in block.split(separator: "\n") {
            if line.hasPrefix("--> ") {
                queries[queries.count - 1].answer.append(String(line.dropFirst(4)))
            } else if line.hasPrefix("-- ") {
                let name = line.dropFirst(3).prefix { $0 != ":" && $0 != "." }
                queries.append(DocumentedQuery(database: String(name)))
            } else {
                queries[queries.count - 1].sql += line + "\n"
            }
        }
        return queries
    }

    /// The queries of PostgreSQL.
    static let postgres = queries(of: "format-spec/sql.md")
}
