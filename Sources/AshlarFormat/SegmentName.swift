/// The names of the files of a store; see "Files of a store" in `format-spec/segment.md`.
package struct SegmentName: Hashable, Sendable {
    package let number: UInt64
    package let generation: UInt32

    package init(number: UInt64, generation: UInt32 = 0) {
        self.number = number
        self.generation = generation
    }

    /// The segment a file name stands for, or nil if it is not `NNNNNNNNNN-GGGG.segment`.
    package init?(fileName: String) {
        let text = Array(fileName.utf8)
        let suffix = Array(".segment".utf8)
        guard text.count == 15 + suffix.count, text[10] == UInt8(ascii: "-"),
            text.suffix(suffix.count).elementsEqual(suffix)
        else { return nil }
        guard let number = Self.decimal(text[0..<10]), let generation = Self.decimal(text[11..<15]), number >= 1
        else { return nil }
        self.init(number: number, generation: UInt32(generation))
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            guard digit >= 48, digit <= 57 else { return nil }
            value = value * 10 + UInt64(digit - 48)
        }
        return value
    }

    private var stem: String {
        let number = String(number)
        let generation = String(generation)
        return String(repeating: "0", count: max(0, 10 - number.count)) + number + "-"
            + String(repeating: "0", count: max(0, 4 - generation.count)) + generation
    }

    package var segmentFile: String { stem + ".segment" }
    package var indexFile: String { stem + ".index" }

    package static let noteFile = "durable"
    package static let lockFile = "lock"
    package static let temporarySuffix = ".tmp"
}
