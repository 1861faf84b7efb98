import AshlarFormat

/// Events of one block that follow each other and are all for one model, borrowed one after the other from the log.
///
/// Invariants: `cursor` stands at `event` once `next` has said so; if `isPending`, at one that was not handed out yet, which is the first of a
/// run, or behind one that `isOver`. `failure` is why there is no such event.
public struct ModelEvents: ~Copyable {
    /// The present event; meaningful once `next` has returned true.
    public internal(set) var event: ModelEvent

    var cursor: EventCursor
    /// Whether the cursor stands at an event that was not handed out yet.
    var isPending = false
    /// Whether the run has come to its end.
    private var isOver = true
    /// Why the log could not be read on.
    var failure: StoreError?
    /// How many events of the run were handed out.
    var count = 0
    /// The place of the run's model among those that are applied, and the block; the run ends where either changes.
    private var slot = 0
    private var height: Int64 = -1
    /// For each model id of the log, which of the models take its events.
    private var routes: [UInt32: [Int]] = [:]
    /// The id in the log of the run's latest event's model: one that differs is looked up.
    private var model: UInt32 = 0
    private let sources: [[String]]

    init(_ cursor: consuming EventCursor, _ names: EventNames, sources: [[String]]) {
        self.cursor = cursor
        self.sources = sources
        event = ModelEvent(names: names)
    }

    /// Goes to the next event; false at the end of the run.
    ///
    /// What was borrowed from the event before is not good any more. No allocation, no copy of the payload.
    public mutating func next() -> Bool {
        if isOver { return false }
        if !isPending {
            isPending = advance()
            guard isPending, cursor.modelID == model || continuesRun(), cursor.height == height else {
                isOver = true
                return false
            }
        }
        isPending = false
        count += 1
        load()
        return true
    }
}

extension ModelEvents {
    /// Moves the cursor; false at the end of the log, or where it cannot be read.
    mutating func advance() -> Bool {
        do throws(StoreError) {
            return try cursor.next()
        } catch {
            failure = error
            return false
        }
    }

    /// Begins a run of events for the model at `slot`, at the event where the cursor stands.
    mutating func begin(slot: Int, height: Int64) {
        (self.slot, self.height, count, isOver) = (slot, height, 0, false)
        model = cursor.modelID
    }

    /// Makes the event at the cursor the present one.
    mutating func load() { event.load(from: cursor) }

    /// Passes over what was not taken of a run.
    mutating func end() {
        while next() {}
    }

    /// Whether the event at the cursor, of another name than the one before, is for the run's model alone too.
    private mutating func continuesRun() -> Bool {
        let route = route()
        guard route.count == 1, route[0] == slot else { return false }
        model = cursor.modelID
        return true
    }

    /// Which models take the event at the cursor.
    mutating func route() -> [Int] {
        let model = cursor.modelID
        if let known = routes[model] { return known }
        let name = Array(event.names.model(model).utf8)
        let found = sources.indices.filter { index in
            sources[index].isEmpty || sources[index].contains { $0.utf8.elementsEqual(name) }
        }
        routes[model] = found
        return found
    }
}
