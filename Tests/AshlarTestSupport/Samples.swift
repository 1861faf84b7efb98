package import Ashlar
import AshlarFormat
import AshlarStorage

/// Small blocks with content that can be told apart.
package enum Samples {
    /// A 32-byte hash from a number, and a letter for the branch.
    package static func hash(_ height: Int64, _ branch: Character = "a") -> BlockHash {
        var bytes = [UInt8](repeating: 0, count: 32)
        bytes[0] = UInt8(truncatingIfNeeded: branch.asciiValue.map { Int($0) } ?? 0)
        for index in 0..<8 { bytes[31 - index] = UInt8(truncatingIfNeeded: height >> (8 * Int64(index))) }
        return BlockHash(bytes) ?? .none
    }

    /// The block at `height` of `branch`, on top of `parentBranch`.
    package static func block(_ height: Int64, _ branch: Character = "a", on parentBranch: Character? = nil) -> Block {
        Block(
            height: height, hash: hash(height, branch), parent: hash(height - 1, parentBranch ?? branch),
            timestamp: Timestamp(seconds: 1_700_000_000 + height * 600))
    }

    /// `count` events of two models and three types, whose payloads name height, branch and ordinal.
    package static func events(_ height: Int64, _ branch: Character = "a", count: Int = 5) -> [Event] {
        (0..<count).map { ordinal in
            Event(
                model: ordinal % 3 == 0 ? "headers" : "utxo", type: "type.\(ordinal % 3)",
                payload: Array("{\"height\":\(height),\"branch\":\"\(branch)\",\"ordinal\":\(ordinal)}".utf8))
        }
    }

    /// Options for a store that is made on the spot.
    package static func options(_ change: (inout WriterOptions) -> Void = { _ in }) -> WriterOptions {
        var options = WriterOptions()
        options.creation = CreationOptions()
        options.durability = .manual
        change(&options)
        return options
    }
}

/// What `body` throws, or nil if it does not.
package func failure(_ body: () throws(StoreError) -> Void) -> StoreError? {
    do throws(StoreError) {
        try body()
        return nil
    } catch {
        return error
    }
}
