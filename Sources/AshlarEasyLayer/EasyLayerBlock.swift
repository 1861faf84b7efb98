package import Ashlar
import AshlarFormat
import AshlarJSON

/// A block as a network model's event has it.
package struct EasyLayerBlock: Sendable, Hashable {
    /// Its height.
    package var height: Int64
    /// Its hash: the bytes of the hex digits, in the order they are printed.
    package var hash: BlockHash
    /// The hash of the block before it; zeros where the event has none, as for the first block of all.
    package var parent: BlockHash
    /// The time the chain gives it, if the event has it.
    package var time: Timestamp?
}

extension EasyLayerBlock {
    /// The blocks of a `BlocksAdded` event's payload, `{"blocks":[…]}`.
    ///
    /// Heights and times may be integers or, as nodes print them, hex digits after `0x` in a string. Other members are checked to be JSON and
    /// left out. Throws the reason as text. Complexity: O(bytes).
    static func blocks(in payload: [UInt8], of network: EasyLayerNetwork) throws(BlockProblem) -> [EasyLayerBlock] {
        do throws(JSONError) {
            var scanner = JSONScanner(payload.span.bytes)
            var blocks: [EasyLayerBlock]?
            var isFirst = true
            try scanner.openObject("the payload")
            while let key = try scanner.nextKey(&isFirst) {
                if try scanner.text(key) == "blocks" {
                    blocks = try self.blocks(&scanner, network)
                } else {
                    _ = try scanner.skipValue()
                }
            }
            try scanner.finish()
            guard let blocks else { throw .wrongType(at: 0, field: "blocks", expected: "an array") }
            return blocks
        } catch {
            throw BlockProblem(error)
        }
    }

    private static func blocks(
        _ scanner: inout JSONScanner, _ network: EasyLayerNetwork
    ) throws(JSONError) -> [EasyLayerBlock] {
        var blocks: [EasyLayerBlock] = []
        var isFirst = true
        try scanner.openArray("blocks")
        while try scanner.nextElement(&isFirst) { blocks.append(try block(&scanner, network)) }
        return blocks
    }

    private static func block(
        _ scanner: inout JSONScanner, _ network: EasyLayerNetwork
    ) throws(JSONError) -> EasyLayerBlock {
        let start = scanner.position
        var (height, time): (Int64?, Int64?)
        var (hash, parent): (BlockHash?, BlockHash?)
        var isFirst = true
        try scanner.openObject("a block")
        while let key = try scanner.nextKey(&isFirst) {
            let name = try scanner.text(key)
            if try scanner.skipNull() { continue }
            switch name {
            case network.heightField: height = try quantity(&scanner, name)
            case network.timeField: time = try quantity(&scanner, name)
            case "hash": hash = try self.hash(&scanner, name)
            case network.parentField: parent = try self.hash(&scanner, name)
            default: _ = try scanner.skipValue()
            }
        }
        guard let height else {
            throw .wrongType(at: start, field: network.heightField, expected: "a height")
        }
        guard let hash else { throw .wrongType(at: start, field: "hash", expected: "a hash") }
        guard let none = BlockHash([UInt8](repeating: 0, count: hash.count)) else {
            throw .wrongType(at: start, field: "hash", expected: "a hash")
        }
        return EasyLayerBlock(
            height: height, hash: hash, parent: parent ?? none, time: time.map { Timestamp(seconds: $0) })
    }

    /// A number that is not negative: an integer, or hex digits after `0x` in a string.
    private static func quantity(_ scanner: inout JSONScanner, _ field: String) throws(JSONError) -> Int64 {
        let start = scanner.position
        guard try scanner.peek() == UInt8(ascii: "\"") else {
            return try scanner.integer(field, in: 0...Limits.height)
        }
        let text = try scanner.text(try scanner.string(field))
        guard text.hasPrefix("0x"), !text.dropFirst(2).hasPrefix("+"), !text.dropFirst(2).hasPrefix("-"),
            let value = Int64(text.dropFirst(2), radix: 16), value <= Limits.height
        else { throw .wrongType(at: start, field: field, expected: "an integer, or hex digits after 0x") }
        return value
    }

    /// A hash of 1–64 bytes in hex, with or without `0x`; nil for the empty string.
    private static func hash(_ scanner: inout JSONScanner, _ field: String) throws(JSONError) -> BlockHash? {
        let start = scanner.position
        var digits = try scanner.text(try scanner.string(field)).utf8[...]
        if digits.isEmpty { return nil }
        if digits.starts(with: "0x".utf8) { digits = digits.dropFirst(2) }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in digits {
            guard digit < 0x80, let value = Character(Unicode.Scalar(digit)).hexDigitValue, bytes.count < 65 else {
                throw .wrongType(at: start, field: field, expected: "a hash in hex")
            }
            if let first = high {
                bytes.append(first << 4 | UInt8(value))
                high = nil
            } else {
                high = UInt8(value)
            }
        }
        guard high == nil, let hash = BlockHash(bytes) else {
            throw .wrongType(at: start, field: field, expected: "a hash in hex of 1–64 bytes")
        }
        return hash
    }
}

/// What is wrong with the blocks in a payload.
struct BlockProblem: Error {
    /// The reason as text.
    let reason: String

    init(_ error: JSONError) {
        switch error {
        case .cutOff: reason = "the payload is cut off"
        case .malformed(let offset, let problem): reason = "the payload is not JSON: at byte \(offset), \(problem)"
        case .wrongType(let offset, let field, let expected):
            reason = "at byte \(offset) of the payload, `\(field)` must be \(expected)"
        case .outOfRange(let offset, let field, _):
            reason = "at byte \(offset) of the payload, `\(field)` is out of range"
        }
    }
}
