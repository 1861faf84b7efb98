import Ashlar

extension ExportCheck {
    /// Follows the log without its events, to know what is undone as of the cursor.
    mutating func readUndone() throws(ExportError) {
        var following = SubscriptionOptions()
        following.models = []
        following.stopsAtEnd = true
        var undone: [UInt64: UInt64] = [:]
        let last = cursor.wholeSequence
        do throws(StoreError) {
            var follower = try store.follow(options: following)
            while let batch = try follower.next() {
                for step in batch.steps where step.sequence <= last {
                    switch step.content {
                    case .applied(let block): if block.isReadopted { undone[block.block.sequence] = nil }
                    case .undone(let part): for block in part.blocks { undone[block.sequence] = step.sequence }
                    case .floating: break
                    }
                }
            }
        } catch {
            throw .store(error)
        }
        self.undone = undone
    }

    /// Hands out the rows that the target should have, of one range of heights or all.
    func eachLogRow(of table: CheckedTable, in range: Int64?, _ body: (CheckedRow) -> Void) throws(ExportError) {
        guard cursor.wholeSequence > 0 else { return }
        do throws(StoreError) {
            switch table {
            case .blocks: try eachLogBlock(in: range, body)
            case .events: try eachLogEvent(in: range, body)
            }
        } catch {
            throw .store(error)
        }
    }

    private func eachLogBlock(in range: Int64?, _ body: (CheckedRow) -> Void) throws(StoreError) {
        for result in store.commits(1...cursor.wholeSequence) {
            guard case .block(let stored, _) = try result.get().content,
                isSelected(stored.sequence, stored.block.height)
            else { continue }
            let block = stored.block
            var digest = RowDigest()
            digest.add(block.hash.bytes)
            digest.add(block.parent.bytes)
            digest.add(time(block.timestamp))
            digest.add(time(stored.appendTime))
            digest.add(stored.chainValue)
            digest.add(block.requestID)
            digest.add(Int64(stored.eventCount))
            digest.add(undone[stored.sequence].map { Int64($0) })
            let row = CheckedRow(
                key: RowKey(sequence: Int64(stored.sequence), ordinal: 0), height: block.height, digest)
            if range == nil || row.range == range { body(row) }
        }
    }

    private func eachLogEvent(in range: Int64?, _ body: (CheckedRow) -> Void) throws(StoreError) {
        var query = EventQuery()
        query.scope = .log
        query.models = options.models
        query.sequences = 1...cursor.wholeSequence
        if let range, range != Self.floating {
            query.heights = Self.heights(ofRange: range)
        }
        var classifier = PayloadClassifier(target.dialect)
        var events = try store.view().cursor(query)
        while try events.next() {
            guard isSelected(events.sequence, events.height) else { continue }
            var digest = RowDigest()
            digest.add(Array(events.model.utf8))
            digest.add(Array(events.type.utf8))
            digest.add(events.version.map { Int64(clamping: $0) })
            digest.add(time(events.timestamp))
            digest.add(events.requestID)
            digest.add(undone[events.sequence].map { Int64($0) })
            let payload = events.payload
            let isJSON = classifier.isJSON(payload)
            digest.add(isJSON ? 1 : 2 as UInt64)
            if isJSON { digest.add(json: payload, target.dialect) } else { digest.add(payload) }
            let row = CheckedRow(
                key: RowKey(sequence: Int64(events.sequence), ordinal: Int64(events.ordinal)), height: events.height,
                digest)
            if range == nil || row.range == range { body(row) }
        }
    }

    private func isSelected(_ sequence: UInt64, _ height: Int64?) -> Bool {
        if !options.keepsUndone, undone[sequence] != nil { return false }
        guard let heights = options.heights else { return true }
        return height.map(heights.contains) ?? false
    }

    /// A time as the target can have it: PostgreSQL's begin in 4713 BC, and what is before becomes minus infinity.
    private func time(_ time: Timestamp) -> Int64 {
        target.dialect == .postgres && time.microseconds < -210_866_803_200_000_000 ? .min : time.microseconds
    }
}
