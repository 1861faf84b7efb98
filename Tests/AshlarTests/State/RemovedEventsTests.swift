import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// States of a log whose lower blocks are stubs: their events were removed, their headers are there.
@Suite("States above removed events")
struct RemovedEventsTests {
    /// A copy of a closed store of one segment in which the first `count` commits are stubs; snapshots come along.
    private func stubbed(_ disk: MemoryStorage, first count: Int) throws -> MemoryStorage {
        let store = try Store.open(disk)
        let commits = try store.commits().map { try $0.get() }
        let name = SegmentName(number: 1).segmentFile
        let file = try disk.open(name, .read)
        let bytes = try file.read(at: 0, count: file.size())
        let seed = Checksum.headerSeed(store: store.id, segment: 1)
        var offset = SegmentHeader.size
        var content = Array(bytes[..<offset])
        for (index, commit) in commits.enumerated() {
            var frame = Array(bytes[offset..<offset + commit.byteCount])
            offset += commit.byteCount
            if index < count {
                let header = try CommitHeader(decoding: frame.span.bytes, at: 0, seed: seed)
                frame.removeSubrange((CommitHeader.size + Int(header.metaLength))...)
                frame.withUnsafeMutableBytes { raw in
                    guard let start = raw.baseAddress else { return }
                    start.put(UInt64(raw.count), at: 80)
                    start.put(UInt64(2), at: 92)
                    start.put(Checksum.crc(UnsafeRawBufferPointer(start: start, count: 100), seed: seed), at: 100)
                }
            }
            content += frame
        }
        let copy = MemoryStorage()
        try copy.open(name, .create).write(content, at: 0)
        for other in try disk.list() where other.hasSuffix(".snapshot") || other == SegmentName.noteFile {
            let file = try disk.open(other, .read)
            try copy.open(other, .create).write(try file.read(at: 0, count: file.size()), at: 0)
        }
        return copy
    }

    private func answerableFrom(_ body: () throws -> Void) -> Int64? {
        do {
            try body()
            Issue.record("it was answered")
        } catch ProjectionError.notKept("notes", _, let from) {
            return from
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    @Test("are told from the lowest snapshot on, and below it is said from where")
    func notKept() throws {
        let disk = MemoryStorage()
        var writer = try Writer.open(disk, options: options())
        var quiet = ProjectionOptions()
        quiet.takesSnapshotsInline = true
        quiet.snapshots = SnapshotPolicy(blocks: 3, retention: SnapshotRetention(minKeep: 10))
        let folding = Projection(writer.store, options: quiet)
        _ = try folding.add(Notes())
        for height in 0...9 as ClosedRange<Int64> {
            try writer.append(height...height)
            try folding.advance()
        }
        try writer.close()

        let store = try Store.open(try stubbed(disk, first: 5))
        #expect(store.sequence == 10)
        quiet.snapshots = .off
        let projection = Projection(store, options: quiet)
        let notes = try projection.add(Notes())
        #expect(try notes.state(at: 3).state.notes.count == 12)
        #expect(try notes.state(at: 8).state.notes.count == 27)
        #expect(answerableFrom { _ = try notes.state(at: 2) } == 3)
        #expect(answerableFrom { _ = try notes.state(at: 4) } == 6)
        try projection.advance()
        #expect(try notes.latest().state.notes.count == 30)
    }
}
