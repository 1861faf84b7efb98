import Foundation
import Glibc
import Synchronization

/// A PostgreSQL server that a test run starts for itself: on a Unix socket in a directory of its own and, only if asked for, with TLS on a
/// loopback port.
///
/// A watchdog shell starts it, stops it, and takes commands over a pipe. When the pipe's other end goes, because the test process ended in
/// whatever way, it stops the server and removes the directory.
package final class PostgresServer: Sendable {
    /// Why there is no server: the watchdog's last words.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Where the socket is, the server's `log` and, with TLS, `ca.crt` and `other-ca.crt`.
    package let directory: String
    /// The port on 127.0.0.1, with TLS.
    package let tcpPort: UInt16?

    private let commands: Int32
    private let replies: Mutex<Int32>

    private static let common = Result { try PostgresServer() }

    /// The one server that all tests of the process share, each with a schema or database of its own.
    package static func shared() throws -> PostgresServer { try common.get() }

    /// Starts a server of one's own, to stop it or to give it other settings, which are lines of `postgresql.conf`.
    package init(settings: [String] = [], usesTLS: Bool = false) throws {
        var template = Array("/tmp/ashlar-postgres-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(description: "no temporary directory") }
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        tcpPort = usesTLS ? try Self.freePort() : nil
        let (fromParent, toChild) = try Self.pipe()
        let (fromChild, toParent) = try Self.pipe()
        commands = toChild
        replies = Mutex(fromChild)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let port = tcpPort.map { String($0) } ?? ""
        process.arguments = ["-c", Self.watchdog, "watchdog", directory, port, settings.joined(separator: "\n")]
        process.standardInput = FileHandle(fileDescriptor: fromParent, closeOnDealloc: true)
        process.standardOutput = FileHandle(fileDescriptor: toParent, closeOnDealloc: true)
        try process.run()
        close(fromParent)
        close(toParent)
        try replies.withLock { try Self.awaitReply($0) }
    }

    deinit {
        close(commands)
        replies.withLock { _ = close($0) }
    }

    /// Where to connect as the superuser, over the socket.
    package var url: String { url() }

    /// Where to connect over the socket.
    package func url(user: String = "postgres", password: String? = nil, database: String = "postgres") -> String {
        Self.url(socket: directory, port: nil, user: user, password: password, database: database)
    }

    /// Where to connect over a socket in a directory.
    static func url(socket: String, port: Int?, user: String, password: String?, database: String) -> String {
        let host = socket.split(separator: "/").map { "%2F" + $0 }.joined()
        let place = host + (port.map { ":\($0)" } ?? "")
        return "postgresql://\(user)\(password.map { ":" + $0 } ?? "")@\(place)/\(database)"
    }

    /// Stops the server without letting it end anything, as a crash would.
    package func stopImmediately() throws { try command("stop") }

    /// Starts a server that was stopped.
    package func start() throws { try command("start") }

    /// Stops the server, if it runs, and starts it again.
    package func restart() throws { try command("restart") }

    /// Lets the watchdog do something.
    func command(_ name: String) throws {
        try replies.withLock { replies in
            let line = Array((name + "\n").utf8)
            guard write(commands, line, line.count) == line.count else { throw Failure(description: "no watchdog") }
            try Self.awaitReply(replies)
        }
    }

    /// Reads on until the watchdog says that a command is done or has failed.
    private static func awaitReply(_ descriptor: Int32) throws {
        var line: [UInt8] = []
        var said = ""
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1 {
            line.append(byte)
            guard byte == UInt8(ascii: "\n") else { continue }
            let text = String(decoding: line, as: UTF8.self)
            line = []
            if text == "done\n" { return }
            if text == "failed\n" { break }
            said += text
        }
        throw Failure(description: "PostgreSQL does not start or stop: \(said)")
    }

    /// A pipe that no other child inherits, or the server would outlive the tests with it.
    private static func pipe() throws -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// A port nobody listens on now.
    private static func freePort() throws -> UInt16 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, size) == 0 && getsockname(socket, address, &size) == 0
            }
        }
        guard isBound else { throw Failure(description: "no free port") }
        return UInt16(bigEndian: address.sin_port)
    }
}
