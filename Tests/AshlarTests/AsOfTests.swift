import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Views of what was believed before")
struct AsOfTests {
    private func heights(_ view: View) throws -> [Int64] { try view.blocks().map { try $0.get().block.height } }

    @Test("show no block that came later below the height of a rollback to a skipped one")
    func rollbackToSkippedHeight() throws {
        var writer = try Writer.open(SimulatedDisk(seed: 1), options: options(gaps: true))
        for height in [1, 3, 7] as [Int64] {
            var next = block(height)
            if height > 1 { next.parent = blockHash(height == 3 ? 1 : 3) }
            try writer.append(next, events: events(height))
        }
        try writer.rollback(toHeight: 5)
        var later = block(4, 1)
        later.parent = blockHash(3)
        try writer.append(later, events: events(4, 1))
        let view = try writer.store.view(asOf: 3)
        #expect(view.tipHeight == 7)
        #expect(try heights(view) == [1, 3, 7])
        #expect(try view.block(height: 4) == nil)
        #expect(try view.events().count == 9)
        #expect(try heights(writer.store.view()) == [1, 3, 4])
        try writer.close()
    }

    @Test("find a block by its hash though it was appended again in a later segment", arguments: [1, 1_024])
    func appendedAgain(recentHashes: Int) throws {
        var wanted = options(segmentBytes: 4_096)
        wanted.recentHashes = recentHashes
        var writer = try Writer.open(SimulatedDisk(seed: 1), options: wanted)
        try writer.append(0...5)
        try writer.rollback(toHeight: 3)
        try writer.append(block(4, 1, on: 0), events: events(4, 1))
        try writer.append(5...30, 1)
        try writer.rollback(toHeight: 3)
        try writer.append(4...5)
        let store = writer.store
        for sequence in [6, UInt64(writer.sequence)] {
            #expect(try store.view(asOf: sequence).block(hash: blockHash(5))?.block.height == 5)
        }
        #expect(try store.view(asOf: 6).block(hash: blockHash(5))?.sequence == 6)
        #expect(try store.view(asOf: 20).block(hash: blockHash(5)) == nil)
        #expect(try store.blocks(hash: blockHash(5)).map(\.sequence) == [writer.sequence, 6])
        try writer.rollback(toHeight: 3)
        try writer.adopt(branch: [.known(sequence: 5), .known(sequence: 6)])
        #expect(try store.view().block(hash: blockHash(5))?.sequence == 6)
        try writer.adopt(branch: [.known(sequence: 8), .known(sequence: 9)])
        #expect(try store.view().block(hash: blockHash(5, 1))?.sequence == 9)
        try writer.close()
    }
}
