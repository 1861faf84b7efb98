import AshlarExport
import CAshlarPQ

extension SQLFailure.Kind {
    /// The kind of an SQLSTATE; nil if it says nothing that anybody could act on.
    init?(sqlState code: String) {
        switch code {
        case "57P01", "57P02", "57P03", "57P05", "25P03": self = .connection
        case "53100": self = .full
        case "53300", "55P03", "40001", "40P01": self = .busy
        case "25006": self = .readOnly
        case "42501": self = .permission
        // Besides tables, columns and types that are missing or wrong (22P03: a COPY into a column of another type): no such database, not
        // partitioned as it should be.
        case "42P01", "42703", "42704", "42804", "42809", "42P17", "3F000", "3D000", "22P03": self = .schema
        case "XX001", "XX002", "58030": self = .damaged
        default:
            switch code.prefix(2) {
            case "08": self = .connection
            case "28": self = .authentication
            case "22", "23": self = .constraint
            default: return nil
            }
        }
    }
}

extension SQLFailure {
    /// What a value that does not fit its column gives, before the server sees it.
    static func unfit(_ message: String) -> SQLFailure { SQLFailure(.constraint, code: "22000", message: message) }

    /// What a statement gives when there is no connection.
    static let notConnected = SQLFailure(.connection, code: "08003", message: "not connected to the database")

    /// Why a statement failed, from its result, or from the connection if there is none.
    init(_ result: OpaquePointer?, _ connection: OpaquePointer, _ options: ConnectionOptions) {
        guard let result, let code = Self.field(result, "C") else {
            let words = String(cString: result.map { PQresultErrorMessage($0) } ?? PQerrorMessage(connection))
            // Where sending failed, libpq finds out that the connection is gone only when it reads.
            PQconsumeInput(connection)
            let isGone = PQstatus(connection) == CONNECTION_BAD
            let message = Self.flat(options.redacted(words))
            self.init(
                isGone ? .connection : .other, code: isGone ? "08006" : "XX000",
                message: message.isEmpty ? "the database gives no reason" : message)
            return
        }
        var message = Self.field(result, "M") ?? "the database gives no reason"
        if let detail = Self.field(result, "D") { message += ": " + detail }
        if let hint = Self.field(result, "H") { message += "; " + hint }
        if let context = Self.field(result, "W"), context.hasPrefix("COPY") { message += " [\(context)]" }
        let kind = Kind(sqlState: code) ?? (PQstatus(connection) == CONNECTION_BAD ? .connection : .other)
        self.init(kind, code: code, message: Self.flat(options.redacted(message)))
    }

    private static func field(_ result: OpaquePointer, _ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }

    /// In one line, words one space apart.
    private static func flat(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension SQLFailure {
    /// Why no connection came about.
    ///
    /// libpq 15 has no function that gives the SQLSTATE of a refused connection; with its most verbose messages, it stands in them as
    /// `FATAL:  28P01: …`, whatever the language. What libpq itself refuses has none: a password that is lacking and a certificate that
    /// is not to be trusted are the two that trying again does not mend.
    init(connecting connection: OpaquePointer, _ options: ConnectionOptions) {
        var code: String?
        var words: [String] = []
        for line in options.redacted(String(cString: PQerrorMessage(connection))).split(whereSeparator: \.isNewline) {
            if line.hasPrefix("LOCATION:") { continue }
            let (text, state) = Self.withoutState(String(line))
            code = state ?? code
            words.append(text)
        }
        let message = Self.flat(words.joined(separator: " "))
        let isRefused =
            PQconnectionNeedsPassword(connection) != 0 || message.contains("certificate")
            || message.contains("authentication failed")
        // pgbouncer refuses a wrong password with the code of a broken protocol, as if that would pass.
        if code == nil || code == "08P01" { code = isRefused ? "28000" : code ?? "08001" }
        self.init(code.flatMap { Kind(sqlState: $0) } ?? .other, code: code ?? "", message: message)
    }

    /// A line without the SQLSTATE in it, and that.
    private static func withoutState(_ line: String) -> (String, String?) {
        var parts = line.split(separator: ":", omittingEmptySubsequences: false)
        let place = parts.indices.dropFirst().dropLast().first { number in
            let word = parts[number].drop { $0 == " " }
            let (digits, letters) = (48...57 as ClosedRange<UInt8>, 65...90 as ClosedRange<UInt8>)
            return word.utf8.count == 5 && word.utf8.allSatisfy { digits.contains($0) || letters.contains($0) }
                && word.utf8.contains(where: digits.contains)
        }
        guard let place else { return (line, nil) }
        let state = String(parts.remove(at: place).drop { $0 == " " })
        return (parts.joined(separator: ":"), state)
    }
}
