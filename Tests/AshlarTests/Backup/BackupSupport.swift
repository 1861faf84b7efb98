import AshlarStorage
import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// Memory as a stream; with `room`, it breaks like a pipe after so many bytes.
final class MemoryStream: ByteSink, ByteSource {
    let name = "memory"
    var bytes: [UInt8]
    private var position = 0
    private let room: Int

    init(_ bytes: [UInt8] = [], room: Int = .max) { (self.bytes, self.room) = (bytes, room) }

    func write(_ chunk: UnsafeRawBufferPointer) throws(StorageError) {
        bytes += chunk.prefix(max(0, room - bytes.count))
        if bytes.count >= room { throw StorageError(operation: "write", path: name, code: 32) }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
        let count = min(buffer.count, bytes.count - position)
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}

/// The error that `body` throws, or nil.
func backupFailure(_ body: () throws(BackupError) -> Void) -> BackupError? {
    do throws(BackupError) {
        try body()
        return nil
    } catch {
        return error
    }
}

extension LogContents {
    /// What is restored from a generation of a backup (the newest if nil), after looking at every byte of it.
    init(backup: any Storage, generation: UInt64? = nil, endingAt point: RestorePoint = .end) throws {
        let target = SimulatedDisk(seed: 99)
        _ = try Backup.restore(backup, generation: generation, into: target, endingAt: point)
        // Nothing of it may be lost once it was told.
        try self.init(restored: target.onlyDurable())
    }

    /// What is in an archive.
    init(archive: [UInt8]) throws {
        let target = SimulatedDisk(seed: 99)
        _ = try Backup.restore(MemoryStream(archive), into: target)
        try self.init(restored: target.onlyDurable())
    }

    private init(restored: SimulatedDisk) throws {
        let report = try StoreVerification.run(restored)
        guard report.isSound, report.notices.isEmpty else {
            throw StoreError.invalidArgument("restored: \(report.problems) \(report.notices)")
        }
        try self.init(restored, horizon: .durable)
        // A writer finds nothing to mend, and goes on.
        let writer = try Writer.open(restored, options: options())
        guard writer.recovery.isClean, writer.sequence == state.sequence else {
            throw StoreError.invalidArgument("restored: \(writer.recovery)")
        }
        try writer.close()
    }
}

/// Stores to back up.
enum BackupSamples {
    static let rules = options(segmentBytes: 4_096, finalityDepth: 4)

    /// 41 blocks, the last three of them on a fork, in small segments.
    static func disk(seed: UInt64 = 1) throws(StoreError) -> SimulatedDisk {
        try SimulatedDisk.store(rules, seed: seed) { (writer) throws(StoreError) in
            try writer.append(0...40)
            try writer.append(block(38, 1, on: 0), events: events(38, 1))
            try writer.append(39...40, 1)
        }
    }

    /// The same with more blocks on top.
    static func extend(_ disk: any Storage, by count: Int64) throws(StoreError) {
        var writer = try Writer.open(disk, options: rules)
        let tip = writer.state.tipHeight
        try writer.append(tip + 1...tip + count, 1)
        try writer.close()
    }

    /// A disk with a store of a model's snapshots: 61 blocks, one every 10.
    static func withSnapshots() throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 5)
        var writer = try Writer.open(disk, options: rules)
        var quiet = ProjectionOptions()
        quiet.takesSnapshotsInline = true
        quiet.snapshots = SnapshotPolicy(blocks: 10, retention: SnapshotRetention(minKeep: 2, keepWindow: 40))
        let projection = Projection(writer.store, options: quiet)
        _ = try projection.add(Notes())
        for height in 0...60 as ClosedRange<Int64> {
            try writer.append(height...height)
            try projection.advance()
        }
        projection.close()
        try writer.close()
        return disk
    }
}

extension SimulatedDisk {
    var snapshots: [String] { fileNames.filter { $0.hasSuffix(".snapshot") } }
    /// Names of files in a backup.
    var parts: [String] { fileNames.filter { BackupFile.digest(ofStoredName: $0) != nil } }
    var manifests: [String] { fileNames.filter { $0.hasSuffix(".manifest") } }
}
