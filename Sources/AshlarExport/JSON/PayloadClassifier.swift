import AshlarJSON

/// Tells which payloads go into a database's column of JSON; all others go, byte for byte, into the column of bytes.
///
/// SQLite keeps JSON as the text it was written as. What goes there is strict JSON (RFC 8259, valid UTF-8, one value), nested
/// no deeper than `maximumDepth`, because SQLite's own functions have a limit, too.
///
/// PostgreSQL's `jsonb` keeps values, not text: white space, the order of members and the spelling of escapes and numbers are
/// lost, which nobody calls a loss. What it would refuse or change stays out: U+0000 and lone surrogates, an object that
/// names a member twice (all but the last would be gone), a minus before a zero, numbers and sizes outside of `Limits`.
///
/// It keeps its memory from one payload to the next, and allocates for none that is of usual shape.
package struct PayloadClassifier {
    /// How deep arrays and objects may nest.
    package static let maximumDepth = 512

    /// What `jsonb` is trusted with: less than PostgreSQL takes, so that all of it can also be read back.
    package struct Limits: Sendable {
        /// Bytes of a payload. The parts of an object or array must be below 256 MiB.
        package var bytes = 1 << 26
        /// Members and elements. PostgreSQL's parser fails at 8 million members of one object.
        package var items = 1 << 22
        /// Bytes of a number. `numeric` has 131,072 digits before the point and 16,383 behind.
        package var numberBytes = 15_000
        /// An exponent, in either direction. Doubles reach 308 and −324; `jsonb` prints 1e400 as 401 digits.
        package var exponent = 400
        /// All exponents of a payload: what it grows by when `jsonb` prints it.
        package var exponents = 1 << 24

        /// The limits that exporters have.
        package init() {}
    }

    private let dialect: SQLDialect
    private let limits: Limits
    private var keys = ObjectKeys()
    private var items = 0
    private var exponents = 0
    private var isKept = true

    /// A classifier for one kind of database.
    package init(_ dialect: SQLDialect, limits: Limits = Limits()) {
        self.dialect = dialect
        self.limits = limits
    }

    /// Whether a payload is JSON that the database's column of JSON takes and keeps without loss.
    ///
    /// Members are told apart by 64-bit hashes. Two of one hash, which only somebody who looks for them finds, count as one
    /// named twice: the payload then stands in the column of bytes, and nothing is lost.
    ///
    /// - Complexity: O(*n*) in the payload's length, and O(*m* log *m*) for an object of more than a few members.
    package mutating func isJSON(_ payload: borrowing RawSpan) -> Bool {
        var scanner = JSONScanner(copy payload, maximumDepth: Self.maximumDepth)
        do throws(JSONError) {
            switch dialect {
            case .sqlite: _ = try scanner.skipValue()
            case .postgres:
                guard payload.byteCount <= limits.bytes else { return false }
                try walk(&scanner)
            }
            try scanner.finish()
            return isKept
        } catch {
            return false
        }
    }

    private mutating func walk(_ scanner: inout JSONScanner) throws(JSONError) {
        keys.reset()
        (items, exponents, isKept) = (0, 0, true)
        _ = try scanner.peek()
        try value(&scanner)
        if items > limits.items || exponents > limits.exponents { isKept = false }
    }

    /// Looks at the value that starts at the scanner's position.
    private mutating func value(_ scanner: inout JSONScanner) throws(JSONError) {
        switch scanner.byte(scanner.position) {
        case UInt8(ascii: "\""):
            let string = try scanner.scanString()
            if string.isEscaped, !scanner.hasOnlyCharacters(string) { isKept = false }
        case UInt8(ascii: "{"): try object(&scanner)
        case UInt8(ascii: "["): try array(&scanner)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let start = scanner.position
            let isInteger = try scanner.scanNumber()
            let isPlain = isInteger && scanner.position &- start <= 100
            if !isPlain || scanner.byte(start) == UInt8(ascii: "-") { number(start..<scanner.position, scanner) }
        default: _ = try scanner.skipValue()
        }
    }

    private mutating func object(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.enter()
        let mark = keys.mark
        var isFirst = true
        while let key = try scanner.nextKey(&isFirst) {
            items &+= 1
            if key.isEscaped, !scanner.hasOnlyCharacters(key) { isKept = false }
            if !keys.insert(TextHash.hash(key, scanner, seed: 0), since: mark) { isKept = false }
            _ = try scanner.peek()
            try value(&scanner)
        }
        if !keys.close(mark) { isKept = false }
    }

    private mutating func array(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.enter()
        var isFirst = true
        while try scanner.nextElement(&isFirst) {
            items &+= 1
            _ = try scanner.peek()
            try value(&scanner)
        }
    }

    /// Looks at a number that is not just a few digits.
    private mutating func number(_ range: Range<Int>, _ scanner: borrowing JSONScanner) {
        let number = JSONNumber(range, scanner)
        if range.count > limits.numberBytes || number.isZero && number.isNegative { isKept = false }
        let exponent = number.exponent.magnitude
        if exponent > UInt64(limits.exponent) { isKept = false } else { exponents &+= Int(exponent) }
    }
}
