import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite("Through pgbouncer in session mode")
struct PoolerTests {
    @Test("an export follows a chain that reorganises, also when the pooler restarts under it")
    func follows() throws {
        let server = try PostgresServer()
        try PostgresTarget(server.url).execute(
            "CREATE ROLE pooled LOGIN PASSWORD 'secret'; CREATE SCHEMA pooled AUTHORIZATION pooled")
        try server.startPooler(passwords: ["pooled": "secret"])
        let url = server.poolerURL(user: "pooled", password: "secret")
        @Sendable func target() throws(SQLFailure) -> PostgresTarget {
            try PostgresTarget(url, schemaName: "pooled", partitionHeights: 10)
        }
        try withStorm(seed: 31, steps: 100) { writer, storm in
            let export = FollowingExport(of: writer.store, batchEvents: 50, into: target)
            for round in 0..<90 {
                try storm.step(&writer)
                try writer.sync()
                if round % 40 == 20 { try server.startPooler(passwords: ["pooled": "secret"]) }
                if round % 10 == 0 { try export.wait(for: writer.sequence) }
            }
            try export.finish(at: writer.sequence)
            let target = try target()
            #expect(try isSound(writer.store, target, ExportOptions()))
            let blocks = try target.rows("SELECT sequence FROM canonical_blocks ORDER BY height").map { $0[0].integer }
            #expect(try blocks == writer.store.view().blocks().map { Int64(try $0.get().sequence) })
            #expect(try target.value("SELECT count(*) FROM undone_blocks")?.integer ?? 0 > 5)
        }
    }

    @Test("a wrong password is refused by the pooler as by the server, and is not repeated")
    func refused() throws {
        let server = try PostgresServer.shared()
        try server.startPooler(passwords: ["nobody_else": "hunter2"])
        let url = server.poolerURL(user: "nobody_else", password: "hunter3")
        let refused = failure { () throws(SQLFailure) in _ = try PostgresTarget(url) }
        #expect(refused?.kind == .authentication)
        #expect(refused?.message.contains("hunter") == false)
    }
}
