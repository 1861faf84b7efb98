import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Testing

@Suite struct TLSTests {
    @Test func aServerIsVerifiedByItsCertificateAndName() throws {
        let server = try PostgresServer(usesTLS: true)
        let port = try #require(server.tcpPort)
        let socket = "host=\(server.directory) port=\(port) user=postgres dbname=postgres"
        try PostgresTarget(socket).execute("CREATE ROLE tls LOGIN SUPERUSER PASSWORD 'secret'")
        func url(host: String = "localhost", mode: String = "verify-full", authority: String = "ca") -> String {
            "postgresql://tls:secret@\(host):\(port)/postgres?hostaddr=127.0.0.1&sslmode=\(mode)"
                + "&sslrootcert=\(server.directory)/\(authority).crt"
        }
        let target = try PostgresTarget(url())
        #expect(try target.value("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") == .integer(1))
        #expect(target.name == "postgresql://tls@localhost:\(port)/postgres")
        for refused in [
            url(authority: "other-ca"), url(host: "127.0.0.1"), url(mode: "disable"), url(authority: "missing"),
        ] {
            let failure = failure { () throws(SQLFailure) in _ = try PostgresTarget(refused) }
            #expect(failure?.kind == .authentication, "\(refused)")
            #expect(failure?.message.contains("secret") == false)
        }
    }
}
