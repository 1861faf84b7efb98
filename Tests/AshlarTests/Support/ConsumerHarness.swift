import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// Named consumers and cursors beside the simulator's store: what was acknowledged stays so, and no cursor of a commit that was lost is taken.
///
/// A class, because the simulator is a value that only hands it on.
final class ConsumerHarness {
    private static let names = ["first", "second"]

    /// Where each consumer may stand: at what it was told last, or at what was tried since.
    private var positions: [String: [Cursor]] = [:]
    /// Names for which an acknowledgement returned.
    private var told: Set<String> = []
    private var handles: [String: Consumer] = [:]
    var trace: Simulator.Trace?
    /// Cursors of the log's end at some time; the commits of some of them were lost since.
    private var cursors: [Cursor] = []

    /// Starts anew, as a process does that has just opened the store.
    func open(_ store: Store, _ model: ModelChain) throws(StoreError) {
        handles = [:]
        for name in Self.names {
            let found = try store.consumer(name).position()
            let allowed = positions[name] ?? []
            guard found.map(allowed.contains) ?? !told.contains(name) else {
                throw failure("consumer \(name) stands at \(found?.sequence ?? 0), not at \(allowed.map(\.sequence))")
            }
        }
        for status in try store.consumers() {
            guard let problem = status.problem else { continue }
            throw failure("consumer \(status.name): \(problem)")
        }
        for cursor in cursors { try judge(cursor, store, model) }
    }

    /// Whether pruning up to `sequence` leaves every consumer what it has not seen.
    func mayPrune(upTo sequence: UInt64) -> Bool {
        positions.allSatisfy { name, allowed in
            !told.contains(name) || allowed.contains { $0.wholeSequence >= sequence }
        }
    }

    /// After an operation: perhaps acknowledges, keeps a cursor, tries one, follows.
    func check(
        _ store: Store, _ model: ModelChain, durable: UInt64, _ random: inout SplitMix64
    ) throws(StoreError) {
        if random.chance(8) { try acknowledge(store, model, upTo: durable, &random) }
        if random.chance(15) {
            trace?.add("    the cursor of \(store.sequence) is kept")
            cursors.append(try store.cursor(at: .end))
            if cursors.count > 24 { cursors.removeFirst() }
        }
        if random.chance(20), let cursor = cursors.randomElement(using: &random) { try judge(cursor, store, model) }
        if random.chance(3), let cursor = cursors.randomElement(using: &random) { try follow(cursor, store, model) }
    }

    // MARK: - Consumers

    /// Lets all consumers that there are acknowledge what is durable, so that they are in the way of nothing.
    func catchUp(_ store: Store, upTo durable: UInt64) throws(StoreError) {
        for name in Self.names where positions[name].map({ $0.allSatisfy { $0.sequence < durable } }) ?? false {
            try acknowledge(store, name, durable)
        }
    }

    private func acknowledge(
        _ store: Store, _ model: ModelChain, upTo durable: UInt64, _ random: inout SplitMix64
    ) throws(StoreError) {
        let name = Self.names[random.below(Self.names.count)]
        let first = max(positions[name]?.map(\.sequence).max() ?? 0, model.pruned)
        guard first <= durable, durable > 0 else { return }
        let sequence = durable - UInt64(random.below(Int(min(durable - first, 3)) + 1))
        if sequence > 0 { try acknowledge(store, name, sequence) }
    }

    private func acknowledge(_ store: Store, _ name: String, _ sequence: UInt64) throws(StoreError) {
        let cursor = try store.cursor(at: .sequence(sequence))
        positions[name, default: []].append(cursor)
        let handle: Consumer
        if let held = handles[name] { handle = held } else { handle = try store.consumer(name) }
        handles[name] = handle
        trace?.add("    consumer \(name) acknowledges \(sequence)")
        try handle.ack(cursor)
        positions[name] = [cursor]
        told.insert(name)
    }

    // MARK: - Cursors

    private func judge(_ cursor: Cursor, _ store: Store, _ model: ModelChain) throws(StoreError) {
        let isThere = isThere(cursor, model)
        do throws(StoreError) {
            try store.check(cursor)
        } catch {
            switch error {
            case .cursorNotFound where !isThere: return
            case .pruned where cursor.sequence < model.pruned: return
            case .cursorNotFound: throw failure("the cursor of \(cursor.sequence) is refused: \(error)")
            default: throw error
            }
        }
        guard isThere else { throw failure("the cursor of a commit \(cursor.sequence) that was lost is taken") }
    }

    private func isThere(_ cursor: Cursor, _ model: ModelChain) -> Bool {
        guard cursor.sequence > 0 else { return true }
        guard cursor.sequence <= model.lastSequence else { return false }
        return model.commits[Int(cursor.sequence) - 1].chainValue == cursor.chainValue
    }

    /// What is behind a cursor is what the model says, whatever was cut and undone since it was taken.
    private func follow(_ cursor: Cursor, _ store: Store, _ model: ModelChain) throws(StoreError) {
        guard isThere(cursor, model), cursor.sequence >= model.pruned else { return }
        let values = model.commits.map { $0.chainValue ?? 0 }
        var before = model
        before.cut(to: cursor.sequence)
        let expected = model.steps(values).dropFirst(before.steps(values).count)
        let found = try store.stepTexts(from: cursor).texts
        guard found.elementsEqual(expected) else {
            throw failure("following from \(cursor.sequence) gives \(found.count) steps, not \(expected.count)")
        }
    }

    /// Told as an argument that no store accepts.
    private func failure(_ what: String) -> StoreError { .invalidArgument(what) }
}
