import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar

@Suite("Reading a file in chunks")
struct ChunkReaderTests {
    private static let bytes: [UInt8] = {
        var random = SplitMix64(seed: 9)
        var words = [UInt64](repeating: 0, count: 3 << 17)
        for index in words.indices { words[index] = random.next() }
        return words.withUnsafeBytes { [UInt8]($0) }
    }()

    @Test("whatever is read in whatever order, the bytes are the file's", arguments: 0..<6)
    func anyOrder(seed: UInt64) throws {
        let bytes = Self.bytes
        let file = try MemoryStorage().open("f", .create)
        try file.write(bytes, at: 0)
        var random = SplitMix64(seed: seed)
        var reader = ChunkReader()
        reader.reset(to: file)
        var offset = 0
        for step in 0..<500 {
            if random.below(8) == 0 { offset = random.below(bytes.count) }
            let most = [100, 3_000, 60_000, step % 100 == 0 ? 5 << 19 : 1][random.below(4)]
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
            let isSame = bytes.withUnsafeBytes { whole in
                whole.baseAddress.map { memcmp($0 + offset, start, count) == 0 }
            }
            #expect(isSame == true)
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
