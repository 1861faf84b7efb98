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
}
