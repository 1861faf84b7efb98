import AshlarFormat
import AshlarStorage

/// How far a consumer is behind.
public struct ConsumerLag: Sendable, Hashable {
    /// Commits it has not acknowledged in full.
    public var commits: UInt64
    /// Commits of blocks among them.
    public var blocks: UInt64
    /// Bytes they take in the log.
    public var bytes: Int
    /// For how many seconds the first of them has been in the log; 0 if there is none.
    public var seconds: Double
}

/// Where a named consumer stands.
public struct ConsumerStatus: Sendable, Hashable {
    /// Its name; if its file is damaged, the file's.
    public var name: String
    /// Up to where it has acknowledged.
    public var position: Cursor?
    /// Wall time of its last acknowledgement; informational.
    public var acknowledgedAt: Timestamp?
    /// How far it is behind what this store shows; nil if its position is not in the log.
    public var lag: ConsumerLag?
    /// What is wrong: `cursorNotFound`, `pruned`, or `corrupt` for a damaged file.
    public var problem: StoreError?
}

extension Store {
    /// The consumer with this name, which is new if it never acknowledged anything. Nothing is written yet.
    ///
    /// Throws `invalidArgument` for a name that has not 1–255 bytes of UTF-8 or contains a zero byte.
    public func consumer(_ name: String) throws(StoreError) -> Consumer {
        try core.checkWhole()
        guard NameDefinition.isValid(Array(name.utf8)) else {
            throw .invalidArgument(
                "a consumer's name must have 1–255 bytes of UTF-8 and no zero byte; this has \(name.utf8.count)")
        }
        return Consumer(self, name)
    }

    /// All consumers that ever acknowledged anything, by name, with their lag behind what this store shows now.
    ///
    /// A damaged file is an entry with its problem, not an error. Throws `inputOutput`. Complexity: a few small reads each.
    public func consumers() throws(StoreError) -> [ConsumerStatus] {
        let storage = core.storage
        let names = try storing { () throws(StorageError) in try storage.list() }
        var found: [ConsumerStatus] = []
        for name in names where name.hasSuffix(ConsumerFileName.suffix) {
            if let status = try status(ofFile: name) { found.append(status) }
        }
        return found.sorted { $0.name < $1.name }
    }

    private func status(ofFile name: String) throws(StoreError) -> ConsumerStatus? {
        var status = ConsumerStatus(name: name)
        do throws(StoreError) {
            let file: any StorageFile
            do throws(StorageError) { file = try core.storage.open(name, .read) } catch {
                // Removed since the directory was read.
                if error.code == SystemCalls.notFound { return nil }
                throw StoreError(error)
            }
            let slot = try ConsumerSlot.read(file, named: name)
            let cursor = Cursor(slot)
            status.name = String(decoding: slot.name, as: UTF8.self)
            status.position = cursor
            status.acknowledgedAt = Timestamp(microseconds: slot.time)
            try check(cursor)
            status.lag = try lag(of: cursor)
        } catch {
            switch error {
            case .cursorNotFound, .corrupt, .pruned: status.problem = error
            default: throw error
            }
        }
        return status
    }

    /// How much of the log there is behind a cursor that it contains.
    ///
    /// Complexity: O(segments), and a few small reads.
    public func lag(of cursor: Cursor) throws(StoreError) -> ConsumerLag {
        let (whole, last) = (cursor.wholeSequence, sequence)
        guard last > whole else { return ConsumerLag(commits: 0, blocks: 0, bytes: 0, seconds: 0) }
        var reader = CommitReader()
        return try core.monitor.withLock { (log) throws(StoreError) in
            let (before, after) = (try log.content(upTo: whole), try log.content(upTo: last))
            var seconds = 0.0
            if let location = try log.location(ofSequence: whole + 1) {
                try log.loadMeta(location, &reader)
                seconds = (Double(SystemCalls.wallMicroseconds()) - Double(reader.header.appendTime)) / 1_000_000
            }
            return ConsumerLag(
                commits: last - whole, blocks: after.blocks - before.blocks, bytes: after.bytes - before.bytes,
                seconds: max(seconds, 0))
        }
    }
}

extension LogState {
    /// How many blocks and bytes all commits up to `sequence` are. Complexity: O(segments), two small reads.
    fileprivate func content(upTo sequence: UInt64) throws(StoreError) -> (blocks: UInt64, bytes: Int) {
        var (blocks, bytes): (UInt64, Int) = (0, 0)
        func add(_ runs: [SegmentIndex.Run], _ count: UInt64, end: Int) {
            for run in runs where UInt64(run.firstIndex) < count {
                blocks += min(count - UInt64(run.firstIndex), UInt64(run.count))
            }
            bytes += end - SegmentHeader.size
        }
        for segment in sealed where segment.header.opening.sequence < sequence {
            let count = sequence - segment.header.opening.sequence
            guard count < segment.summary.commitCount else {
                blocks += segment.summary.blockCount
                bytes += Int(segment.summary.endOffset) - SegmentHeader.size
                continue
            }
            let end = try storing { () throws(StorageError) in try segment.offset(ofCommit: Int(count)) }
            add(try runs(of: segment), count, end: end)
        }
        if let active, active.header.opening.sequence < sequence {
            let count = sequence - active.header.opening.sequence
            let isAll = Int(count) >= active.index.offsets.count
            add(active.index.runs, count, end: isAll ? active.endOffset : Int(active.index.offsets[Int(count)]) * 8)
        }
        return (blocks, bytes)
    }

    private func runs(of segment: SealedSegment) throws(StoreError) -> [SegmentIndex.Run] {
        let column = segment.summary[.runs]
        let bytes = try storing { () throws(StorageError) in
            try segment.footer.bytes(at: Int(column.offset), count: Int(column.length))
        }
        do throws(FormatError) { return try FooterColumns.runs(bytes.span.bytes, summary: segment.summary) } catch {
            throw .corrupt(
                Corruption(
                    file: segment.name.segmentFile, offset: Int(segment.summary.endOffset), heights: nil,
                    reason: "footer: \(error.reason)"))
        }
    }
}
