/// Puts a commit together: header, meta, storage table, sections, padding; see `format-spec/commit.md`.
///
/// The frame is appended to the buffer that will be written, so each event is copied once from where it was staged, run by run.
package struct FrameBuilder: ~Copyable {
    /// Where the next record of a slot goes: its head and its content, as offsets into the frame buffer.
    ///
    /// Not private: in debug builds the compiler (6.3) breaks a module that destroys a list of another module's private type.
    struct Cursor: BitwiseCopyable {
        var head: Int
        var content: Int
    }

    private var scratch = ByteBuffer()
    private var cursors = RawList<Cursor>()
    private var directory = RawList<DirectoryEntry>()

    package init() {}

    /// The directory of the commit that was built last; good until the next one is.
    package var sections: UnsafeBufferPointer<DirectoryEntry> { directory.elements }

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
        let directoryOffset = meta.encode(to: &buffer, sectionCount: stage.slots.count)
        header.eventCount = UInt32(stage.eventCount)
        header.sectionCount = UInt32(stage.slots.count)
        header.metaLength = UInt32(buffer.count - start - CommitHeader.size)
        header.isCompressed = codec != .none && !stage.slots.isEmpty
        let table = buffer.count
        buffer.appendZeros(header.storageTableLength)
        if header.isCompressed {
            placeCompressed(stage, codec, directoryOffset, table, &buffer)
        } else {
            place(stage, directoryOffset, &buffer)
        }
        buffer.padTo8(since: start)
        header.frameLength = buffer.count - start
        header.seal(at: buffer.base + start, previous: previous, seed: seed)
    }

    /// Lays out the sections behind one another and copies the staged records to their places.
    private mutating func place(
        _ stage: borrowing EventStage, _ directoryOffset: Int, _ buffer: inout ByteBuffer
    ) {
        let body = buffer.count
        var end = body
        cursors.clear(keeping: 1 << 12)
        for slot in stage.slots {
            let contents = end + RecordHead.size * Int(slot.count)
            cursors.append(Cursor(head: end, content: contents))
            end = contents + slot.contentsLength
        }
        let target = buffer.extend(end - body) - body
        scatter(stage, target)
        var heads = body
        directory.clear(keeping: 1 << 12)
        for (index, slot) in stage.slots.enumerated() {
            let entry = Self.entry(of: slot, heads: target + heads)
            entry.encode(to: target + directoryOffset + DirectoryEntry.size * index)
            directory.append(entry)
            heads += RecordHead.size * Int(slot.count) + slot.contentsLength
        }
    }

    /// Copies heads and contents, both in runs of events of one model.
    private mutating func scatter(_ stage: borrowing EventStage, _ target: UnsafeMutableRawPointer) {
        let heads = UnsafeRawPointer(stage.heads.base)
        let contents = UnsafeRawPointer(stage.contents.base)
        let runs = stage.runs
        for index in runs.indices {
            let run = runs[index]
            let isLast = index &+ 1 == runs.count
            let headsStart = RecordHead.size &* run.firstEvent
            let headsEnd = isLast ? stage.heads.count : RecordHead.size &* runs[index &+ 1].firstEvent
            let contentsEnd = isLast ? stage.contents.count : runs[index &+ 1].contentsStart
            let cursor = cursors[run.slot]
            Self.copyHeads(from: heads + headsStart, to: target + cursor.head, byteCount: headsEnd &- headsStart)
            let length = contentsEnd &- run.contentsStart
            (target + cursor.content).copyMemory(from: contents + run.contentsStart, byteCount: length)
            cursors[run.slot].head = cursor.head &+ headsEnd &- headsStart
            cursors[run.slot].content = cursor.content &+ length
        }
    }

    /// Where models take turns a run is one event, for which a call would cost more than the copy.
    @inline(__always)
    private static func copyHeads(
        from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, byteCount: Int
    ) {
        if byteCount == RecordHead.size {
            RecordHead(loading: source).store(to: target)
        } else {
            target.copyMemory(from: source, byteCount: byteCount)
        }
    }

    private static func entry(of slot: EventStage.Slot, heads: UnsafeRawPointer) -> DirectoryEntry {
        let headsLength = RecordHead.size * Int(slot.count)
        return DirectoryEntry(
            model: slot.model, count: slot.count, firstVersion: slot.firstVersion,
            contentsLength: UInt32(slot.contentsLength),
            headsCRC: Checksum.crc(UnsafeRawBufferPointer(start: heads, count: headsLength)))
    }

    /// Lays the sections out in `scratch`, then appends each with its contents compressed where that saves space.
    private mutating func placeCompressed(
        _ stage: borrowing EventStage, _ codec: Codec, _ directoryOffset: Int, _ table: Int, _ buffer: inout ByteBuffer
    ) {
        var plain = ByteBuffer()
        swap(&plain, &scratch)
        plain.clear(keeping: 1 << 22)
        _ = plain.extend(DirectoryEntry.size * stage.slots.count)
        place(stage, 0, &plain)
        (buffer.base + directoryOffset).copyMemory(from: plain.base, byteCount: DirectoryEntry.size * stage.slots.count)
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
