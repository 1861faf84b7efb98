import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar

@Suite("Snapshot files")
struct SnapshotRoundTripTests {
    @Test(
        "give back what was written, whatever the codec and size", arguments: [Compression.none, .lz4, .zlib],
        [0, 1, 99, 100, 101, 200, 1_000, 54_321])
    func sizes(compression: Compression, count: Int) throws {
        let storage = MemoryStorage()
        let bytes = SnapshotSamples.bytes(count)
        let entry = try SnapshotSamples.write(bytes, compression: compression, chunkBytes: 100, to: storage)
        #expect(try SnapshotSamples.read(entry.fileName, in: storage, step: 77) == bytes)
        let file = try SnapshotFile(entry.fileName, in: storage)
        try file.verify()
        #expect(file.trailer.rawBytes == UInt64(count))
        #expect(file.trailer.chunkCount == UInt64((count + 99) / 100))
        #expect(file.trailer.rawCRC == bytes.withUnsafeBytes { Checksum.crc($0) })
        #expect(file.identity == SnapshotSamples.identity())
        #expect(try entry.fileBytes == storage.open(entry.fileName, .read).size())
    }

    @Test("of several whole chunks of 1 MiB give back what was written", arguments: [0, 1, 500])
    func large(extra: Int) throws {
        let storage = MemoryStorage()
        let bytes = SnapshotSamples.bytes(7 << 20 + extra)
        let entry = try SnapshotSamples.write(bytes, to: storage)
        #expect(try SnapshotSamples.read(entry.fileName, in: storage, step: 3 << 20) == bytes)
        #expect(entry.fileBytes < bytes.count)
    }

    @Test("keep integers, varints, texts and bytes apart from where chunks end", arguments: 1...40)
    func values(chunkBytes: Int) throws {
        let storage = MemoryStorage()
        let integers: [UInt64] = [0, 1, 127, 128, 300, 1 << 35, .max - 1, .max]
        let entry = try SnapshotWriter.write(SnapshotSamples.identity(), to: storage, chunkBytes: chunkBytes) {
            output in
            for value in integers {
                try output.append(value)
                try output.append(varint: value)
                try output.append(varint: Int64(bitPattern: value))
                try output.append(UInt16(truncatingIfNeeded: value))
                try output.append(sized: "text \(value) ☃")
                try output.append(value % 2 == 0)
                try output.append(Double(value) / 3)
                try output.append(sized: Array("bytes \(value)".utf8))
            }
            #expect(output.byteCount > 8 * 30)
        }.publish()
        try SnapshotFile(entry.fileName, in: storage).read { (input: inout SnapshotInput) throws in
            for value in integers {
                #expect(try input.read(UInt64.self) == value)
                #expect(try input.readVarint() == value)
                #expect(try input.readSignedVarint() == Int64(bitPattern: value))
                #expect(try input.read(UInt16.self) == UInt16(truncatingIfNeeded: value))
                #expect(try input.readSizedString() == "text \(value) ☃")
                #expect(try input.readBool() == (value % 2 == 0))
                #expect(try input.readDouble() == Double(value) / 3)
                #expect(try input.readSizedArray() == Array("bytes \(value)".utf8))
            }
        }
    }

    @Test("take a few buffers, however much goes through them")
    func bounded() throws {
        let storage = MemoryStorage()
        let bytes = SnapshotSamples.bytes(1 << 20)
        let header = SnapshotHeader(
            identity: SnapshotSamples.identity(), createdTime: 0, attempt: 5, codec: .lz4, chunkBytes: 10_000)
        let sink = try SnapshotChunkWriter(header, to: storage.open("x", .create))
        var output = SnapshotOutput(sink)
        for _ in 0..<8 { try output.append(bytes: bytes.span.bytes) }
        try output.finish()
        #expect(sink.bufferCount <= SnapshotChunkWriter.bufferLimit)
        #expect(sink.trailer.rawBytes == 8 << 20)
        let source = SnapshotChunkReader("x", header, sink.trailer, try storage.open("x", .read))
        defer { source.stop() }
        for _ in 0..<sink.trailer.chunkCount { _ = try source.next() }
        #expect(source.bufferCount <= SnapshotChunkReader.bufferLimit)
    }

    @Test("of one state have the same CRC of raw bytes under every codec")
    func rawCRC() throws {
        let storage = MemoryStorage()
        let crcs = try [Compression.none, .lz4, .zlib].map {
            try SnapshotSamples.write(SnapshotSamples.bytes(999), compression: $0, chunkBytes: 64, to: storage)
                .trailer?.rawCRC
        }
        #expect(Set(crcs).count == 1)
        #expect(try storage.list().count == 1, "the later ones took the place of the earlier")
    }

    @Test("store what does not get smaller, or too small to be safe, as it is")
    func incompressible() throws {
        let storage = MemoryStorage()
        var random = SplitMix64(seed: 3)
        let noise = try SnapshotSamples.write(random.bytes(300_000), compression: .zlib, to: storage)
        #expect(noise.fileBytes == 512 + 16 + 300_000 + 64)
        let zeros = try SnapshotSamples.write(
            [UInt8](repeating: 0, count: 300_000), compression: .zlib, to: storage)
        try SnapshotFile(zeros.fileName, in: storage).verify()
    }

    @Test("have names that sort by height and are safe for any model")
    func names() throws {
        let storage = MemoryStorage()
        let models = [
            "a/../b", "☃", ".", "..", "a-b", "a_b", String(repeating: "x", count: 255), "a b\n", "A", "é", "e\u{301}",
        ]
        for model in models {
            for height in [0, 9, 10, 123_456_789, Int64.max - 1] {
                try SnapshotSamples.write(
                    [1], SnapshotSamples.identity(model: model, height: height, sequence: UInt64(height) + 1),
                    to: storage)
            }
        }
        let entries = try SnapshotCatalog(storage).entries()
        #expect(entries.count == models.count * 5)
        for entry in entries {
            #expect(entry.fileName.utf8.count <= 200)
            #expect(entry.fileName.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") })
            #expect(SnapshotName(fileName: entry.fileName).map(\.file) == entry.fileName)
        }
        for model in models {
            let heights = entries.compactMap(\.identity).filter { $0.model.utf8.elementsEqual(model.utf8) }.map(
                \.height)
            #expect(heights == [0, 9, 10, 123_456_789, Int64.max - 1])
        }
    }

    @Test(
        "are refused for what cannot be",
        arguments: [
            SnapshotSamples.identity(model: ""), SnapshotSamples.identity(model: String(repeating: "x", count: 256)),
            SnapshotSamples.identity(model: "a\0b"), SnapshotSamples.identity(height: -1),
            SnapshotSamples.identity(height: .max), SnapshotSamples.identity(sequence: 0),
        ])
    func refused(identity: SnapshotIdentity) throws {
        let storage = MemoryStorage()
        let error = snapshotFailure { () throws(SnapshotError) in
            _ = try SnapshotWriter.write(identity, to: storage) { _ in }
        }
        guard case .invalidArgument = error else { throw try #require(error) }
        #expect(try storage.list().isEmpty)
    }
}
