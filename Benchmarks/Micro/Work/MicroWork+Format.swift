import AshlarFormat

extension MicroWork {
    /// The CRC of a record.
    static let checksum = MicroWork(name: "crc", unit: "record of 200 bytes", operations: Sample.events) {
        {
            Sample.payloads.withUnsafeBytes { bytes in
                var sum: UInt32 = 0
                for index in 0..<Sample.events {
                    let start = index * Sample.payloadBytes
                    sum &+= Checksum.record(
                        UnsafeRawBufferPointer(rebasing: bytes[start..<start + Sample.payloadBytes]))
                }
                use(sum)
            }
        }
    }

    /// A block becomes a frame in memory: staged, ordered by model, sealed.
    static let frameEncode = MicroWork(name: "frame-encode", unit: "event", operations: Sample.events) {
        let encoder = FrameEncoder()
        return { use(encoder.encode()) }
    }

    /// A frame in memory becomes records again, every checksum checked.
    static let frameDecode = MicroWork(name: "frame-decode", unit: "event", operations: Sample.events) {
        let encoder = FrameEncoder()
        encoder.encode()
        let decoder = FrameDecoder()
        return {
            guard try decoder.decode(encoder.frame) == Sample.events else { throw Wrong(what: "records are missing") }
        }
    }
}

/// Holds the reused buffers of encoding.
private final class FrameEncoder {
    private var stage = EventStage()
    private var builder = FrameBuilder()
    private var buffer = ByteBuffer(capacity: 1 << 17)
    private let meta: CommitMeta = {
        var meta = CommitMeta()
        meta.block = BlockPart(height: 7, timestamp: 7, hash: .none, parent: .none)
        if let hash = try? Sample.hash(7), let parent = try? Sample.hash(6) {
            meta.block = BlockPart(height: 7, timestamp: 7, hash: hash, parent: parent)
        }
        return meta
    }()

    var frame: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: buffer.base, count: buffer.count) }

    @discardableResult
    func encode() -> Int {
        stage.clear()
        Sample.payloads.withUnsafeBytes { bytes in
            for index in 0..<Sample.events {
                let start = index * Sample.payloadBytes
                stage.add(
                    model: UInt32(index % Sample.models + 1), type: 1,
                    payload: UnsafeRawBufferPointer(rebasing: bytes[start..<start + Sample.payloadBytes]),
                    timestamp: nil, requestID: nil)
            }
        }
        for slot in stage.slots.indices { stage.setFirstVersion(1, ofSlot: slot) }
        buffer.clear(keeping: 1 << 20)
        var header = CommitHeader(
            kind: .block, sequence: 1, epoch: 1, appendTime: 1, height: 7, finalHeight: -1, durableSequence: 0)
        builder.append(&header, meta: meta, stage: stage, codec: .none, previous: 1, seed: 1, to: &buffer)
        return buffer.count
    }
}

/// Holds the reused table of decoding.
private final class FrameDecoder {
    private var table = RecordTable()

    /// The number of records, all checked.
    func decode(_ frame: UnsafeRawBufferPointer) throws -> Int {
        guard let base = frame.baseAddress else { throw Wrong(what: "no frame") }
        let span = frame.bytes
        let header = try CommitHeader(decoding: span, at: 0, seed: 1)
        guard Checksum.crc(span.extracting(CommitHeader.size..<header.bodyOffset)) == header.metaCRC else {
            throw Wrong(what: "meta is damaged")
        }
        let meta = try CommitMeta(decoding: span, header: header)
        try table.layOut(span, header, meta)
        try table.loadAll(span, header)
        for index in 0..<table.count {
            let row = table[index]
            guard Checksum.record(table.content(of: row, base: base)) == row.crc else { throw Wrong(what: "damaged") }
        }
        return table.count
    }
}
