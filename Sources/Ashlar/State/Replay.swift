import AshlarFormat

/// Applies the events of canonical blocks to models, block by block, each model from where it stands.
///
/// Invariant: between two calls every model stands between two blocks; after a failure, at the block before the one that failed.
struct Replay: ~Copyable {
    private let slots: [ModelSlot]
    private let target: Int64
    private let undoBlocks: Int64
    private var cursor: EventCursor
    private var event: ModelEvent
    /// For each model id of the log, which of `slots` take its events.
    private var routes: [UInt32: [Int]] = [:]
    /// Whether the cursor stands at an event that was not applied yet; nil before its first move.
    private var hasEvent: Bool?
    /// Height of the last block applied; −1 if there was none.
    private(set) var height: Int64

    /// A replay of the chain of `view` up to `target`; models with a height at or above a block's do not get its events.
    init(_ slots: [ModelSlot], in view: View, upTo target: Int64, undoBlocks: Int64) throws(ProjectionError) {
        let lowest = slots.map(\.height).min() ?? target
        var query = EventQuery()
        if slots.allSatisfy({ !$0.sources.isEmpty }) { query.models = Array(Set(slots.flatMap(\.sources))) }
        if lowest < target { query.heights = lowest + 1...target } else { query.limit = 0 }
        let asked = query
        let cursor = try reading { () throws(StoreError) in try view.cursor(asked) }
        self.init(slots, cursor, ModelEvent(names: EventNames(view.core)), lowest, target, undoBlocks)
    }

    private init(
        _ slots: [ModelSlot], _ cursor: consuming EventCursor, _ event: consuming ModelEvent, _ height: Int64,
        _ target: Int64, _ undoBlocks: Int64
    ) {
        self.slots = slots
        self.cursor = cursor
        self.event = event
        self.height = height
        self.target = target
        self.undoBlocks = undoBlocks
        hasEvent = nil
    }

    /// Applies the next block that has events for any of the models; false at the end.
    mutating func applyBlock() throws(ProjectionError) -> Bool {
        if hasEvent == nil { _ = try advance() }
        guard hasEvent == true, let height = cursor.height else { return false }
        do throws(ProjectionError) {
            let bytes = cursor.commit.header.frameLength
            for slot in slots where slot.height < height { slot.sinceSnapshot.logBytes += bytes }
            repeat { try applyEvent(height) } while try advance() && cursor.height == height
        } catch {
            for slot in slots { slot.abortBlock() }
            hasEvent = false
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

    private mutating func advance() throws(ProjectionError) -> Bool {
        do throws(StoreError) {
            let isThere = try cursor.next()
            hasEvent = isThere
            return isThere
        } catch {
            throw .store(error)
        }
    }

    private mutating func applyEvent(_ height: Int64) throws(ProjectionError) {
        event.load(from: cursor)
        for index in route(cursor.modelID) where slots[index].height < height {
            do {
                try slots[index].apply(event)
            } catch {
                throw .model(
                    name: slots[index].name, height: height, sequence: event.sequence, ordinal: event.ordinal,
                    cause: error)
            }
        }
    }

    private mutating func route(_ model: UInt32) -> [Int] {
        if let known = routes[model] { return known }
        let name = Array(event.names.model(model).utf8)
        let found = slots.indices.filter { index in
            slots[index].sources.isEmpty || slots[index].sources.contains { $0.utf8.elementsEqual(name) }
        }
        routes[model] = found
        return found
    }
}
