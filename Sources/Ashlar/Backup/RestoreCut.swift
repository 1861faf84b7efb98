import AshlarFormat
import AshlarStorage

/// Finds the commit at which a restored log is to end, and what has to go for that.
struct RestoreCut {
    private let store: Store
    /// The log cannot end before: what it would begin with, or the names that it needs, are gone ([BAK-11]).
    private let earliest: UInt64

    init(_ store: Store) {
        self.store = store
        earliest = store.core.monitor.withLock { log in
            let base = log.base.sequence
            guard base > 0 else { return 0 }
            let headers = log.sealed.map(\.header) + (log.active.map { [$0.header] } ?? [])
            return headers.first { $0.prunedSequence == base }?.opening.sequence ?? base
        }
    }

    /// The sequence of the last commit, or nil if the log has none such.
    func sequence(for point: RestorePoint) throws(StoreError) -> UInt64? {
        let found: UInt64?
        switch point {
        case .end: return store.sequence
        case .sequence(let sequence): found = try last(notAbove: sequence)
        case .height(let height): found = try last(atHeight: height)
        case .time(let time): found = try last(notAfter: time)
        }
        return found.flatMap { $0 >= earliest ? $0 : nil }
    }

    /// The commit with this sequence, or the last one before that ends a group.
    private func last(notAbove sequence: UInt64) throws(StoreError) -> UInt64? {
        guard sequence <= store.sequence, sequence >= earliest else { return nil }
        var found = store.firstSequence - 1
        // Groups are short: the last commits tell.
        guard sequence > found else { return found }
        var walk = SequenceWalk(store.core, sequences: store.firstSequence...sequence, descending: true)
        var reader = CommitReader()
        while let (location, source) = try walk.next() {
            try reader.load(location, from: source, .meta)
            guard reader.header.continues else {
                found = reader.header.sequence
                break
            }
        }
        return found
    }

    /// The last commit after which the tip is at `height`; where heights are skipped and this one was, the last after which it is below.
    private func last(atHeight height: Int64) throws(StoreError) -> UInt64? {
        let base = store.core.monitor.withLock { $0.base }
        var tip = base.tipHeight
        var at = tip == height ? base.sequence : nil as UInt64?
        var below = tip < height ? base.sequence : nil as UInt64?
        var wasAbove = tip > height
        try forEachCommit { header in
            if header.kind == .block || header.kind == .rollback { tip = header.height }
            guard !header.continues else { return true }
            if tip == height { at = header.sequence }
            if tip < height { below = header.sequence }
            wasAbove = wasAbove || tip > height
            return true
        }
        return at ?? (store.allowsHeightGaps && wasAbove ? below : nil)
    }

    /// The commit before the first one that was appended later than `time`.
    private func last(notAfter time: Timestamp) throws(StoreError) -> UInt64? {
        var found: UInt64?
        try forEachCommit { header in
            guard header.appendTime <= time.microseconds else { return false }
            if !header.continues { found = header.sequence }
            return true
        }
        return found
    }

    /// Gives all commits' headers to `body` until it returns false. Complexity: a small read a commit.
    private func forEachCommit(_ body: (CommitHeader) -> Bool) throws(StoreError) {
        let (first, last) = (store.firstSequence, store.sequence)
        guard first <= last else { return }
        var walk = SequenceWalk(store.core, sequences: first...last, descending: false)
        var reader = CommitReader()
        while let (location, source) = try walk.next() {
            try reader.load(location, from: source, .meta)
            walk.advance(past: location, frameLength: reader.header.frameLength)
            guard body(reader.header) else { return }
        }
    }

    /// Where a log ends.
    struct Place {
        var segment: SegmentName
        var endOffset: Int
        var chainValue: UInt64
        /// Files of the segments behind.
        var removed: [String]
    }

    /// Where the log ends if commit `sequence` is its last one: in the last segment that begins at or before it, which may then hold nothing but its header.
    func place(ofEnd sequence: UInt64) throws(StoreError) -> Place {
        let chainValue = try store.chainValue(ofSequence: sequence) ?? 0
        var reader = CommitReader()
        return try store.core.monitor.withLock { (log) throws(StoreError) in
            var segments = log.sealed.map { ($0.name, $0.header) }
            if let active = log.active { segments.append((active.name, active.header)) }
            guard let position = segments.lastIndex(where: { $0.1.opening.sequence <= sequence }) else {
                throw .viewExpired
            }
            let (name, header) = segments[position]
            var end = SegmentHeader.size
            if sequence > header.opening.sequence, let location = try log.location(ofSequence: sequence) {
                try log.loadMeta(location, &reader)
                end = location.offset + reader.header.frameLength
            }
            let removed = segments[(position + 1)...].map(\.0.segmentFile)
            return Place(segment: name, endOffset: end, chainValue: chainValue, removed: removed)
        }
    }
}
