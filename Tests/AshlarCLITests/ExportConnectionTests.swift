import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Testing

@Suite("export postgres: how a connection is found")
struct ExportConnectionTests {
    private static let password = "hunter2"

    /// Where what a client of PostgreSQL needs to know can stand: the connection on the command line, the environment, and files.
    struct Way: CustomTestStringConvertible {
        var name: String
        var connection: String
        /// `DIRECTORY` and `SOCKET` stand for the test's own; `ROLE` for the role.
        var environment: [String]
        var files: [String: String]
        var testDescription: String { name }
    }

    static let ways = [
        Way(
            name: "service", connection: "service=chains", environment: ["PGSERVICEFILE=DIRECTORY/services"],
            files: [
                "services":
                    "[other]\nhost=/nonexistent\n[chains]\nhost=SOCKET\nuser=ROLE\npassword=\(password)\ndbname=postgres\n"
            ]),
        Way(
            name: "environment", connection: "postgresql://",
            environment: ["PGHOST=SOCKET", "PGUSER=ROLE", "PGDATABASE=postgres", "PGPASSWORD=\(password)"], files: [:]),
        Way(
            name: "passfile", connection: "postgresql:///postgres",
            environment: ["PGHOST=SOCKET", "PGUSER=ROLE", "PGPASSFILE=DIRECTORY/passwords"],
            files: ["passwords": "localhost:*:*:ROLE:wrong\nSOCKET:*:postgres:ROLE:\(password)\n"]),
        Way(
            name: "both", connection: "service=chains",
            environment: ["PGSERVICEFILE=DIRECTORY/services", "PGPASSFILE=DIRECTORY/passwords"],
            files: [
                "services": "[chains]\nhost=SOCKET\nuser=ROLE\ndbname=postgres\n",
                "passwords": "*:*:*:ROLE:\(password)\n",
            ]),
    ]

    /// Makes a role with a schema of its own, and gives what runs `ashlar export …` with a connection that is found this way.
    private func setUp(
        _ way: Way, role: String, in directory: borrowing TemporaryDirectory
    ) throws -> (_ arguments: [String]) throws -> ToolRun {
        let server = try PostgresServer.shared()
        try PostgresTarget(server.url).execute(
            "CREATE ROLE \(role) LOGIN PASSWORD '\(Self.password)'; CREATE SCHEMA \(role) AUTHORIZATION \(role)")
        let path = directory.path
        func filled(_ text: String) -> String {
            text.replacing("DIRECTORY", with: path).replacing("SOCKET", with: server.directory)
                .replacing("ROLE", with: role)
        }
        for (name, content) in way.files {
            let file = directory.file(name, Array(filled(content).utf8))
            // libpq passes over a password file that others may read.
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        }
        let environment = ["HOME=/nonexistent"] + way.environment.map(filled)
        return { arguments in
            try Tool.run(
                ["export"] + arguments + ["--schema-name", role], wrapper: ["/usr/bin/env", "-i"] + environment)
        }
    }

    @Test("by service file, environment and password file; the password is in no output", arguments: ways)
    func connects(_ way: Way) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try SampleStore.make(at: store)
        let export = try setUp(way, role: "way_" + way.name, in: directory)
        let target = "postgres:" + way.connection
        var runs = [
            try export(["postgres", store, way.connection]), try export(["postgres", store, way.connection, "--json"]),
            try export(["check", store, target]), try export(["status", store, target, "--json"]),
        ]
        for run in runs { #expect(run.status == 0 && run.error.isEmpty, "\(run.text) \(run.error)") }
        #expect(runs[0].text.hasPrefix("postgresql://way_\(way.name)@%2Ftmp%2F"), "\(runs[0].text)")
        runs.append(try Tool.run("consumers", store, "--json"))
        #expect(runs[4].text.contains("postgres:postgresql:"))
        for run in runs { #expect(!(run.text + run.error).contains(Self.password)) }
    }

    @Test("a password that is wrong, wherever it comes from, is told and not repeated", arguments: ways)
    func refused(_ way: Way) throws {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try SampleStore.make(at: store)
        let (role, server) = ("wrong_" + way.name, try PostgresServer.shared())
        let export = try setUp(way, role: role, in: directory)
        try PostgresTarget(server.url).execute("ALTER ROLE \(role) PASSWORD 'another'")
        for options in [[], ["--json"], ["--follow"]] {
            let run = try export(["postgres", store, way.connection] + options)
            #expect(run.status == 4, "\(run.status) \(run.error)")
            #expect(run.error.contains("password") && !(run.text + run.error).contains(Self.password), "\(run.error)")
        }
        let run = try export(["postgres", store, way.connection, "--json"])
        #expect(run.errorObject["code"] as? String == "databaseAuthentication")
    }
}
