extension CommitMeta {
    /// Bytes the meta takes, with a directory of `sectionCount` entries.
    package func encodedLength(sectionCount: Int) -> Int {
        var total = 0
        func add(_ body: Int) { total += 8 + paddedTo8(body) }
        if let block { add(24 + block.hash.count + block.parent.count) }
        if let rollback { add(rollback.encodedLength) }
        if !names.isEmpty { add(8 + names.reduce(0) { $0 + $1.encodedLength }) }
        if let floating { add(16 + floating.key.count) }
        if let control { add(control.encodedLength) }
        if let requestID { add(requestID.count) }
        if let mark { add(mark.count) }
        if eventTimes != nil { add(16) }
        if sectionCount > 0 { add(DirectoryEntry.size * sectionCount) }
        return total
    }

    /// Appends the parts to `buffer` in ascending order of type and returns where in it the directory's entries are to be written.
    package func encode(to buffer: inout ByteBuffer, sectionCount: Int) -> Int {
        if let block { Self.encode(block, to: &buffer) }
        if let rollback { Self.encode(rollback, to: &buffer) }
        if !names.isEmpty { Self.encode(names, to: &buffer) }
        if let floating {
            Self.open(.floating, 16 + floating.key.count, &buffer)
            buffer.append(floating.timestamp)
            buffer.append(UInt64(floating.key.count))
            buffer.append(floating.key)
            Self.close(16 + floating.key.count, &buffer)
        }
        if let control {
            Self.open(.control, control.encodedLength, &buffer)
            buffer.append(UInt64(control.type))
            if let pruned = control.pruned {
                buffer.append(pruned.belowHeight)
                buffer.append(pruned.firstSequence)
            }
        }
        if let requestID { Self.encode(.requestID, requestID, to: &buffer) }
        if let mark { Self.encode(.mark, mark, to: &buffer) }
        if let eventTimes {
            Self.open(.eventTimes, 16, &buffer)
            buffer.append(eventTimes.earliest)
            buffer.append(eventTimes.latest)
        }
        guard sectionCount > 0 else { return 0 }
        Self.open(.directory, DirectoryEntry.size * sectionCount, &buffer)
        let start = buffer.count
        _ = buffer.extend(DirectoryEntry.size * sectionCount)
        return start
    }

    private static func open(_ part: MetaPart, _ length: Int, _ buffer: inout ByteBuffer) {
        buffer.append(UInt32(part.rawValue))
        buffer.append(UInt32(length))
    }

    private static func close(_ length: Int, _ buffer: inout ByteBuffer) {
        buffer.appendZeros(paddedTo8(length) - length)
    }

    private static func encode(_ part: MetaPart, _ bytes: [UInt8], to buffer: inout ByteBuffer) {
        open(part, bytes.count, &buffer)
        buffer.append(bytes)
        close(bytes.count, &buffer)
    }

    private static func encode(_ block: BlockPart, to buffer: inout ByteBuffer) {
        let length = 24 + block.hash.count + block.parent.count
        open(.block, length, &buffer)
        buffer.append(block.height)
        buffer.append(block.timestamp)
        buffer.append(UInt64(block.hash.count | block.parent.count << 8))
        block.hash.write(to: buffer.extend(block.hash.count))
        block.parent.write(to: buffer.extend(block.parent.count))
        close(length, &buffer)
    }

    private static func encode(_ rollback: RollbackPart, to buffer: inout ByteBuffer) {
        open(.rollback, rollback.encodedLength, &buffer)
        buffer.append(rollback.toHeight)
        buffer.append(rollback.undoneBlocks)
        buffer.append(UInt32(rollback.readopted.count))
        buffer.append(rollback.undoneEvents)
        buffer.append(rollback.readoptedEvents)
        buffer.append(rollback.tipHeight)
        buffer.append(rollback.tipTimestamp)
        buffer.append(UInt32(rollback.models.count))
        buffer.append(UInt32(rollback.tipHash.count))
        rollback.tipHash.write(to: buffer.extend(rollback.tipHash.count))
        close(rollback.tipHash.count, &buffer)
        for entry in rollback.readopted {
            buffer.append(entry.sequence)
            buffer.append(entry.height)
        }
        for entry in rollback.models {
            buffer.append(UInt64(entry.model))
            buffer.append(entry.version)
        }
    }

    private static func encode(_ names: [NameDefinition], to buffer: inout ByteBuffer) {
        open(.names, 8 + names.reduce(0) { $0 + $1.encodedLength }, &buffer)
        buffer.append(UInt64(names.count))
        for entry in names {
            buffer.append(entry.id)
            buffer.append(entry.kind.rawValue)
            buffer.append(UInt8(entry.name.count))
            buffer.append(UInt16(0))
            buffer.append(entry.version)
            buffer.append(entry.name)
            close(entry.name.count, &buffer)
        }
    }
}
