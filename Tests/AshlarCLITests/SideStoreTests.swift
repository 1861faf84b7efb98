import AshlarCLI
import Testing

@Suite("Side store")
struct SideStoreTests {
    private func block(_ height: Int64, _ text: String, at offset: Int64 = 0) -> SideBlock {
        SideBlock(height: height, line: Array(text.utf8), lineNumber: 7, startOffset: offset)
    }

    @Test("a kept line comes back byte for byte, until it is let go")
    func keeps() throws {
        var side = SideStore()
        try side.keep(block(1, "one", at: 50), of: [1])
        try side.keep(block(2, "two", at: 20), of: [2])
        #expect(side[[1]] == block(1, "one", at: 50))
        #expect(side.earliestOffset == 20)
        side.remove([2])
        side.remove([2])
        #expect(side[[2]] == nil)
        #expect(side.earliestOffset == 50)
        #expect(side.count == 1 && side.bytes == 3)
    }

    @Test("more bytes than allowed are refused, and nothing is forgotten for them")
    func isBounded() throws {
        var side = SideStore(maximumBytes: 6)
        try side.keep(block(1, "one"), of: [1])
        try side.keep(block(2, "two"), of: [2])
        try side.keep(block(2, "TWO"), of: [2])
        var refusal: InputError?
        do { try side.keep(block(3, "x"), of: [3]) } catch { refusal = error }
        #expect(refusal == .sideBlocksTooLarge(line: 7, bytes: 7, limit: 6))
        #expect(side.count == 2 && side.bytes == 6)
    }

    @Test("what is at or below the final height is dropped")
    func drops() throws {
        var side = SideStore()
        for height in 1...5 as ClosedRange<Int64> { try side.keep(block(height, "line"), of: [UInt8(height)]) }
        side.drop(atOrBelow: 0)
        #expect(side.count == 5)
        side.drop(atOrBelow: 3)
        #expect(side.count == 2 && side.bytes == 8)
        #expect(side[[3]] == nil && side[[4]] != nil)
        side.drop(atOrBelow: 5)
        #expect(side.count == 0 && side.bytes == 0 && side.earliestOffset == nil)
    }
}
