import AshlarExport
import CAshlarPQ

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// One connection of libpq, from when it stands until it is let go.
final class Session {
    let connection: OpaquePointer
    /// All options of the connection, the passwords among them.
    let options: ConnectionOptions

    /// Seconds until a server that does not answer is given up, unless `connect_timeout` says otherwise.
    private static let patience = 30

    /// Connects as a URL or a `key=value` string says.
    init(_ text: String) throws(SQLFailure) {
        _ = try ConnectionOptions(parsing: text)
        let keywords = ["dbname", "client_encoding", "fallback_application_name", nil]
        let values = [text, "UTF8", "ashlar", nil]
        let started = withCStrings(keywords) { keywords in
            withCStrings(values) { values in PQconnectStartParams(keywords, values, 1) }
        }
        guard let started else { throw SQLFailure(.other, code: "53200", message: "out of memory") }
        connection = started
        options = ConnectionOptions(of: started)
        // By itself libpq writes what the server remarks to the standard error stream.
        PQsetNoticeProcessor(started, { _, _ in }, nil)
        PQsetErrorVerbosity(started, PQERRORS_VERBOSE)
        try finishConnecting()
        PQsetErrorVerbosity(started, PQERRORS_DEFAULT)
    }

    deinit { PQfinish(connection) }

    /// Takes the steps of connecting as the socket gets ready for them.
    private func finishConnecting() throws(SQLFailure) {
        let seconds = options["connect_timeout"].flatMap { Int($0) } ?? Self.patience
        let deadline = seconds > 0 ? ContinuousClock.now + .seconds(seconds * max(options.hostCount, 1)) : nil
        var step = PQstatus(connection) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while step != PGRES_POLLING_OK {
            if step == PGRES_POLLING_FAILED { throw SQLFailure(connecting: connection, options) }
            let events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT
            var socket = pollfd(fd: PQsocket(connection), events: Int16(events), revents: 0)
            let left = deadline.map { ContinuousClock.now.duration(to: $0).components.seconds } ?? 3600
            guard left >= 0 else {
                let message = "\(options.url) does not answer within \(seconds) s"
                throw SQLFailure(.connection, code: "08001", message: message)
            }
            let ready = poll(&socket, 1, Int32(min(left, 3600) * 1000 + 1))
            // Not ready yet: only a look at the clock is due.
            if ready != 0 || deadline == nil { step = PQconnectPoll(connection) }
        }
    }

    /// Whether a transaction is open, be it failed.
    var isInTransaction: Bool {
        let status = PQtransactionStatus(connection)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Why a statement failed.
    func failure(_ result: OpaquePointer?) -> SQLFailure { SQLFailure(result, connection, options) }

    /// Runs statements without parameters; gives the last one's command tag.
    @discardableResult
    func execute(_ sql: String) throws(SQLFailure) -> String {
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: return String(cString: PQcmdStatus(result))
        default: throw failure(result)
        }
    }

    /// Reads all that the server still answers to a statement, a copy that is under way being given up; gives its first failure.
    func drain() -> SQLFailure? {
        var first: SQLFailure?
        while let result = PQgetResult(connection) {
            let status = PQresultStatus(result)
            if status == PGRES_FATAL_ERROR, first == nil { first = failure(result) }
            PQclear(result)
            // One that cannot be given up would be the answer forever.
            if status == PGRES_COPY_IN, PQputCopyEnd(connection, "given up") != 1 { break }
            if PQstatus(connection) == CONNECTION_BAD { break }
        }
        return first
    }
}

/// Lends C strings, the last of which may be a null pointer.
private func withCStrings<Result>(
    _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    let copies = strings.map { $0.flatMap { strdup($0) } }
    defer { for copy in copies { free(copy) } }
    return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer { pointers in
        guard let base = pointers.baseAddress else { preconditionFailure("no strings") }
        return body(base)
    }
}
