import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

/// No text that a user sees has a password or a piece of one.
@Suite struct PasswordTests {
    @Test(arguments: [
        "postgresql://user:hunter2@localhost:1/db", "postgres://user:hun%ter2@localhost:1/db",
        "postgresql://user:hun@ter2@localhost:1/db", "postgresql://user:hun/ter2@localhost:1/db",
        "postgresql://user:hun/ter2?hunter2@localhost:1/db", "postgresql://user:hun?ter2/hunter2@localhost:1/db",
        "postgresql://user:1/hunter2@localhost", "postgresql://user:hunter2", "postgresql://user:hunter2/db",
        "postgresql://user:hunter2@[::1/db", "postgresql://user@localhost:1/db?password=hunter2&bogus=1",
        "postgresql://user@localhost:1/db?password=hunter2=", "postgresql://user:hun\nter2@localhost:hunter2/db",
        "host=localhost port=1 password=hunter2", "host=localhost port=1 password=hun ter2",
        "host=localhost port=1 password='hunter2", "host=localhost port=1 password=hun ter2=1",
        "host=localhost port=1 password=hunter2 bogus=1", "password=\"hun ter2\"", "hunter2",
        "user=hun@ter2 host=hun@ter2 password=hunter2",
    ])
    func aStringThatDoesNotConnectIsNotRepeated(connection: String) {
        let refused = failure { () throws(SQLFailure) in _ = try PostgresTarget(connection) }
        let text = refused.map { "\($0)" } ?? ""
        #expect(!text.isEmpty)
        for piece in ["hun", "ter2"] { #expect(!text.contains(piece), "\(text)") }
    }

    @Test func aWrongPasswordIsToldAndNotRepeated() throws {
        let server = try PostgresServer.shared()
        let admin = try makeTarget("passwords")
        try admin.execute("CREATE ROLE passwords LOGIN PASSWORD 'hunter2'")
        let strings = [
            server.url(user: "passwords", password: "hunter3"),
            "host=\(server.directory) user=passwords password=hunter3 dbname=postgres",
            "host=\(server.directory) user=passwords password='' passfile=/nonexistent dbname=postgres",
        ]
        for string in strings {
            let refused = failure { () throws(SQLFailure) in _ = try PostgresTarget(string) }
            #expect(refused?.kind == .authentication, "\(string)")
            #expect(refused?.message.contains("hunter") == false)
            #expect(refused?.message.contains("password") == true)
        }
    }

    @Test func nameAndMessagesOfAConnectionAreWithoutThePassword() throws {
        let server = try PostgresServer.shared()
        let admin = try makeTarget("names")
        try admin.execute("CREATE ROLE names LOGIN PASSWORD '4711'; GRANT ALL ON SCHEMA names TO names")
        let passwords = server.directory + "/passwords"
        try Data("*:*:*:names:4711\n".utf8).write(to: URL(fileURLWithPath: passwords))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: passwords)
        let strings = [
            server.url(user: "names", password: "4711"), server.url(user: "names", password: "%34711"),
            "host=\(server.directory) user=names password=4711 dbname=postgres",
            "host=\(server.directory) user=names passfile=\(passwords) dbname=postgres",
        ]
        for string in strings {
            let target = try PostgresTarget(string, schemaName: "names")
            #expect(target.name.hasPrefix("postgresql://names@%2Ftmp%2Fashlar-postgres-"))
            #expect(target.name.hasSuffix("/postgres"))
            #expect(!target.name.contains("4711"))
            #expect(!"\(target)".contains("4711"))
            let repeated = failure { () throws(SQLFailure) in try target.execute("SELECT 'x4711'::int") }
            #expect(repeated?.message == "invalid input syntax for type integer: \"x***\"")
            try target.reconnect()
            #expect(try target.value("SELECT current_user") == .text("names"))
        }
    }

    @Test func aPasswordThatIsAlsoANameDoesNotLeaveAGap() throws {
        let server = try PostgresServer.shared()
        let target = try PostgresTarget(server.url(user: "postgres", password: "postgres"), schemaName: "gaps")
        #expect(target.name.hasPrefix("postgresql://postgres@"))
    }
}
