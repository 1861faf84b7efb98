import AshlarCLI
import AshlarJSON

/// The script of an output: who may spend it.
///
/// Nearly all scripts have up to 35 bytes and stand in the value itself, without memory of their own.
package enum Script: Hashable, Sendable, CustomStringConvertible {
    case short(ShortScript)
    case long([UInt8])

    /// The script with these bytes.
    package init(_ bytes: [UInt8]) {
        self = bytes.count <= ShortScript.capacity ? .short(ShortScript(bytes)) : .long(bytes)
    }

    /// The script that these hexadecimal digits stand for, or nil if they are none.
    package init?(hex digits: some Collection<UInt8>) {
        guard let bytes = [UInt8](hex: digits) else { return nil }
        self.init(bytes)
    }

    /// The bytes.
    package var bytes: [UInt8] {
        switch self {
        case .short(let script): script.bytes
        case .long(let bytes): bytes
        }
    }

    /// The bytes in hexadecimal digits.
    package var description: String { HashText.encode(bytes, as: .hex) }

    /// Whether nobody can ever spend an output with it, as nodes see at a glance: they do not keep such outputs.
    package var isUnspendable: Bool {
        switch self {
        case .short(let script): script.begins(with: 0x6A)
        case .long(let bytes): bytes.first == 0x6A || bytes.count > 10_000
        }
    }
}

/// A script of up to 35 bytes, which stand in its memory with their number behind them.
package struct ShortScript: Hashable, Sendable {
    static let capacity = 35

    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var third: UInt64 = 0
    private var fourth: UInt64 = 0
    private var rest: UInt32 = 0

    init(_ bytes: [UInt8]) {
        withUnsafeMutableBytes(of: &self) { memory in
            memory.copyBytes(from: bytes)
            memory[Self.capacity] = UInt8(bytes.count)
        }
    }

    var bytes: [UInt8] { withUnsafeBytes(of: self) { Array($0[..<Int($0[Self.capacity])]) } }

    /// Whether the first of the bytes, if there is any, is this one.
    func begins(with byte: UInt8) -> Bool { withUnsafeBytes(of: self) { $0[Self.capacity] > 0 && $0[0] == byte } }
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

extension JSONMembers {
    /// A value that is a hash.
    func hash(_ index: Int) throws(JSONError) -> Hash256 {
        Hash256(printedBytes: try hexadecimal(index, count: 32))
    }

    /// A value that is a number of 32 bits.
    func number(_ index: Int) throws(JSONError) -> UInt32 { UInt32(try integer(index, most: Int64(UInt32.max))) }

    /// A value that is a target in compact form.
    func target(_ index: Int) throws(JSONError) -> Target {
        let bits: UInt32 = try hexadecimal(index, count: 4).integer(at: 0)
        guard let target = Target(bits: bits.byteSwapped) else { throw wrong(index, "a target") }
        return target
    }
}
