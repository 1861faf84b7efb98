import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar

/// The golden snapshot files in `format-spec/vectors/snapshots`.
@Suite("Golden snapshots")
struct SnapshotVectorTests {
    private static let folder = Vectors.folder.appendingPathComponent("snapshots")
    private static let store = folder.appendingPathComponent("store")
    private static let expected = folder.appendingPathComponent("expected.json")

    /// Only on request, and never over what is there: `ASHLAR_WRITE_VECTORS=1 swift test --filter SnapshotVectorTests`.
    @Test(
        "missing ones are made on request",
        .enabled(if: ProcessInfo.processInfo.environment["ASHLAR_WRITE_VECTORS"] != nil))
    func write() throws {
        guard !FileManager.default.fileExists(atPath: Self.expected.path) else { return }
        try FileManager.default.createDirectory(at: Self.store, withIntermediateDirectories: true)
        let storage = try FileStorage(path: Self.store.path)
        try Self.makeAll(in: storage)
        try JSONSerialization.data(withJSONObject: Self.dump(storage), options: [.prettyPrinted, .sortedKeys])
            .write(to: Self.expected)
    }

    @Test("every one reads as expected")
    func read() throws {
        let storage = try FileStorage(path: Self.store.path)
        let found = try JSONSerialization.data(
            withJSONObject: Self.dump(storage), options: [.prettyPrinted, .sortedKeys])
        let expected = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.expected))
        let again = try JSONSerialization.data(withJSONObject: expected, options: [.prettyPrinted, .sortedKeys])
        #expect(String(decoding: found, as: UTF8.self) == String(decoding: again, as: UTF8.self))
    }

    @Test("what is uncompressed is written today byte for byte as it was")
    func written() throws {
        let memory = MemoryStorage()
        try Self.make("plain", .none, in: memory, Self.coded)
        let name = try #require(try memory.list().first)
        let golden = try FileStorage(path: Self.store.path).open(name, .read)
        let fresh = try memory.open(name, .read)
        #expect(try golden.read(at: 0, count: golden.size()) == fresh.read(at: 0, count: fresh.size()))
    }

    // MARK: making them

    private struct Account: Encodable {
        var owner = "alice"
        var balance = 5_000_000_000
        var spent: Int?
        var keys: [[UInt8]] = [[0xAB, 0xCD], []]
        var changes = [1, -2]
    }

    private static func coded(_ output: inout SnapshotOutput) throws {
        try output.append(UInt32(1))
        try output.append(varint: UInt64(300))
        try output.append(sized: "☃")
        try output.encode(Account())
    }

    private static func many(_ output: inout SnapshotOutput) throws {
        var random = SplitMix64(seed: 11)
        for number in 0..<30 {
            try output.append(varint: UInt64(number))
            try output.append(
                sized: number % 10 == 4 ? random.bytes(90) : Array("the balance of account \(number)".utf8))
        }
    }

    private static func make(
        _ model: String, _ codec: Codec, in storage: any Storage, chunkBytes: Int = 1 << 20,
        _ body: (inout SnapshotOutput) throws -> Void
    ) throws {
        let identity = SnapshotIdentity(
            storeID: StoreID(high: 0x0706_0504_0302_0100, low: 0x0F0E_0D0C_0B0A_0908), model: model, schemaVersion: 3,
            height: 4_312, blockHash: Samples.hash(4_312), sequence: 4_400, chainValue: 0x1122_3344_5566_7788)
        let header = SnapshotHeader(
            identity: identity, createdTime: 1_700_000_000_000_000, attempt: 0xA1A2_A3A4_A5A6_A7A8, codec: codec,
            chunkBytes: chunkBytes)
        _ = try SnapshotWriter.write(header, to: storage, body: body).publish()
    }

    private static func makeAll(in storage: any Storage) throws {
        try make("plain", .none, in: storage, coded)
        try make("lz4", .lz4, in: storage, many)
        try make("zlib", .zlib, in: storage, many)
        try make("chunks/☃", .lz4, in: storage, chunkBytes: 128, many)
        try make("empty", .lz4, in: storage) { _ in }
        for model in ["flipped", "truncated", "newer", "short"] {
            try make(model, .lz4, in: storage, chunkBytes: 128, many)
        }
        try change("flipped", storage) { $0[900] ^= 0x10 }
        try change("truncated", storage) { $0.removeLast(70) }
        try change("short", storage) { $0.removeLast($0.count - 511) }
        try change("newer", storage) { bytes in
            bytes[8] = 2
            let crc = bytes[..<508].withUnsafeBytes { Checksum.crc($0) }
            bytes.replaceSubrange(508..<512, with: withUnsafeBytes(of: crc.littleEndian) { Array($0) })
        }
    }

    private static func change(_ model: String, _ storage: any Storage, _ body: (inout [UInt8]) -> Void) throws {
        let name = try #require(try storage.list().first { $0.hasPrefix(model) })
        let file = try storage.open(name, .readWrite)
        var bytes = try file.read(at: 0, count: file.size())
        body(&bytes)
        try file.truncate(to: bytes.count)
        try file.write(bytes, at: 0)
    }

    // MARK: telling what is in them

    /// What `format-spec/vectors/README.md` tells a reader to find.
    private static func dump(_ storage: any Storage) throws -> [String: Any] {
        ["snapshots": try SnapshotCatalog(storage).entries().map { try describe($0, storage) }]
    }

    private static func describe(_ entry: SnapshotEntry, _ storage: any Storage) throws -> [String: Any] {
        var object: [String: Any] = ["file": entry.fileName, "bytes": entry.fileBytes]
        guard case .whole(let header, let trailer) = entry.contents else {
            if case .unusable(let error) = entry.contents { object["outcome"] = outcome(error) }
            return object
        }
        object["storeId"] = header.identity.storeID.description
        object["model"] = header.identity.model
        object["schemaVersion"] = Int(header.identity.schemaVersion)
        object["height"] = Int(header.identity.height)
        object["blockHash"] = header.identity.blockHash.description
        object["sequence"] = Int(header.identity.sequence)
        object["chainValue"] = Hex.string(header.identity.chainValue)
        object["createdTime"] = Int(header.createdTime)
        object["attempt"] = Hex.string(header.attempt)
        object["codec"] = Int(header.codec.rawValue)
        object["chunkBytes"] = header.chunkBytes
        object["chunkCount"] = Int(trailer.chunkCount)
        object["rawBytes"] = Int(trailer.rawBytes)
        object["digest"] = Hex.string(trailer.digest)
        object["rawCRC"] = hex(trailer.rawCRC)
        do throws(SnapshotError) {
            let raw = try SnapshotSamples.read(entry.fileName, in: storage)
            object["raw"] = Hex.string(raw)
            object["outcome"] = ["kind": "good"]
        } catch {
            object["outcome"] = outcome(error)
        }
        return object
    }

    private static func outcome(_ error: SnapshotError) -> [String: Any] {
        switch error {
        case .damaged(_, let offset, _): ["kind": "damaged", "offset": offset]
        case .unsupported: ["kind": "unsupported"]
        default: ["kind": "\(error)"]
        }
    }

    private static func hex(_ value: UInt32) -> String {
        Hex.string((0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) })
    }
}
