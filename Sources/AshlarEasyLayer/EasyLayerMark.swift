import Ashlar
import AshlarFormat

/// How far an import is, as each of its commits writes it down.
struct EasyLayerMark: Hashable {
    /// What the source was when the import began; see `EasyLayerOutline`.
    var source: UInt64
    /// Steps of the chain done: blocks and rollbacks.
    var steps: UInt64 = 0
    /// The last height whose rows are in the store; −1 if there is none.
    var height: Int64 = -1
    /// Batches of rows without a height done.
    var batches: UInt64 = 0

    private static let magic: UInt64 = 0x3130_5245_594C_5345

    init(source: UInt64) { self.source = source }

    /// The mark in these bytes; nil if they are none.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 40 else { return nil }
        let words = (0..<5).map { index in
            bytes[index * 8..<index * 8 + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        }
        guard words[0] == Self.magic else { return nil }
        source = words[1]
        steps = words[2]
        height = Int64(bitPattern: words[3])
        batches = words[4]
    }

    /// The mark as bytes.
    var bytes: [UInt8] {
        [Self.magic, source, steps, UInt64(bitPattern: height), batches].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
    }
}
