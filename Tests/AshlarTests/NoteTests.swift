import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("The durability note and versions")
struct NoteTests {
    private func store() throws -> SimulatedDisk {
        let disk = try SimulatedDisk.store(options(segmentBytes: 8_192)) { (writer) throws(StoreError) in
            try writer.append(0...40)
        }
        for name in disk.fileNames where name.hasSuffix(".index") { disk[name] = nil }
        return disk
    }

    private func decoded(_ disk: SimulatedDisk) -> DurabilityNote? {
        let bytes = disk["durable"] ?? []
        return DurabilityNote(decoding: bytes.span.bytes)
    }

    private func note(_ disk: SimulatedDisk, _ change: (inout DurabilityNote) -> Void) throws {
        var note = try #require(decoded(disk))
        change(&note)
        var encoded = [UInt8](repeating: 0, count: DurabilityNote.size)
        encoded.withUnsafeMutableBytes { if let base = $0.baseAddress { note.encode(to: base) } }
        disk["durable"] = encoded
    }

    @Test("a note that is missing, short or garbage is no evidence and no error [NOTE-1]", arguments: 0..<5)
    func noEvidence(way: Int) throws {
        let disk = try store()
        switch way {
        case 0: disk["durable"] = nil
        case 1: disk["durable"] = []
        case 2: disk["durable"]?.removeLast()
        case 3: disk["durable"]?[33] ^= 1
        default: disk["durable"] = [UInt8](repeating: 0xAA, count: 512)
        }
        let log = try LogContents(disk)
        #expect(log.heights == Array(0...40))
        #expect(log.recovery.isClean)
        var writer = try Writer.open(disk, options: options())
        #expect(writer.recovery.tail == .clean)
        #expect(writer.durableSequence == 41)
        try writer.append(41...42)
        try writer.close()
        #expect(decoded(disk)?.sequence == 43)
    }

    @Test("the note says what was synced, and may be longer than 64 bytes")
    func longer() throws {
        let disk = try store()
        disk["durable"]?.append(contentsOf: [1, 2, 3])
        #expect(try LogContents(disk, horizon: .durable).state.sequence == 41)
    }

    @Test("a note of another store is an error [NOTE-2]")
    func foreign() throws {
        let disk = try store()
        try note(disk) { $0.storeID = StoreID(high: 1, low: 2) }
        let error = failure { () throws(StoreError) in _ = try LogContents(disk) }
        guard case .corrupt(let corruption) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(corruption.file == "durable" && corruption.offset == 8)
    }

    @Test(
        "a note that contradicts the log is corruption, in every segment [NOTE-3]",
        arguments: [UInt64(0), 1, 5, 20, 30, 40, 41])
    func contradicting(sequence: UInt64) throws {
        let disk = try store()
        let log = try LogContents(disk)
        let right =
            sequence == 0 ? ChainValue.origin(of: log.storeID) : log.commits[Int(sequence) - 1].header.chainValue
        try note(disk) {
            $0.sequence = sequence
            $0.chainValue = right
        }
        #expect(try LogContents(disk).heights == Array(0...40))
        try note(disk) { $0.chainValue ^= 1 }
        let error = failure { () throws(StoreError) in _ = try LogContents(disk) }
        guard case .corrupt(let corruption) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(corruption.file == "durable" && corruption.offset == 40)
    }

    @Test("a note ahead of the log means that durable commits are gone")
    func ahead() throws {
        let disk = try store()
        try note(disk) { $0.sequence += 1 }
        guard case .corrupt = failure({ () throws(StoreError) in _ = try LogContents(disk) }) else {
            Issue.record("it was opened")
            return
        }
    }

    @Test("a reader of the durable part ends at the note [REC-16]", arguments: [UInt64(0), 3, 17, 40])
    func horizon(sequence: UInt64) throws {
        let disk = try store()
        let log = try LogContents(disk)
        let opening = try #require(log.commits.last).header.sequence
        try note(disk) {
            $0.sequence = sequence
            $0.chainValue =
                sequence == 0 ? ChainValue.origin(of: log.storeID) : log.commits[Int(sequence) - 1].header.chainValue
        }
        let durable = try LogContents(disk, horizon: .durable)
        #expect(durable.state.sequence >= sequence && durable.state.sequence <= opening)
        // Earlier segments are durable whatever the note says ([SEG-9]).
        if sequence == 40 { #expect(durable.state.sequence == 40) }
    }

    /// A segment header with some bytes changed and its checksum put right.
    private func patch(_ disk: SimulatedDisk, _ file: String, _ offset: Int, _ bytes: [UInt8]) {
        disk[file]?.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        let crc = (disk[file] ?? [])[..<508].withUnsafeBytes { Checksum.crc($0) }
        disk[file]?.replaceSubrange(508..<512, with: withUnsafeBytes(of: crc.littleEndian) { Array($0) })
    }

    @Test("a newer format is refused by name, not called damage [FMT-3] [FMT-4]", arguments: [0, 1])
    func newerFormat(segment: Int) throws {
        let disk = try store()
        let name = segment == 0 ? disk.segments[0] : disk.segments[disk.segments.count - 1]
        patch(disk, name, 8, [2, 0, 7, 0])
        for body in [true, false] {
            let error = failure { () throws(StoreError) in
                if body { _ = try LogContents(disk) } else { _ = try Writer.open(disk, options: options()) }
            }
            #expect(
                error
                    == .unsupported(
                        "the store has format version 2.7; this program reads up to 1.x. Use a newer Ashlar"))
        }
        patch(disk, name, 8, [1, 0, 0, 0, 4, 0, 0, 0])
        let error = failure { () throws(StoreError) in _ = try LogContents(disk) }
        #expect(error == .unsupported("the store needs features this program does not know (bits 4)"))
    }

    @Test("a writer does not append to a store with optional features it does not know [FMT-6]", arguments: [10, 16])
    func optionalFeatures(offset: Int) throws {
        let disk = try store()
        patch(disk, disk.segments[disk.segments.count - 1], offset, [1])
        #expect(try LogContents(disk).heights == Array(0...40))
        let error = failure { () throws(StoreError) in _ = try Writer.open(disk, options: options()) }
        guard case .unsupported = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
