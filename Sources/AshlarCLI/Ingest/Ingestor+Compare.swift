import Ashlar

extension Ingestor {
    /// Checks that a line says of a block what the log says of it, though the block is not canonical.
    mutating func compare(
        _ block: BlockLine, _ line: InputTextLine, with stored: StoredBlock
    ) throws(LineFailure) {
        guard !stored.isStub else { return }
        let ours = try makeBlock(block, line, parser, mark: nil)
        let difference = try ofLine { () throws(StoreError) -> String? in
            if stored.block.parent != ours.parent { return "its parent is \(stored.block.parent)" }
            if stored.block.timestamp != ours.timestamp { return "its timestamp" }
            if stored.block.requestID != ours.requestID { return "its request id" }
            let theirs = try Self.events(of: stored, store)
            let events = parser.copyEvents(line.bytes).map { Self.withoutRepeats($0, of: ours) }
            guard theirs.count == events.count else { return "it has \(theirs.count) events, not \(events.count)" }
            let first = events.indices.first { events[$0] != theirs[$0] }
            return first.map { "event \($0)" }
        }
        guard let difference else { return }
        throw .store(.differentBlock(height: block.height, difference: difference))
    }

    /// The events of a block of the log as they were appended, whether it is canonical or not.
    static func events(of stored: StoredBlock, _ store: Store) throws(StoreError) -> [Event] {
        var query = EventQuery()
        query.scope = .log
        query.sequences = stored.sequence...stored.sequence
        return try store.view().events(query).map { event in
            let whole = Event(
                model: event.model, type: event.type, payload: event.payload, timestamp: event.timestamp,
                requestID: event.requestID)
            return withoutRepeats(whole, of: stored.block)
        }
    }

    /// An event without the time and request id of its block, which it has anyway.
    private static func withoutRepeats(_ event: Event, of block: Block) -> Event {
        var event = event
        if event.timestamp == block.timestamp { event.timestamp = nil }
        if event.requestID == block.requestID { event.requestID = nil }
        return event
    }
}
