import Ashlar
import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@Suite("Verification")
struct VerificationTests {
    private func makeStore(_ storage: MemoryStorage) throws {
        var writer = try Writer.open(storage, options: Samples.options { $0.segmentBytes = 4_096 })
        for height in 0..<30 as Range<Int64> {
            _ = try writer.append(Samples.block(height), events: Samples.events(height))
        }
        _ = try writer.append(Samples.block(25, "b", on: "a"), events: Samples.events(25, "b"))
        try writer.close()
    }

    private func flip(_ storage: MemoryStorage, _ name: String, at offset: Int) throws {
        let file = try storage.open(name, .readWrite)
        var byte: [UInt8] = [0]
        _ = try byte.withUnsafeMutableBytes { try file.read(into: $0, at: offset) }
        byte[0] ^= 0x10
        try byte.withUnsafeBytes { try file.write($0, at: offset) }
    }

    @Test("a sound store verifies, and every commit and event is counted", arguments: [1, 3])
    func sound(threads: Int) throws {
        let storage = MemoryStorage()
        try makeStore(storage)
        let report = try StoreVerification.run(storage, threads: threads)
        #expect(report.isSound, "\(report.problems)")
        #expect(report.notices.isEmpty)
        #expect(report.commits == 31)
        #expect(report.events == 31 * 5)
        #expect(report.segments > 2)
    }

    @Test("a flipped bit anywhere in the first commits of a sealed segment is named, and the rest still checked")
    func flipped() throws {
        let clean = MemoryStorage()
        try makeStore(clean)
        for offset in stride(from: 512, to: 2_048, by: 37) {
            let storage = MemoryStorage()
            try makeStore(storage)
            try flip(storage, "0000000001-0000.segment", at: offset)
            let report = try StoreVerification.run(storage)
            #expect(!report.isSound, "offset \(offset)")
            #expect(report.problems.first?.file == "0000000001-0000.segment")
            #expect(report.problems.allSatisfy { $0.offset <= offset })
            #expect(report.commits >= 27, "offset \(offset): \(report)")
        }
    }
}
