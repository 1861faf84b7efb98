/// How events become a state: one read model of an indexer.
///
/// A model is a pure fold. It sees the canonical blocks' events of its `sources` in the order of the chain, and what it makes of them depends on
/// nothing else, so that the same log always gives the same state: no clock, no randomness, no other model's state.
///
///     struct Transfers: Model {
///         let name = "transfers"
///         func makeState() -> StateMap<[UInt8], Int> { StateMap() }
///         func apply(_ event: borrowing ModelEvent, to state: inout StateMap<[UInt8], Int>) throws {
///             state[try sender(event.payload), default: 0] += 1
///         }
///     }
public protocol Model: Sendable {
    /// The state the events add up to.
    associatedtype State: ModelState

    /// The model's name, 1–255 bytes of UTF-8: its snapshots are found by it.
    var name: String { get }

    /// Number of the way it folds and encodes; a snapshot made under another one is ignored. To be raised with every change of either.
    var schemaVersion: UInt32 { get }

    /// The models whose events it takes, by the names in the log: its own name by default; none for the events of all.
    var sources: [String] { get }

    /// The state before the first block.
    func makeState() -> State

    /// Takes one event of a canonical block into the state.
    ///
    /// The event is borrowed: what is to be kept of its payload must be copied. An error stops the projection at the block before; nothing of
    /// this block stays in any state.
    func apply(_ event: borrowing ModelEvent, to state: inout State) throws

    /// Takes events of one block that follow each other in the log; those it leaves are passed over.
    ///
    /// The default calls `apply` for each, and is as a rule all one wants: it is here because it is compiled together with the model, so
    /// that an event costs no indirect call.
    func apply(run events: inout ModelEvents, to state: inout State) throws

    /// Takes the block that `undo` came from back: the last one in the state.
    ///
    /// The default leaves it to the state; as that of `apply(run:to:)` it is here to be compiled together with the model.
    func undo(_ undo: State.Undo, in state: inout State)

    /// Takes one floating event into a copy of the state, for `Projected.latestWithPending`; the default leaves it out.
    ///
    /// The event may have been confirmed by a block since: the state tells.
    func applyPending(_ event: borrowing ModelEvent, to state: inout State) throws

    /// Appends a state to a snapshot; what it appends `decode` must read again.
    ///
    /// Called on a background thread with a copy of the state. States that are `SnapshotCodable` or `Codable` have this without further ado.
    func encode(_ state: State, to output: inout SnapshotOutput) throws

    /// Reads a state that `encode` wrote under this `schemaVersion`.
    func decode(from input: inout SnapshotInput) throws -> State

    /// The state as JSON for people and tools, or nil if it has no such form (the default).
    func json(_ state: State) throws -> String?
}

extension Model {
    /// The model's own name.
    public var sources: [String] { [name] }

    /// 1.
    public var schemaVersion: UInt32 { 1 }

    /// Calls `apply` for each event.
    @inlinable
    public func apply(run events: inout ModelEvents, to state: inout State) throws {
        while events.next() { try apply(events.event, to: &state) }
    }

    /// Has the state take the block back.
    @inlinable
    public func undo(_ undo: State.Undo, in state: inout State) { state.undo(undo) }

    /// Leaves floating events out.
    public func applyPending(_ event: borrowing ModelEvent, to state: inout State) throws {}

    /// Nil.
    public func json(_ state: State) throws -> String? { nil }
}

extension Model where State: SnapshotCodable {
    /// Appends the state as it writes itself.
    @inlinable
    public func encode(_ state: State, to output: inout SnapshotOutput) throws { try state.encode(to: &output) }

    /// Reads the state as it wrote itself.
    @inlinable
    public func decode(from input: inout SnapshotInput) throws -> State { try State.decode(from: &input) }
}

extension Model where State: Codable {
    /// Appends the state by its `Codable` conformance, in a compact binary form.
    public func encode(_ state: State, to output: inout SnapshotOutput) throws { try output.encode(state) }

    /// Reads the state by its `Codable` conformance.
    public func decode(from input: inout SnapshotInput) throws -> State { try input.decode(State.self) }
}
