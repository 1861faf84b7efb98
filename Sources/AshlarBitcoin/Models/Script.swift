/// The script of an output: who may spend it.
///
/// Nearly all scripts have up to 35 bytes and stand in the value itself, without memory of their own.
package enum Script: Hashable, Sendable {
    case short(ShortScript)
    case long([UInt8])

    /// The script with these bytes.
    package init(_ bytes: [UInt8]) {
        self = bytes.count <= ShortScript.capacity ? .short(ShortScript(bytes)) : .long(bytes)
    }

    /// The script that these hexadecimal digits stand for, or nil if they are none.
    package init?(hex digits: some Collection<UInt8>) {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        var high: UInt8?
        for digit in digits {
            guard let value = Hex.value(of: digit) else { return nil }
            if let first = high { bytes.append(first << 4 | value) }
            high = high == nil ? value : nil
        }
        self.init(bytes)
    }

    /// The bytes.
    package var bytes: [UInt8] {
        switch self {
        case .short(let script): script.bytes
        case .long(let bytes): bytes
        }
    }

    /// Whether nobody can ever spend an output with it, as nodes see at a glance: they do not keep such outputs.
    package var isUnspendable: Bool {
        switch self {
        case .short(let script): script.first == 0x6A
        case .long(let bytes): bytes.first == 0x6A || bytes.count > 10_000
        }
    }
}

/// A script of up to 35 bytes.
package struct ShortScript: Hashable, Sendable {
    static let capacity = 35

    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    /// The last three bytes, and in the highest the count.
    private var rest: UInt32 = 0

    init(_ bytes: [UInt8]) {
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes.prefix(32)) }
        withUnsafeMutableBytes(of: &rest) { rest in
            rest.copyBytes(from: bytes.dropFirst(32))
            rest[3] = UInt8(bytes.count)
        }
    }

    var first: UInt8? { count == 0 ? nil : UInt8(truncatingIfNeeded: words.0.littleEndian) }

    private var count: Int { withUnsafeBytes(of: rest) { Int($0[3]) } }

    var bytes: [UInt8] {
        let all = withUnsafeBytes(of: words) { Array($0) } + withUnsafeBytes(of: rest) { Array($0) }
        return Array(all[..<count])
    }

    package static func == (left: ShortScript, right: ShortScript) -> Bool {
        left.words == right.words && left.rest == right.rest
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
        hasher.combine(rest)
    }
}

extension Script: CustomStringConvertible {
    /// Its bytes in hexadecimal digits.
    package var description: String {
        String(decoding: bytes.flatMap { [Hex.digit($0 >> 4), Hex.digit($0 & 15)] }, as: UTF8.self)
    }
}

/// The name of an output: its transaction and its number there.
package struct Outpoint: Hashable, Sendable, CustomStringConvertible {
    package var txid: Hash256
    package var vout: UInt32

    package init(txid: Hash256, vout: UInt32) { (self.txid, self.vout) = (txid, vout) }

    /// The outpoint that is written TXID:VOUT, or nil if it is none.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let txid = Hash256(printed: parts[0].utf8), let vout = UInt32(parts[1]) else {
            return nil
        }
        self.init(txid: txid, vout: vout)
    }

    /// TXID:VOUT.
    package var description: String { "\(txid):\(vout)" }
}
