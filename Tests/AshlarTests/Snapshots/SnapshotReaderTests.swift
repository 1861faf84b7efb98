import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar

/// The reader in `Tests/IndependentReader` and ours find the same in snapshots of random states, sound and damaged.
@Suite("Snapshots and the independent reader")
struct SnapshotReaderTests {
    private struct Found: Decodable {
        struct Snapshot: Decodable, Equatable {
            struct Outcome: Decodable, Equatable {
                var kind: String
                var offset: Int?
            }
            var file: String
            var bytes: Int
            var outcome: Outcome
            var rawCRC: String?
        }
        var snapshots: [Snapshot]
    }

    @Test("agree", arguments: 0..<4 as Range<UInt64>)
    func agree(seed: UInt64) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let storage = try FileStorage.create(path: folder.path)
        var random = SplitMix64(seed: seed)
        for height in 0..<8 as Range<Int64> {
            let entry = try SnapshotSamples.write(
                SnapshotSamples.bytes(random.below(60_000), seed: seed), SnapshotSamples.identity(height: height),
                compression: [.none, .lz4, .zlib][random.below(3)], chunkBytes: 1 + random.below(9_000), to: storage)
            guard height % 2 == 1 else { continue }
            let file = try storage.open(entry.fileName, .readWrite)
            let offset = random.below(entry.fileBytes)
            let byte = try file.read(at: offset, count: 1)
            try file.write([byte[0] ^ 1 << UInt8(random.below(8))], at: offset)
        }
        let theirs = try JSONDecoder().decode(Found.self, from: run(folder.path)).snapshots
        #expect(try theirs == SnapshotCatalog(storage).entries().map { try describe($0, storage) })
        #expect(theirs.filter { $0.outcome.kind == "good" }.count == 4)
    }

    private func describe(_ entry: SnapshotEntry, _ storage: any Storage) throws -> Found.Snapshot {
        let error = snapshotFailure { () throws(SnapshotError) in
            _ = try SnapshotFile(entry.fileName, in: storage).verify()
        }
        let outcome: Found.Snapshot.Outcome
        switch error {
        case nil: outcome = .init(kind: "good", offset: nil)
        case .damaged(_, let offset, _): outcome = .init(kind: "damaged", offset: offset)
        default: throw try #require(error)
        }
        let crc = entry.trailer.map { String(Hex.string(UInt64($0.rawCRC)).suffix(8)) }
        return Found.Snapshot(file: entry.fileName, bytes: entry.fileBytes, outcome: outcome, rawCRC: crc)
    }

    private func run(_ path: String) throws -> Data {
        let script = Vectors.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Tests/IndependentReader/ashlar_reader.py").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script, "--snapshots", path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return data
    }
}
