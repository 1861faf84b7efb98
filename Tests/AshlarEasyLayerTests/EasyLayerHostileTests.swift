import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarSQLite
import AshlarTestSupport
import Testing

/// Sources whose columns hold what they should not.
@Suite struct EasyLayerHostileTests {
    let folder = EasyLayerFolder()

    func source() throws -> SQLiteTarget {
        let database = try folder.database("one.db")
        try database.createModel("a")
        for version in 1...3 as ClosedRange<Int64> { try database.add("a", version: version, height: version, "{}") }
        return database
    }

    func run(limit: Int = EasyLayerPayload.usualLimit) throws -> EasyLayerReport {
        let files = try EasyLayerFiles(path: folder.file("one.db"), payloads: EasyLayerPayload(limit: limit)) {
            (path) throws(SQLFailure) in try SQLiteTarget(readOnly: path)
        }
        return try EasyLayerImport(files).run(into: folder.file("store"))
    }

    static let values = [
        ("version", "'x'", "`version` is not an integer"), ("version", "1.5", "`version` is not an integer"),
        ("requestId", "x'FF'", "`requestId` is not text"), ("requestId", "printf('%300s', 'x')", "more than 255 bytes"),
        ("type", "x'41'", "`type` is not text"), ("type", "''", "`type` is not text"),
        ("type", "CAST(x'4100' AS text)", "`type` is not text"), ("type", "CAST(x'FF' AS text)", "`type` is not text"),
        ("type", "printf('%300s', 'x')", "`type` is not text"), ("payload", "5", "neither bytes nor text"),
        ("payload", "1e300", "neither bytes nor text"), ("blockHeight", "'high'", "`blockHeight` is not an integer"),
        ("blockHeight", "2.5", "`blockHeight` is not an integer"),
        ("blockHeight", "9223372036854775807", "`blockHeight` is not an integer"),
        ("timestamp", "'today'", "`timestamp` is not an integer"), ("isCompressed", "1", "not a sound zlib stream"),
    ]

    @Test(arguments: values)
    func aWrongValueNamesItsRow(_ column: String, _ value: String, _ reason: String) throws {
        let database = try source()
        try database.run("UPDATE a SET \"\(column)\" = \(value) WHERE version = 2", [])
        let problem = problem { _ = try run() }
        guard case .row("a", 2, let found) = problem else {
            Issue.record("\(String(describing: problem))")
            return
        }
        #expect(found.contains(reason), "\(found)")
    }

    @Test func bytesAreKeptAsTheyAre() throws {
        let database = try source()
        // Text with zero characters and bytes that are no UTF-8, a request id with a zero character, payloads without bytes.
        try database.run("UPDATE a SET payload = CAST(x'7B00FF7D' AS text) WHERE version = 1", [])
        try database.run("UPDATE a SET payload = x'', \"requestId\" = CAST(x'410042' AS text) WHERE version = 2", [])
        try database.run("UPDATE a SET \"requestId\" = '' WHERE version = 3", [])
        #expect(try run().isWhole)
        let events = try Store.open(at: folder.file("store")).view().events()
        #expect(events.map(\.payload) == [[0x7B, 0, 0xFF, 0x7D], [], [0x7B, 0x7D]])
        #expect(events.map(\.requestID) == [Array("a-1".utf8), [0x41, 0, 0x42], nil])
    }

    @Test func rowsThatTheirIdsDoNotTellApartAreNoticed() throws {
        let database = try source()
        for version in 4...300 as ClosedRange<Int64> { try database.add("a", version: version, height: 3, "{}") }
        try database.execute("CREATE TABLE b AS SELECT * FROM a; UPDATE b SET id = 7;")
        #expect(throws: EasyLayerError.self) { try run() }
        guard case .layout(let reason) = problem({ _ = try run() }) else {
            Issue.record("taken")
            return
        }
        #expect(reason.contains("`b` has 300 rows, of which 64"), "\(reason)")
        try database.execute("UPDATE b SET id = NULL")
        #expect(problem { _ = try run() } != nil)
    }

    @Test func aPayloadOverTheLimitNamesItsRow() throws {
        let database = try source()
        let bomb = deflated([UInt8](repeating: 0x20, count: 1 << 20))
        try database.run("UPDATE a SET payload = $1, \"isCompressed\" = 1 WHERE version = 3", [.bytes(bomb)])
        #expect(
            problem { _ = try run(limit: 1 << 16) }
                == .row(table: "a", id: 3, reason: "the payload is larger than the limit of 65536 bytes"))
    }

    @Test func payloadsThatInflateToMuchAreHeldOneAtATime() throws {
        let database = try folder.database("one.db")
        try database.createModel("a")
        let large = deflated([UInt8](repeating: 0x20, count: 1 << 20))
        for version in 1...6 as ClosedRange<Int64> {
            try database.run(
                """
                INSERT INTO a ("version", "requestId", "type", "payload", "isCompressed", "timestamp")
                VALUES ($1, $1, 'Changed', $2, 1, 1)
                """, [.integer(version), .bytes(large)])
        }
        #expect(try run().isWhole)
        // A batch is what was held: each has a page of rows.
        #expect(try Store.open(at: folder.file("store")).sequence == 6)
    }

    @Test func theNewFileCountsWhereACrashKeptItFromItsName() throws {
        let directory = EasyLayerFolder()
        let archive = try directory.database("0-3.sqlite3")
        let fresh = try directory.database("new.sqlite3")
        for database in [archive, fresh] { try database.createModel("a") }
        try archive.add("a", version: 1, height: 3, "{\"n\":1}")
        // In the archive they do not count.
        for database in [archive, fresh] { try database.add("a", version: 2, height: 4, "{\"n\":2}") }
        func run(_ store: String) throws -> EasyLayerReport {
            let files = try EasyLayerFiles(path: directory.path) { (path) throws(SQLFailure) in
                try SQLiteTarget(readOnly: path)
            }
            return try EasyLayerImport(files).run(into: folder.file(store))
        }
        #expect(try run("store").events == 2)
        // Beside the current file it is unfinished work.
        let current = try directory.database("current.sqlite3")
        try current.createModel("a")
        try current.add("a", version: 2, height: 4, "{\"n\":2}")
        try fresh.add("a", version: 3, height: 5, "{\"n\":3}")
        #expect(try run("other").events == 2)
    }
}
