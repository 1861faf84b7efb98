import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar

@Suite("Publishing snapshots")
struct SnapshotPublishTests {
    private let bytes = SnapshotSamples.bytes(40_000)

    private func write(_ disk: SimulatedDisk) throws(SnapshotError) -> UnpublishedSnapshot {
        try SnapshotWriter.write(SnapshotSamples.identity(), to: disk, chunkBytes: 3_000) {
            try $0.append(bytes: bytes.span.bytes)
        }
    }

    @Test("a snapshot counts from when it is published on")
    func publish() throws {
        let disk = SimulatedDisk(seed: 1)
        let unpublished = try write(disk)
        #expect(try SnapshotCatalog(disk).entries().isEmpty)
        #expect(disk.fileNames.allSatisfy { $0.hasSuffix(SegmentName.temporarySuffix) })
        let entry = try unpublished.publish()
        #expect(disk.fileNames == [entry.fileName])
        let after = disk.onlyDurable()
        #expect(try SnapshotSamples.read(entry.fileName, in: after) == bytes)
    }

    @Test("one that is abandoned or dropped leaves nothing")
    func abandon() throws {
        let disk = SimulatedDisk(seed: 1)
        try write(disk).abandon()
        #expect(disk.fileNames.isEmpty)
        _ = try write(disk)
        #expect(disk.fileNames.isEmpty)
    }

    @Test("two attempts at the same snapshot do not meet")
    func attempts() throws {
        let disk = SimulatedDisk(seed: 1)
        let first = try write(disk)
        let second = try write(disk)
        #expect(disk.fileNames.count == 2)
        let name = try second.publish().fileName
        first.abandon()
        #expect(try SnapshotSamples.read(name, in: disk) == bytes)
        let third = try write(disk)
        #expect(try third.publish().fileName == name)
        #expect(disk.fileNames == [name])
    }

    @Test("whenever the power goes, what has the final name is whole", arguments: 0..<150)
    func powerCut(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        // An earlier snapshot of the same name: it must stay whole too.
        if seed % 2 == 0 { _ = try write(disk).publish() }
        let kept = Set(disk.fileNames)
        let start = disk.changes
        let dry = SimulatedDisk(seed: seed)
        _ = try write(dry).publish()
        disk.cutPower(atChange: 1 + Int(seed) % (dry.changes + 2))
        var isPublished = false
        do throws(SnapshotError) {
            _ = try write(disk).publish()
            isPublished = true
        } catch {
            #expect(disk.isDead && disk.changes > start)
        }
        let after = disk.powerCut(seed: seed &* 7 &+ 1)
        let found = after.fileNames.filter(SnapshotName.isSnapshot)
        for name in found { #expect(try SnapshotSamples.read(name, in: after) == bytes) }
        if isPublished || !kept.isEmpty { #expect(found.count == 1) }
    }

    @Test("a full disk or a failing call is reported, and leaves nothing")
    func failures() throws {
        for operation in [SimulatedDisk.Operation.create, .write, .sync, .rename] {
            for skipping in 0..<(operation == .write ? 12 : 1) {
                let disk = SimulatedDisk(seed: 4)
                disk.fail(operation, skipping: skipping, code: SystemCalls.noSpace)
                let error = snapshotFailure { () throws(SnapshotError) in _ = try write(disk).publish() }
                #expect(error?.code == SystemCalls.noSpace, "\(operation) \(skipping)")
                #expect(disk.fileNames.isEmpty, "\(operation) \(skipping)")
            }
        }
        let disk = SimulatedDisk(seed: 5)
        disk.limit(toBytes: 10_000)
        let error = snapshotFailure { () throws(SnapshotError) in _ = try write(disk).publish() }
        #expect(error?.code == SystemCalls.noSpace)
        #expect(error?.description.contains("No space left") == true)
        #expect(disk.fileNames.isEmpty && disk.usedBytes == 0)
    }

    private struct Broken: Error {}

    @Test("a failure that the model swallows or hides behind its own is not lost", arguments: [false, true])
    func swallowed(hides: Bool) throws {
        let disk = SimulatedDisk(seed: 6)
        disk.fail(.write, skipping: 3, code: SystemCalls.noSpace)
        let error = snapshotFailure { () throws(SnapshotError) in
            _ = try SnapshotWriter.write(SnapshotSamples.identity(), to: disk, chunkBytes: 100) { output in
                for _ in 0..<50 { try? output.append(bytes: bytes.span.bytes.extracting(0..<90)) }
                if hides { throw Broken() }
            }
        }
        #expect(error?.code == SystemCalls.noSpace)
        #expect(disk.fileNames.isEmpty)
        let name = try write(disk).publish().fileName
        disk.fail(.read, skipping: 7)
        let reading = snapshotFailure { () throws(SnapshotError) in
            try SnapshotFile(name, in: disk).read { input in
                while !input.isAtEnd, (try? input.read(UInt8.self)) != nil {}
                if hides { throw Broken() }
            }
        }
        #expect(reading?.code == SystemCalls.inputOutput)
    }

    @Test("opening a store for writing removes what an interrupted attempt left")
    func cleanUp() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...3) }
        let unpublished = try write(disk)
        let before = disk.copy()
        #expect(before.fileNames.contains { $0.hasSuffix(SegmentName.temporarySuffix) })
        unpublished.abandon()
        try Writer.open(before, options: options()).close()
        #expect(!before.fileNames.contains { $0.hasSuffix(SegmentName.temporarySuffix) })
    }
}
