import Foundation

/// What else may stand beside a server; all of it ends with the server.
extension PostgresServer {
    /// Starts pgbouncer in session mode in front of the server, or starts it again; it knows these roles by their passwords.
    ///
    /// Fails if pgbouncer is not installed.
    package func startPooler(passwords: [String: String]) throws {
        let users = passwords.map { "\"\($0.key)\" \"\($0.value)\"\n" }.joined()
        try Data(users.utf8).write(to: URL(fileURLWithPath: directory + "/pooler.users"))
        try command("pooler")
    }

    /// Where to connect through pgbouncer.
    package func poolerURL(user: String, password: String, database: String = "postgres") -> String {
        Self.url(socket: directory + "/pooler", port: 6432, user: user, password: password, database: database)
    }

    /// Copies the server into a streaming standby and starts that.
    package func startStandby() throws { try command("standby") }

    /// Makes the standby a server of its own.
    package func promoteStandby() throws { try command("promote") }

    /// Where to connect to the standby as the superuser.
    package var standbyURL: String {
        Self.url(
            socket: directory + "/standby-socket", port: nil, user: "postgres", password: nil, database: "postgres")
    }
}
