import Ashlar
import AshlarFormat

/// The synthetic workload of `ashlar bench`: everything is made before the clock starts.
///
/// Payloads are JSON-like text of random lengths, so that compression sees what chains produce.
struct Workload: Sendable {
    struct Shape: Sendable {
        var blocks: Int
        var eventsPerBlock: Int
        var payloads: PayloadSizes
        var models: Int
        var types: Int
        var seed: UInt64
    }

    /// The pool of payloads ends at this many, or at about so many bytes: then they come again.
    private static let poolCount = 65_536
    private static let poolBytes = 64 << 20

    let shape: Shape
    /// All payloads one behind the other; `ends[i]` is where the i-th ends.
    let bytes: [UInt8]
    let ends: [Int]
    /// For each payload of the pool: model and type it is appended with.
    let kinds: [(model: Int, type: Int)]

    init(_ shape: Shape) {
        self.shape = shape
        var random = SplitMix(state: shape.seed)
        var bytes: [UInt8] = []
        var ends: [Int] = []
        var kinds: [(Int, Int)] = []
        let poolSize = min(Self.poolCount, max(1, shape.blocks * shape.eventsPerBlock))
        while ends.count < poolSize, bytes.count < Self.poolBytes {
            let length = shape.payloads.next(using: &random)
            Self.appendPayload(length, &bytes, &random)
            ends.append(bytes.count)
            kinds.append(
                (Int.random(in: 0..<shape.models, using: &random), Int.random(in: 0..<shape.types, using: &random)))
        }
        self.bytes = bytes
        self.ends = ends
        self.kinds = kinds
    }

    private static func appendPayload(_ length: Int, _ bytes: inout [UInt8], _ random: inout SplitMix) {
        let start = bytes.count
        bytes.append(contentsOf: #"{"address":"0x"#.utf8)
        let digits = Array("0123456789abcdef".utf8)
        var word: UInt64 = 0
        while bytes.count - start < length - 2 {
            if word == 0 { word = random.next() | 1 << 60 }
            bytes.append(digits[Int(word & 15)])
            word >>= 4
        }
        bytes.append(contentsOf: #""}"#.utf8)
        bytes.removeSubrange((start + length)...)
    }

    /// Bytes of payload that all blocks hold together.
    var payloadBytes: Int {
        let count = shape.blocks * shape.eventsPerBlock
        let whole = count / ends.count
        let rest = count % ends.count
        return whole * bytes.count + (rest > 0 ? ends[rest - 1] : 0)
    }

    static func hash(_ height: Int64) throws(StoreError) -> BlockHash {
        var random = SplitMix(state: UInt64(bitPattern: height) &* 0x9E37_79B9_7F4A_7C15 | 1)
        var bytes: [UInt8] = []
        for _ in 0..<4 {
            let word = random.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        guard let hash = BlockHash(bytes) else { throw .invalidArgument("a hash of \(bytes.count) bytes") }
        return hash
    }
}

/// A small deterministic generator, so that a seed gives the same workload everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
