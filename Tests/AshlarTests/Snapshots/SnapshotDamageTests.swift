import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar

@Suite("Damaged snapshots")
struct SnapshotDamageTests {
    /// A small snapshot of several chunks, and its file's bytes.
    private func sample(_ compression: Compression = .lz4) throws -> (name: String, bytes: [UInt8], disk: SimulatedDisk)
    {
        let disk = SimulatedDisk(seed: 1)
        let entry = try SnapshotSamples.write(
            SnapshotSamples.bytes(250), compression: compression, chunkBytes: 80, to: disk)
        return (entry.fileName, try #require(disk[entry.fileName]), disk)
    }

    private func failure(_ disk: SimulatedDisk, _ name: String) -> SnapshotError? {
        snapshotFailure { () throws(SnapshotError) in _ = try SnapshotSamples.read(name, in: disk) }
    }

    @Test("every flipped bit of every byte is noticed", arguments: [Compression.none, .lz4, .zlib])
    func flips(compression: Compression) throws {
        let (name, bytes, disk) = try sample(compression)
        for offset in bytes.indices {
            for bit in [0, 3, 7] {
                var damaged = bytes
                damaged[offset] ^= 1 << UInt8(bit)
                disk[name] = damaged
                #expect(failure(disk, name)?.isDamage == true, "byte \(offset)")
            }
        }
    }

    @Test("every truncation and every appended byte is noticed without reading the chunks")
    func truncations() throws {
        let (name, bytes, disk) = try sample()
        for count in 0..<bytes.count {
            disk[name] = Array(bytes[..<count])
            #expect(try SnapshotCatalog(disk).entries().first?.header == nil, "\(count) bytes")
        }
        disk[name] = bytes + [0]
        #expect(try SnapshotCatalog(disk).entries().first?.header == nil)
        disk[name] = bytes
        #expect(failure(disk, name) == nil)
    }

    @Test("chunks out of order, left out, or of another file are noticed")
    func chunks() throws {
        let (name, bytes, disk) = try sample(.none)
        let length = SnapshotChunkHead.size + 80
        let first = 512..<512 + length
        let second = first.upperBound..<first.upperBound + length
        var swapped = bytes
        swapped.replaceSubrange(first, with: bytes[second])
        swapped.replaceSubrange(second, with: bytes[first])
        disk[name] = swapped
        #expect(failure(disk, name)?.isDamage == true)
        // The same state written a second time: the same raw bytes, of another attempt.
        let (_, others, _) = try sample(.none)
        disk[name] = Array(bytes[..<first.lowerBound]) + others[first] + bytes[first.upperBound...]
        #expect(failure(disk, name)?.isDamage == true)
    }

    @Test("whatever a header or trailer claims, nothing crashes and nothing is taken for a state", arguments: 0..<300)
    func hostile(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let (name, original, disk) = try sample([.none, .lz4, .zlib][Int(seed % 3)])
        var bytes = original
        let extremes: [UInt64] = [0, 1, 80, 255, 1 << 20, 1 << 22, 0x7FFF_FFFF, 0xFFFF_FFFF, .max >> 1, .max]
        for _ in 0...random.below(3) {
            let places = [0..<96, 512..<528, bytes.count - 64..<bytes.count - 4]
            let place = places[random.below(3)]
            let value = random.chance(70) ? extremes[random.below(extremes.count)] : random.next()
            let offset = place.lowerBound + random.below(place.count / 4) * 4
            let width = min([1, 2, 4, 8][random.below(4)], place.upperBound - offset)
            for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
        }
        reseal(&bytes, original)
        disk[name] = bytes
        do throws(SnapshotError) {
            let read = try SnapshotSamples.read(name, in: disk)
            #expect(read == SnapshotSamples.bytes(250))
        } catch {
            #expect(error.modelError == nil, "\(error)")
        }
    }

    /// Puts the checksums of header, first chunk and trailer right, as a stranger would.
    private func reseal(_ bytes: inout [UInt8], _ original: [UInt8]) {
        func put(_ value: UInt32, _ offset: Int) {
            bytes.replaceSubrange(offset..<offset + 4, with: withUnsafeBytes(of: value.littleEndian) { Array($0) })
        }
        func crc(_ range: Range<Int>, _ seed: UInt32) -> UInt32 {
            bytes[range].withUnsafeBytes { Checksum.crc($0, seed: seed) }
        }
        put(crc(0..<508, 0), 508)
        guard let header = try? SnapshotHeader(decoding: bytes.span.bytes) else { return }
        let stored = Int(bytes.span.bytes.u32(516))
        if 528 + stored <= bytes.count {
            put(crc(528..<528 + stored, crc(512..<524, header.seed(chunk: 0))), 524)
        }
        put(crc(bytes.count - 64..<bytes.count - 4, header.seed(chunk: .max)), bytes.count - 4)
    }

    @Test("random bytes as content are an error for whoever reads values from them", arguments: 0..<200)
    func hostileContent(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let storage = MemoryStorage()
        let bytes = random.bytes(random.below(200))
        let entry = try SnapshotSamples.write(bytes, chunkBytes: 16, to: storage)
        let error = snapshotFailure { () throws(SnapshotError) in
            try SnapshotFile(entry.fileName, in: storage).read { (input: inout SnapshotInput) throws in
                for _ in 0..<1_000 {
                    switch random.below(6) {
                    case 0: _ = try input.readSizedString()
                    case 1: _ = try input.readVarint()
                    case 2: _ = try input.readSizedArray()
                    case 3: _ = try input.readBytes(count: Int(truncatingIfNeeded: random.next()))
                    case 4: #expect(try input.readCount(bytesEach: 4) <= 50)
                    default: _ = try input.read(UInt32.self)
                    }
                }
            }
        }
        #expect(error?.isMalformed == true)
    }

    @Test("a state that reads too little or too much is an error, never half a state")
    func mismatch() throws {
        let (name, _, disk) = try sample()
        let file = try SnapshotFile(name, in: disk)
        let less = snapshotFailure { () throws(SnapshotError) in try file.read { _ = try $0.readBytes(count: 249) } }
        #expect(less?.isMalformed == true)
        let more = snapshotFailure { () throws(SnapshotError) in try file.read { _ = try $0.readBytes(count: 251) } }
        #expect(more?.isMalformed == true)
    }

    @Test("what the model throws comes out as its own, and no thread is left behind")
    func modelErrors() throws {
        struct Broken: Error {}
        let disk = SimulatedDisk(seed: 1)
        let bytes = SnapshotSamples.bytes(5_000)
        let writing = snapshotFailure { () throws(SnapshotError) in
            _ = try SnapshotWriter.write(SnapshotSamples.identity(), to: disk, chunkBytes: 100) {
                try $0.append(bytes: bytes.span.bytes)
                throw Broken()
            }
        }
        #expect(writing?.modelError is Broken)
        #expect(disk.fileNames.isEmpty)
        let entry = try SnapshotSamples.write(bytes, chunkBytes: 100, to: disk)
        let file = try SnapshotFile(entry.fileName, in: disk)
        let reading = snapshotFailure { () throws(SnapshotError) in
            try file.read {
                _ = try $0.readBytes(count: 2_500)
                throw Broken()
            }
        }
        #expect(reading?.modelError is Broken)
    }

    @Test("a failing read is an I/O error, not damage")
    func readErrors() throws {
        let (name, _, disk) = try sample()
        for skipping in 0..<8 {
            disk.fail(.read, skipping: skipping)
            #expect(failure(disk, name)?.code == SystemCalls.inputOutput, "read \(skipping)")
        }
    }
}
