import AshlarFormat
import AshlarStorage
import AshlarTestSupport

@testable import Ashlar

/// Snapshots of bytes that can be told apart.
enum SnapshotSamples {
    static func identity(
        model: String = "utxo", schemaVersion: UInt32 = 1, height: Int64 = 7, sequence: UInt64 = 9
    ) -> SnapshotIdentity {
        SnapshotIdentity(
            storeID: StoreID(high: 1, low: 2), model: model, schemaVersion: schemaVersion, height: height,
            blockHash: Samples.hash(height), sequence: sequence, chainValue: 0x1234)
    }

    /// `count` bytes: words that repeat often enough to be worth compressing.
    static func bytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 16)
        while bytes.count < count { bytes += random.chance(60) ? Array("balance of ".utf8) : random.bytes(9) }
        return Array(bytes.prefix(count))
    }

    /// Writes and publishes a snapshot of `bytes`.
    @discardableResult
    static func write(
        _ bytes: [UInt8], _ identity: SnapshotIdentity = identity(), compression: Compression = .lz4,
        chunkBytes: Int = 1 << 20, to storage: any Storage
    ) throws -> SnapshotEntry {
        try SnapshotWriter.write(identity, compression: compression, to: storage, chunkBytes: chunkBytes) {
            try $0.append(bytes: bytes.span.bytes)
        }.publish()
    }

    /// All raw bytes of a snapshot, read in pieces that do not fall together with chunks.
    static func read(_ name: String, in storage: any Storage, step: Int = 1_000) throws(SnapshotError) -> [UInt8] {
        try SnapshotFile(name, in: storage).read { input in
            var bytes: [UInt8] = []
            while !input.isAtEnd {
                let piece = try input.readBytes(count: min(step, input.remaining))
                piece.withUnsafeBytes { bytes += $0 }
            }
            return bytes
        }
    }
}

/// The error that `body` throws, or nil.
func snapshotFailure(_ body: () throws(SnapshotError) -> Void) -> SnapshotError? {
    do throws(SnapshotError) {
        try body()
        return nil
    } catch {
        return error
    }
}

extension SnapshotError {
    var isDamage: Bool { if case .damaged = self { true } else { false } }
    var isMalformed: Bool { if case .malformed = self { true } else { false } }
    var modelError: (any Error)? { if case .model(let error) = self { error } else { nil } }
    var code: Int32? { if case .inputOutput(_, _, let code) = self { code } else { nil } }
}
