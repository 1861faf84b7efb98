import AshlarFormat

/// Applies the events of canonical blocks to models, block by block, each model from where it stands.
///
/// Invariant: between two calls every model stands between two blocks; after a failure, at the block before the one that failed.
struct Replay: ~Copyable {
    private let slots: [ModelSlot]
    private let target: Int64
    private let undoBlocks: Int64
    private var events: ModelEvents
    private var hasBegun = false
    /// Height of the last block applied; −1 if there was none.
    private(set) var height: Int64

    /// A replay of the chain of `view` up to `target`; models with a height at or above a block's do not get its events.
    init(_ slots: [ModelSlot], in view: View, upTo target: Int64, undoBlocks: Int64) throws(ProjectionError) {
        let lowest = slots.map(\.height).min() ?? target
        var query = EventQuery()
        if slots.allSatisfy({ !$0.sources.isEmpty }) { query.models = Array(Set(slots.flatMap(\.sources))) }
        let first = try Self.firstHeight(slots, from: lowest + 1, in: view, upTo: target)
        if first <= target { query.heights = first...target } else { query.limit = 0 }
        let asked = query
        let cursor = try reading { () throws(StoreError) in try view.cursor(asked) }
        self.init(
            slots, ModelEvents(cursor, EventNames(view.core), sources: slots.map(\.sources)), lowest, target, undoBlocks
        )
    }

    /// Where to begin reading; what was pruned is passed over only if none of the models that stand below had events there.
    private static func firstHeight(
        _ slots: [ModelSlot], from lowest: Int64, in view: View, upTo target: Int64
    ) throws(ProjectionError) -> Int64 {
        guard lowest < view.firstHeight, lowest <= target else { return lowest }
        guard target >= view.firstHeight - 1 else { throw .store(view.pruned) }
        for slot in slots where slot.height < view.firstHeight - 1 {
            let sources = slot.sources
            let isNew = try reading { () throws(StoreError) in try view.hasAllEvents(of: sources) }
            guard !sources.isEmpty, isNew else { throw .store(view.pruned) }
        }
        return view.firstHeight
    }

    private init(
        _ slots: [ModelSlot], _ events: consuming ModelEvents, _ height: Int64, _ target: Int64, _ undoBlocks: Int64
    ) {
        self.slots = slots
        self.events = events
        self.height = height
        self.target = target
        self.undoBlocks = undoBlocks
    }

    /// Applies the next block that has events for any of the models; false at the end.
    mutating func applyBlock() throws(ProjectionError) -> Bool {
        if !hasBegun {
            hasBegun = true
            events.isPending = events.advance()
        }
        if let failure = events.failure { throw .store(failure) }
        guard events.isPending, let height = events.cursor.height else { return false }
        do throws(ProjectionError) {
            let bytes = events.cursor.frameLength
            for slot in slots where slot.height < height { slot.sinceSnapshot.logBytes += bytes }
            repeat { try applyRun(height) } while events.isPending && events.cursor.height == height
            if let failure = events.failure { throw .store(failure) }
        } catch {
            for slot in slots { slot.abortBlock() }
            events.isPending = false
            throw error
        }
        for slot in slots where slot.height < height {
            slot.endBlock(height: height)
            slot.trim(to: height - undoBlocks)
        }
        self.height = height
        return true
    }

    /// Notes that the blocks up to the target had nothing more for the models.
    mutating func finish() {
        for slot in slots where slot.height < target {
            slot.endBlock(height: target)
            slot.trim(to: target - undoBlocks)
        }
        height = target
    }

    /// Applies the events that are next: all that follow for one model alone, or one event for several.
    private mutating func applyRun(_ height: Int64) throws(ProjectionError) {
        let route = events.route()
        guard route.count == 1 else { return try applyEvent(to: route, height) }
        let slot = slots[route[0]]
        events.begin(slot: route[0], height: height)
        if slot.height < height {
            do { try slot.apply(run: &events) } catch { throw refusal(slot, height, error) }
        }
        events.end()
    }

    private mutating func applyEvent(to route: [Int], _ height: Int64) throws(ProjectionError) {
        events.load()
        for index in route where slots[index].height < height {
            do { try slots[index].apply(events.event) } catch { throw refusal(slots[index], height, error) }
        }
        events.isPending = events.advance()
    }

    private func refusal(_ slot: ModelSlot, _ height: Int64, _ cause: any Error) -> ProjectionError {
        .model(
            name: slot.name, height: height, sequence: events.event.sequence, ordinal: events.event.ordinal,
            cause: cause)
    }
}
