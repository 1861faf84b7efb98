/// Puts a commit together: header, meta, storage table, sections, padding; see `format-spec/commit.md`.
///
/// The frame is appended to the buffer that will be written, so each event is copied once from where it was staged, run by run.
package struct FrameBuilder: ~Copyable {
    private var scratch = ByteBuffer()
    /// Where the next record of each slot goes: its head and its content, as offsets into the frame buffer.
    private var headCursors: [Int] = []
    private var contentCursors: [Int] = []

    package init() {}

    /// An upper bound of the frame's length.
    package static func lengthBound(meta: CommitMeta, stage: borrowing EventStage, codec: Codec) -> Int {
        let sections = stage.slots.count
        let table = codec == .none ? 0 : paddedTo8(StorageEntry.size * sections)
        return CommitHeader.size + meta.encodedLength(sectionCount: sections) + table + stage.heads.count
            + stage.contents.count + 8
    }

    /// Appends the frame to `buffer`; fills in counts, lengths, checksums and the chain value of `header`.
    package mutating func append(
        _ header: inout CommitHeader, meta: CommitMeta, stage: borrowing EventStage, codec: Codec, previous: UInt64,
        seed: UInt32, to buffer: inout ByteBuffer
    ) {
        let start = buffer.count
        buffer.reserve(Self.lengthBound(meta: meta, stage: stage, codec: codec))
        _ = buffer.extend(CommitHeader.size)
        let directory = meta.encode(to: &buffer, sectionCount: stage.slots.count)
        header.eventCount = UInt32(stage.eventCount)
        header.sectionCount = UInt32(stage.slots.count)
        header.metaLength = UInt32(buffer.count - start - CommitHeader.size)
        header.isCompressed = codec != .none && !stage.slots.isEmpty
        let table = buffer.count
        buffer.appendZeros(header.storageTableLength)
        if header.isCompressed {
            placeCompressed(stage, codec, directory, table, &buffer)
        } else {
            place(stage, directory, &buffer)
        }
        buffer.padTo8(since: start)
        header.frameLength = buffer.count - start
        header.seal(at: buffer.base + start, previous: previous, seed: seed)
    }

    /// Lays out the sections behind one another and copies the staged records to their places.
    private mutating func place(_ stage: borrowing EventStage, _ directory: Int, _ buffer: inout ByteBuffer) {
        let body = buffer.count
        var end = body
        headCursors.removeAll(keepingCapacity: true)
        contentCursors.removeAll(keepingCapacity: true)
        for slot in stage.slots {
            headCursors.append(end)
            end += RecordHead.size * Int(slot.count)
            contentCursors.append(end)
            end += slot.contentsLength
        }
        let target = buffer.extend(end - body) - body
        scatter(stage, target)
        var heads = body
        for (index, slot) in stage.slots.enumerated() {
            Self.writeDirectory(slot, index, heads: target + heads, directory: target + directory)
            heads += RecordHead.size * Int(slot.count) + slot.contentsLength
        }
    }

    /// Copies heads one by one and contents in runs of events of one model.
    private mutating func scatter(_ stage: borrowing EventStage, _ target: UnsafeMutableRawPointer) {
        let heads = UnsafeRawPointer(stage.heads.base)
        let contents = UnsafeRawPointer(stage.contents.base)
        let count = stage.eventCount
        headCursors.withUnsafeMutableBufferPointer { headCursors in
            contentCursors.withUnsafeMutableBufferPointer { contentCursors in
                var event = 0
                var source = 0
                while event < count {
                    var head = RecordHead(loading: heads + RecordHead.size * event)
                    let slot = head.ordinal
                    var headCursor = headCursors[Int(slot)]
                    var runLength = 0
                    repeat {
                        runLength += Int(head.length)
                        head.ordinal = UInt32(truncatingIfNeeded: event)
                        head.store(to: target + headCursor)
                        headCursor += RecordHead.size
                        event += 1
                        guard event < count else { break }
                        head = RecordHead(loading: heads + RecordHead.size * event)
                    } while head.ordinal == slot
                    headCursors[Int(slot)] = headCursor
                    (target + contentCursors[Int(slot)]).copyMemory(from: contents + source, byteCount: runLength)
                    contentCursors[Int(slot)] += runLength
                    source += runLength
                }
            }
        }
    }

    private static func writeDirectory(
        _ slot: EventStage.Slot, _ index: Int, heads: UnsafeRawPointer, directory: UnsafeMutableRawPointer
    ) {
        let headsLength = RecordHead.size * Int(slot.count)
        let entry = DirectoryEntry(
            model: slot.model, count: slot.count, firstVersion: slot.firstVersion,
            contentsLength: UInt32(slot.contentsLength),
            headsCRC: Checksum.crc(UnsafeRawBufferPointer(start: heads, count: headsLength)))
        entry.encode(to: directory + DirectoryEntry.size * index)
    }

    /// Lays the sections out in `scratch`, then appends each with its contents compressed where that saves space.
    private mutating func placeCompressed(
        _ stage: borrowing EventStage, _ codec: Codec, _ directory: Int, _ table: Int, _ buffer: inout ByteBuffer
    ) {
        var plain = ByteBuffer()
        swap(&plain, &scratch)
        plain.clear(keeping: 1 << 22)
        _ = plain.extend(DirectoryEntry.size * stage.slots.count)
        place(stage, 0, &plain)
        (buffer.base + directory).copyMemory(from: plain.base, byteCount: DirectoryEntry.size * stage.slots.count)
        var offset = DirectoryEntry.size * stage.slots.count
        for (index, slot) in stage.slots.enumerated() {
            let headsLength = RecordHead.size * Int(slot.count)
            buffer.append(UnsafeRawBufferPointer(rebasing: plain.bytes[offset..<offset + headsLength]))
            offset += headsLength
            let contents = UnsafeRawBufferPointer(rebasing: plain.bytes[offset..<offset + slot.contentsLength])
            let entry = Self.store(contents, codec, &buffer)
            entry.encode(to: buffer.base + table + StorageEntry.size * index)
            offset += slot.contentsLength
        }
        swap(&plain, &scratch)
    }

    /// Appends `contents` compressed, or as they are if that is not smaller or too small to be safe ([COM-14]).
    private static func store(
        _ contents: UnsafeRawBufferPointer, _ codec: Codec, _ buffer: inout ByteBuffer
    ) -> StorageEntry {
        let start = buffer.count
        let room = contents.count - 1
        if room > 0 {
            let target = UnsafeMutableRawBufferPointer(start: buffer.extend(room), count: room)
            if let length = codec.compress(contents, into: target), contents.count <= Limits.expansion * length {
                buffer.truncate(to: start + length)
                let stored = UnsafeRawBufferPointer(rebasing: buffer.bytes[start...])
                return StorageEntry(
                    storedLength: UInt32(length), storedCRC: Checksum.crc(stored), codec: codec.rawValue)
            }
            buffer.truncate(to: start)
        }
        buffer.append(contents)
        return StorageEntry(
            storedLength: UInt32(contents.count), storedCRC: Checksum.crc(contents), codec: Codec.none.rawValue)
    }
}
