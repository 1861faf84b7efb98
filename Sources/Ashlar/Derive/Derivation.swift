public import AshlarFormat

/// How a new store is made from an old one: which events stay as they are, which go, and what is computed from them.
///
/// `rule` is asked once for each pair of model and type; what it keeps, drops or renames never passes through the other methods and flows at
/// the speed of a scan. Only events it wants replaced or observed are handed to `derive`, one at a time and by reference.
///
/// A derivation must come to the same result for the same commits: a run that was interrupted goes on from what is in the target, and a
/// block that is taken up again after a reorganisation is not written anew. `name`, `version` and `parameters` tell it from others.
public protocol Derivation: Sendable {
    /// What `derive` remembers from block to block; it follows rollbacks. It may be that of a `Model`, which takes the events as they are handed over.
    associatedtype State: ModelState = NoDerivationState

    /// What it is called, 1–255 bytes of UTF-8.
    var name: String { get }

    /// To be raised whenever it would give other events than before.
    var version: UInt64 { get }

    /// What else decides about its result, up to 65,535 bytes of UTF-8.
    var parameters: String { get }

    /// What is done with the events of this type of this model. Asked once per pair and run.
    func rule(model: String, type: String) throws -> DerivationRule

    /// Under which name a name that the source only declares is declared in the target; nil for not at all.
    func declaredName(_ kind: NameKind, _ name: String) -> String?

    /// The state before the first block.
    func makeState() -> State

    /// Handles one event of a block that its rule wants replaced or observed; what it emits stands in the event's place, or behind it.
    ///
    /// The event is that of the source: its version and ids too.
    func derive(_ event: borrowing ModelEvent, _ state: inout State, _ output: inout DerivedEvents) throws

    /// Called behind the last event of each block, also of one without events.
    func endBlock(_ block: DerivationBlock, _ state: inout State, _ output: inout DerivedEvents) throws

    /// Handles one floating event that its rule wants replaced or observed. Floating events are no part of the state.
    func deriveFloating(_ event: borrowing ModelEvent, _ state: State, _ output: inout DerivedEvents) throws
}

extension Derivation {
    /// None.
    public var parameters: String { "" }

    /// The same name.
    public func declaredName(_ kind: NameKind, _ name: String) -> String? { name }

    /// Emits nothing.
    public func derive(_ event: borrowing ModelEvent, _ state: inout State, _ output: inout DerivedEvents) throws {
    }

    /// Emits nothing.
    public func endBlock(_ block: DerivationBlock, _ state: inout State, _ output: inout DerivedEvents) throws {}

    /// Emits nothing.
    public func deriveFloating(_ event: borrowing ModelEvent, _ state: State, _ output: inout DerivedEvents) throws {}
}

extension Derivation where State == NoDerivationState {
    /// Nothing.
    public func makeState() -> NoDerivationState { NoDerivationState() }
}

/// What is done with the events of one type of one model.
public enum DerivationRule: Sendable, Hashable {
    /// They stay, byte for byte, with their time and request id.
    case keep
    /// They go.
    case drop
    /// They stay under another model, another type, or both.
    case rename(model: String, type: String)
    /// They stay and are handed to `derive`.
    case observe
    /// They are handed to `derive`, and only what it emits stays.
    case replace
}

/// The state of a derivation that looks at each event alone.
public struct NoDerivationState: ModelState {
    /// Nothing to remember.
    public init() {}
}

/// The block whose events are being derived.
public struct DerivationBlock: Sendable, Hashable {
    /// The sequence of its commit, the same in source and target.
    public var sequence: UInt64
    /// Its height.
    public var height: Int64
    /// Its hash.
    public var hash: BlockHash
    /// The hash of the block it stands on.
    public var parent: BlockHash
    /// Its time.
    public var timestamp: Timestamp
}
