import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Testing

/// The same import from a server of PostgreSQL.
@Suite struct EasyLayerPostgresTests {
    let folder = EasyLayerFolder()

    /// Creates a model's table as EasyLayer does.
    func createModel(_ name: String, in target: PostgresTarget) throws {
        try target.execute(
            """
            CREATE TABLE "\(name)" ("id" bigserial PRIMARY KEY, "version" integer NOT NULL, "requestId" varchar,
            "type" varchar NOT NULL, "payload" bytea NOT NULL, "blockHeight" integer,
            "isCompressed" boolean NOT NULL DEFAULT false, "timestamp" bigint NOT NULL,
            UNIQUE ("version", "requestId"))
            """)
    }

    func add(
        _ target: PostgresTarget, _ model: String, _ version: Int64, _ type: String, _ height: Int64?,
        _ payload: String, compress: Bool = false
    ) throws {
        let bytes = Array(payload.utf8)
        try target.run(
            """
            INSERT INTO "\(model)" ("version", "requestId", "type", "payload", "blockHeight", "isCompressed", "timestamp")
            VALUES ($1, $2, $3, $4, $5, \(compress), $6)
            """,
            [
                .integer(version), .text("\(model)-\(version)"), .text(type),
                .bytes(compress ? deflated(bytes) : bytes), height.map { .integer($0) } ?? .null,
                .integer(1_700_000_000_000_000 + version),
            ])
    }

    @Test func aServerIsReadAsAFileIs() throws {
        let target = try PostgresTarget(try PostgresServer.shared().url(), schemaName: "easylayer_import")
        try target.begin()
        defer { target.rollback() }
        for model in ["network", "a-b"] { try createModel(model, in: target) }
        let blocks = (0...3).map { bitcoinBlock($0) }.joined(separator: ",")
        let added = "BitcoinNetworkBlocksAddedEvent"
        try add(target, "network", 1, added, 3, "{\"blocks\":[\(blocks)]}", compress: true)
        try add(target, "network", 2, "BitcoinNetworkReorganizedEvent", 2, "{}")
        try add(target, "network", 3, added, 3, "{\"blocks\":[\(bitcoinBlock(3, 1, on: 0))]}")
        for version in 1...300 { try add(target, "a-b", Int64(version), "Changed", 2, "{\"n\":\(version)}") }
        try add(target, "a-b", 301, "Changed", nil, "{\"n\":301}")
        try add(target, "a-b", 302, "Changed", 3, String(repeating: "[1]", count: 1000), compress: true)
        let files = try EasyLayerFiles(target, name: "server")
        #expect(files.models == ["a-b", "network"])
        let report = try EasyLayerImport(files).run(into: folder.file("store"))
        #expect(report.difference == nil)
        #expect(report.isWhole)
        #expect(report.blocks == 5)
        #expect(report.rollbacks == 1)
        let standIn = try EasyLayerImport(files, spine: .none).run(into: folder.file("other"))
        #expect(standIn.isWhole)
        let view = try Store.open(at: folder.file("store")).view()
        #expect(try view.events(height: 2)?.count == 300)
        #expect(try view.events(height: 3)?.map(\.model) == ["network", "a-b"])
    }
}
