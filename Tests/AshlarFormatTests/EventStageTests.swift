import AshlarTestSupport
import Testing

@testable import AshlarFormat

@Suite("Staging events")
struct EventStageTests {
    private struct Staged: Equatable {
        var model: UInt32
        var type: UInt32
        var payload: [UInt8]
        var timestamp: Int64?
    }

    /// Events in runs of one to four of a model, whose types change within runs and stay over their ends.
    private static func events(_ count: Int, _ random: inout SplitMix64) -> [Staged] {
        var events: [Staged] = []
        var model: UInt32 = 1
        while events.count < count {
            model = UInt32.random(in: 1...5, using: &random)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let length = Int.random(in: 0...90, using: &random)
                events.append(
                    Staged(
                        model: model, type: UInt32.random(in: 1...3, using: &random), payload: random.bytes(length),
                        timestamp: length % 7 == 0 ? Int64(length) : nil))
            }
        }
        return events
    }

    private static func add(_ event: Staged, to stage: inout EventStage) {
        event.payload.withUnsafeBytes {
            stage.add(
                model: event.model, type: event.type, payload: $0, timestamp: event.timestamp, requestID: nil)
        }
    }

    /// What is read back of the commit that is built of `stage`.
    private static func readBack(
        _ stage: borrowing EventStage, _ builder: inout FrameBuilder, _ codec: Codec
    ) throws -> [Staged] {
        var meta = CommitMeta()
        meta.floating = FloatingPart(timestamp: 0, key: [])
        meta.eventTimes = stage.eventTimes
        var header = CommitHeader(
            kind: .floating, sequence: 1, epoch: 0, appendTime: 0, height: -1, finalHeight: -1, durableSequence: 0)
        var buffer = ByteBuffer()
        builder.append(&header, meta: meta, stage: stage, codec: codec, previous: 0, seed: 0, to: &buffer)
        let frame = buffer.span
        let found = try CommitMeta(decoding: frame, header: header)
        let (sections, models) = (Array(builder.sections), stage.slots.map(\.model))
        #expect(sections.map(\.model) == models)
        for (index, entry) in sections.enumerated() {
            let read = found.directory(at: index, in: frame)
            #expect(read == entry)
        }
        var table = RecordTable()
        try table.layOut(frame, header, found)
        try table.loadAll(frame, header)
        var counter = TypeCounter()
        try table.check(frame, found, inFull: true, counting: &counter)
        let (counted, types) = (Array(counter.counts), Array(stage.types))
        #expect(counted == types)
        return try (0..<table.count).map { index in
            let row = table[index]
            let content = table.content(of: row, base: buffer.base)
            let own = try OwnFields(typeAndFlags: row.typeAndFlags, content: content)
            return Staged(
                model: table.sections[Int(row.section)].entry.model, type: row.typeAndFlags & RecordHead.typeMask,
                payload: Array(content[(content.startIndex + own.payloadOffset)...]), timestamp: own.timestamp)
        }
    }

    @Test("whatever the order of models and types, a commit has its events in order", arguments: [Codec.none, .lz4])
    func order(codec: Codec) throws {
        var random = SplitMix64(seed: 11)
        var stage = EventStage()
        var builder = FrameBuilder()
        for round in 0..<40 {
            let events = Self.events(round * 7 + 1, &random)
            stage.clear()
            for event in events { Self.add(event, to: &stage) }
            let (count, slots, types) = (stage.eventCount, Array(stage.slots), Array(stage.types))
            #expect(count == events.count)
            #expect(slots.reduce(0) { $0 + Int($1.count) } == events.count)
            for entry in types { #expect(events.filter { $0.type == entry.type }.count == Int(entry.count)) }
            let found = try Self.readBack(stage, &builder, codec)
            #expect(found == events)
        }
    }

    @Test("a record whose checksum does not match leaves no trace")
    func refusedRecord() throws {
        var stage = EventStage()
        var builder = FrameBuilder()
        let first = Staged(model: 1, type: 1, payload: [1, 2, 3], timestamp: nil)
        Self.add(first, to: &stage)
        let content: [UInt8] = [4, 5, 6]
        content.withUnsafeBytes { bytes in
            let refused = stage.addRecord(model: 2, typeAndFlags: 2, content: bytes, crc: ~Checksum.record(bytes))
            let taken = stage.addRecord(model: 1, typeAndFlags: 1, content: bytes, crc: Checksum.record(bytes))
            #expect(!refused && taken)
        }
        let second = Staged(model: 1, type: 1, payload: content, timestamp: nil)
        let runs = stage.runs.count
        let found = try Self.readBack(stage, &builder, .none)
        #expect(found == [first, second])
        #expect(runs == 1)
    }

    @Test("a hash is the same from an array and from any other collection", arguments: [1, 7, 8, 31, 32, 64])
    func hashes(count: Int) {
        let bytes = (0..<count).map { UInt8($0 + 1) }
        let hash = BlockHash(bytes)
        #expect(hash?.bytes == bytes)
        #expect(hash == BlockHash(bytes.reversed().lazy.reversed()))
        #expect(hash == bytes.span.bytes.withUnsafeBytes { BlockHash($0) })
    }
}
