import Ashlar
import AshlarStorage
import AshlarTestSupport
import Testing

@Suite("Space")
struct SpaceTests {
    @Test("200 events of 200 bytes in 8 models a block cost at most 24 bytes of overhead each, everything included")
    func overhead() throws {
        var writer = try Writer.open(MemoryStorage(), options: Samples.options { $0.segmentBytes = 4 << 20 })
        let blocks = 200
        for height in 0..<Int64(blocks) {
            var block = Samples.block(height)
            block.requestID = Array("6f9619ff-8b86-d011-b42d-00cf4fc964ff".utf8)
            let events = (0..<200).map {
                Event(
                    model: "model-\($0 % 8)", type: "type-\($0 % 16)",
                    payload: [UInt8](repeating: UInt8($0), count: 200))
            }
            try writer.append(block, events: events)
        }
        let bytes = try writer.store.statistics().bytes
        let overhead = Double(bytes) / Double(blocks * 200) - 200
        #expect(overhead <= 24, "\(overhead) bytes an event")
        #expect(overhead >= 16, "less than the heads alone: \(overhead)")
    }

    @Test("the height index takes 8 bytes a block")
    func index() throws {
        var writer = try Writer.open(MemoryStorage(), options: Samples.options())
        for height in 0..<16_384 as Range<Int64> { try writer.append(Samples.block(height)) }
        #expect(try writer.store.statistics().indexBytes <= 16_384 * 8 + 4_096)
    }
}
