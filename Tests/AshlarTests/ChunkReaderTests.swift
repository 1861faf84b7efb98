import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar

@Suite("Reading a file in chunks")
struct ChunkReaderTests {
    private static func file(_ count: Int) throws -> (any StorageFile, [UInt8]) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 0x9E37_79B1 >> 13) }
        let file = try MemoryStorage().open("f", .create)
        try file.write(bytes, at: 0)
        return (file, bytes)
    }

    @Test("whatever is read in whatever order, the bytes are the file's", arguments: 0..<6)
    func anyOrder(seed: UInt64) throws {
        let (file, bytes) = try Self.file(7 << 20)
        var random = SplitMix64(seed: seed)
        var reader = ChunkReader()
        reader.reset(to: file)
        var offset = 0
        for step in 0..<2_000 {
            if random.below(8) == 0 { offset = random.below(bytes.count) }
            let most = [100, 3_000, 60_000, step % 500 == 0 ? 6 << 20 : 1][random.below(4)]
            let count = 1 + random.below(most)
            let limit = random.below(5) == 0 ? min(bytes.count, offset + 2 * most) : bytes.count + 10
            let found = try reader.load(
                at: offset, count: count, limit: limit, first: 1 << (8 + random.below(8)), alone: random.below(4) == 0)
            guard offset + count <= min(limit, bytes.count) else {
                #expect(found == nil)
                offset = 0
                continue
            }
            let start = try #require(found)
            #expect(UnsafeRawBufferPointer(start: start, count: count).elementsEqual(bytes[offset..<offset + count]))
            // A header first and then the rest, the next commit, or one somewhere behind.
            offset += [0, count, count + random.below(3_000)][random.below(3)]
            if offset >= bytes.count { offset = 0 }
        }
    }

    @Test("a walk takes few reads, a look at one place no more than was asked for first")
    func readsAhead() throws {
        let disk = SimulatedDisk(seed: 1)
        let file = try disk.open("f", .create)
        try file.write([UInt8](repeating: 7, count: 8 << 20), at: 0)
        var reader = ChunkReader()
        reader.reset(to: file)
        var before = disk.count(.read)
        for offset in stride(from: 0, to: 8 << 20, by: 1_000) {
            _ = try reader.load(at: offset, count: min(1_000, (8 << 20) - offset), limit: 8 << 20)
        }
        #expect(disk.count(.read) - before < 20)
        before = disk.count(.read)
        for offset in [5 << 20, 1 << 20, 3 << 20] {
            _ = try reader.load(at: offset, count: 104, limit: 8 << 20)
            _ = try reader.load(at: offset, count: 40_000, limit: 8 << 20)
        }
        #expect(disk.count(.read) - before == 6)
    }
}
