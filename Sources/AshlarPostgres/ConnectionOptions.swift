import AshlarExport
import CAshlarPQ

/// The options of a connection, by libpq's names for them; knows which are secret and keeps those out of texts.
struct ConnectionOptions {
    private var values: [String: String] = [:]
    private var secrets: [String] = []

    /// What stands in a URL or a `key=value` string.
    ///
    /// libpq quotes what it cannot read, and that may be a part of a password, so nothing it quotes is shown; the commonest such
    /// mistakes are found here before libpq takes half a password for a host.
    init(parsing text: String) throws(SQLFailure) {
        try Self.checkURL(text)
        var error: UnsafeMutablePointer<CChar>?
        let list = PQconninfoParse(text, &error)
        defer {
            PQconninfoFree(list)
            PQfreemem(error)
        }
        guard let list else {
            throw Self.unreadable(error.map { Self.withoutQuotations(String(cString: $0)) } ?? "out of memory")
        }
        take(list)
        try check()
    }

    /// What an open or failed connection uses: defaults, environment and service file included.
    init(of connection: OpaquePointer) {
        if let list = PQconninfo(connection) {
            defer { PQconninfoFree(list) }
            take(list)
        }
        // From the password file, for instance.
        if let password = PQpass(connection), password.pointee != 0 { secrets.append(String(cString: password)) }
    }

    private mutating func take(_ list: UnsafeMutablePointer<PQconninfoOption>) {
        var option = list
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val, value.pointee != 0 {
                values[String(cString: keyword)] = String(cString: value)
                // This is how libpq marks what must not be shown.
                if option.pointee.dispchar.pointee == CChar(UInt8(ascii: "*")) {
                    secrets.append(String(cString: value))
                }
            }
            option += 1
        }
    }

    /// The value of an option, if it has one.
    subscript(_ keyword: String) -> String? { values[keyword] }

    /// A text without the passwords.
    ///
    /// One that equals the name of the role, the database or the host stays, since these are no secrets and a gap where one is
    /// expected would give the password away.
    func redacted(_ text: String) -> String {
        let names = [values["user"], values["dbname"], values["host"]]
        var text = text
        for secret in secrets where !names.contains(secret) { text = text.replacing(secret, with: "***") }
        return text
    }
}

// MARK: - The name of a connection

extension ConnectionOptions {
    /// A URL of the server and the database, without password and other options.
    var url: String {
        var url = "postgresql://"
        if let user = values["user"] { url += Self.encoded(user) + "@" }
        let hosts = Self.list(values["host"] ?? values["hostaddr"] ?? "")
        let ports = Self.list(values["port"] ?? "")
        url += hosts.enumerated().map { number, host in
            let port = ports.isEmpty ? "" : ports.count == 1 ? ports[0] : number < ports.count ? ports[number] : ""
            let name = host.contains(":") && !host.hasPrefix("/") ? "[\(host)]" : Self.encoded(host)
            return port.isEmpty ? name : "\(name):\(port)"
        }.joined(separator: ",")
        if let database = values["dbname"] { url += "/" + Self.encoded(database) }
        return redacted(url)
    }

    /// Number of servers that are tried in turn.
    var hostCount: Int { Self.list(values["host"] ?? values["hostaddr"] ?? "").count }

    private static func list(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// Percent-encodes what cannot stand in a part of a URL.
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                encoded += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

// MARK: - Strings that would give a password away

extension ConnectionOptions {
    private static func unreadable(_ why: String) -> SQLFailure {
        SQLFailure(.other, code: "08001", message: "the connection string cannot be read: \(why)")
    }

    /// Leaves out everything from the first quotation mark to the last.
    private static func withoutQuotations(_ text: String) -> String {
        let text = text.split(separator: "\n").joined(separator: " ")
        guard let first = text.firstIndex(of: "\""), let last = text.lastIndex(of: "\""), first < last else {
            return text
        }
        return text[..<first] + "(not shown: it may be a part of a password)" + text[text.index(after: last)...]
    }

    /// Refuses a URL whose password has an unencoded `@` or `/`: libpq would look for a host or a database of that name.
    private static func checkURL(_ text: String) throws(SQLFailure) {
        let schemes = ["postgresql://", "postgres://"]
        guard let scheme = schemes.first(where: text.hasPrefix) else { return }
        var rest = text.dropFirst(scheme.count)
        if let at = rest.firstIndex(of: "@"), at < rest.firstIndex(of: "/") ?? rest.endIndex {
            rest = rest[rest.index(after: at)...]
        }
        guard rest.prefix(while: { $0 != "?" }).contains("@") else { return }
        throw unreadable("in a user, password or database an \"@\" is written %40, and a \"/\" %2F")
    }

    /// Refuses what can only be a piece of a password, such as what stands in `postgresql://user:password` without a host.
    private func check() throws(SQLFailure) {
        if let port = values["port"], !port.utf8.allSatisfy({ (48...57).contains($0) || $0 == 44 || $0 == 32 }) {
            throw Self.unreadable("the port is not a number")
        }
        if let host = values["host"], host.contains("@"), !host.hasPrefix("@") {
            throw Self.unreadable("in a user or password an \"@\" is written %40")
        }
    }
}
