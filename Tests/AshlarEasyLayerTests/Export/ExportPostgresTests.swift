import Ashlar
import AshlarEasyLayer
import AshlarExport
import AshlarPostgres
import AshlarSQLite
import AshlarTestSupport
import Testing

/// The same export into a schema of a server of PostgreSQL.
@Suite struct ExportPostgresTests {
    @Test(arguments: 21...23 as ClosedRange<UInt64>)
    func randomChains(seed: UInt64) throws {
        try ExportRoundTripTests.storm(seed, RoundTrip(.postgres, schema: "el_storm_\(seed)"))
    }

    @Test func whatIsImportedComesBack() throws {
        let trip = RoundTrip(.postgres, schema: "el imported")
        var random = SplitMix64(seed: 31)
        try ExportImportedTests.fill(try trip.folder.database("one.db"), random: &random, events: 30)
        try trip.importOriginal("one.db")
        try trip.run(wholeLog: true)
    }

    @Test func namesAndSizesAreThoseOfTheServer() throws {
        let trip = RoundTrip(.postgres, schema: "el_names")
        let long = String(repeating: "z", count: 60)
        try trip.make { writer in
            let models = ["select", "x", "X", "Snapshots", "a-b", "x_id", long]
            _ = try writer.append(
                Samples.block(0), events: models.map { Event(model: $0, type: "ä'\"", payload: Array("{}".utf8)) })
            for (height, size) in [2_045, 2_046, 300_000].enumerated() {
                let payload = Array("\"\(String(repeating: "s", count: size))\"".utf8)
                _ = try writer.append(
                    Samples.block(Int64(height + 1)), events: [Event(model: "x", type: "t", payload: payload)])
            }
        }
        try trip.run()
        let target = try trip.target()
        let flags = try target.rows("SELECT \"isCompressed\" FROM x ORDER BY id").map { $0[0].integer }
        #expect(flags == [0, 0, 1, 1])
        // Software that goes on writes with the next ids.
        try target.execute("INSERT INTO x (\"requestId\", type, payload, timestamp) VALUES ('r', 't', '', 1)")
        #expect(try target.value("SELECT max(id) FROM x") == .integer(5))
        try target.execute(
            "INSERT INTO \"\(long)\" (\"requestId\", type, payload, timestamp) VALUES ('r', 't', '', 1)")
        let types = try target.rows(
            """
            SELECT column_name::text || ' ' || data_type::text FROM information_schema.columns
            WHERE table_schema = 'el_names' AND table_name = 'x' ORDER BY ordinal_position
            """
        ).compactMap { $0[0].text }
        #expect(
            types == [
                "id bigint", "version integer", "requestId character varying", "type character varying",
                "payload bytea",
                "blockHeight integer", "isCompressed boolean", "timestamp bigint",
            ])
        // A version and a request id occur once, as the index says.
        let twice = "INSERT INTO x (version, \"requestId\", type, payload, timestamp) VALUES (1, '', 't', '', 1)"
        do {
            try target.execute(twice)
            Issue.record("taken twice")
        } catch {
            #expect(error.kind == .constraint)
        }
    }

    @Test func heightsBeyond32BitsGoIntoAFileOnly() throws {
        for (trip, fits) in [(RoundTrip(), true), (RoundTrip(.postgres, schema: "el_high"), false)] {
            try trip.make { writer in
                _ = try writer.append(Samples.block(3_000_000_000), events: Samples.events(3_000_000_000))
            }
            if fits { try trip.run() } else { #expect(refusal { try trip.export() } == "tooHigh") }
        }
    }

    @Test func aSchemaIsAllOrNothing() throws {
        let trip = RoundTrip(.postgres, schema: "el_target")
        try trip.make { writer in
            for height in 0..<30 as Range<Int64> {
                _ = try writer.append(Samples.block(height), events: Samples.events(height, count: 60))
            }
        }
        var asked = 0
        #expect(
            exportProblem {
                try trip.export {
                    asked += 1
                    return asked > 2
                }
            } == .stopped)
        let target = try trip.target()
        #expect(try target.value("SELECT 1 FROM pg_namespace WHERE nspname = 'el_target'") == nil)
        let report = try trip.export()
        #expect(refusal { try trip.export() } == "alreadyExported")
        try target.execute("DELETE FROM utxo")
        #expect(try trip.export(replaces: true) == report)
        try target.execute("CREATE VIEW mine AS SELECT 1")
        guard case .refused("foreignTables", let reason) = exportProblem({ try trip.export(replaces: true) }) else {
            Issue.record("taken")
            return
        }
        #expect(reason.contains("\"mine\""))
        #expect(try target.value("SELECT count(*) FROM utxo") == .integer(30 * 40))
    }

    @Test func aRoleWithoutRightsIsTold() throws {
        let trip = RoundTrip(.postgres, schema: "el_rights")
        try trip.make { writer in _ = try writer.append(Samples.block(0), events: Samples.events(0)) }
        let server = try PostgresServer.shared()
        let owner = try PostgresTarget(server.url(), schemaName: "el_rights")
        try owner.execute(
            "DROP ROLE IF EXISTS el_reader; CREATE ROLE el_reader LOGIN PASSWORD 'secret'; GRANT USAGE ON SCHEMA el_rights TO el_reader"
        )
        defer { try? owner.execute("REVOKE ALL ON SCHEMA el_rights FROM el_reader; DROP ROLE el_reader") }
        let url = server.url(user: "el_reader", password: "secret")
        let target = try PostgresTarget(url, schemaName: "el_rights", createsSchema: false)
        let export = try EasyLayerExport(try Store.open(at: trip.storePath))
        guard
            case .database(let failure) = exportProblem({
                _ = try export.run(into: target, schema: "el_rights", name: "server", replaces: false)
            })
        else {
            Issue.record("taken")
            return
        }
        #expect(failure.kind == .permission && !"\(failure)".contains("secret"))
    }

    @Test func statesAreCompressedWhereItSaves() throws {
        for dialect in [SQLDialect.sqlite, .postgres] {
            let trip = RoundTrip(dialect, schema: "el_states")
            var random = SplitMix64(seed: 4)
            // Characters of one and of three bytes, whose bytes are nearly as good as random ones.
            var noise = "\""
            for index in 0..<6_000 {
                let scalar = index % 4 == 3 ? 0x1000 + random.below(0xC000) : 0x23 + random.below(0x5B)
                noise.unicodeScalars.append(Unicode.Scalar(UInt32(scalar)) ?? "x")
            }
            noise += "\""
            noise.replace("\\", with: "/")
            try trip.make { writer in
                for height in 0..<3 as Range<Int64> {
                    _ = try writer.append(Samples.block(height), events: Samples.events(height))
                }
            }
            let even = "\"\(String(repeating: "e", count: 3_000))\""
            trip.options.snapshots = [
                .init(model: "all", sources: [], json: even), .init(model: "utxo", sources: ["utxo"], json: "{}"),
                .init(model: "noise", sources: ["headers"], json: noise),
            ]
            #expect(try trip.export().snapshots == ["all", "utxo", "noise"])
            let rows = try trip.connection().rows(
                "SELECT \"aggregateId\", \"blockHeight\", version, \"isCompressed\", payload FROM snapshots ORDER BY id"
            )
            #expect(rows.map { $0[0].text } == ["all", "utxo", "noise"])
            #expect(rows.map { $0[1].integer } == [2, 2, 2] && rows.map { $0[2].integer } == [15, 9, 6])
            #expect(rows.map { $0[3].integer } == (dialect == .sqlite ? [0, 0, 0] : [1, 0, 0]))
            #expect(rows[2][4].bytes == Array(noise.utf8))
            let plain = try EasyLayerPayload().plain(rows[0][4].bytes ?? [], isCompressed: dialect == .postgres)
            #expect(plain == Array(even.utf8))
            #expect(try trip.connection().value("SELECT count(*) FROM outbox") == .integer(0))
        }
    }
}
