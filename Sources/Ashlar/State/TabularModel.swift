/// A model whose state is a table: exporters keep it in SQL as `state_NAME`, in step with the chain, reorgs included.
///
/// An exporter never looks at a whole state. For each batch of commits it asks which keys the events name, of the blocks that came and of those that
/// were undone, and compares the rows of these keys in the state before the batch with those in the state after it:
///
///     extension Transfers: TabularModel {
///         var keyColumns: [StateColumn] { [StateColumn("address", .bytes)] }
///         var valueColumns: [StateColumn] { [StateColumn("count", .integer, isIndexed: true)] }
///         func addChangedKeys(
///             by event: borrowing ModelEvent, in state: StateMap<[UInt8], Int>, to keys: inout Set<[UInt8]>
///         ) throws { keys.insert(try sender(event.payload)) }
///         func keyValues(_ key: [UInt8]) -> [StateValue] { [.bytes(key)] }
///         func row(for key: [UInt8], in state: StateMap<[UInt8], Int>) -> [StateValue]? { state[key].map { [.integer(Int64($0))] } }
///     }
public protocol TabularModel: Model {
    /// What tells one row from another.
    associatedtype Key: Hashable, Sendable

    /// The columns of a key; at least one, and none optional.
    var keyColumns: [StateColumn] { get }

    /// The other columns.
    var valueColumns: [StateColumn] { get }

    /// Adds the keys whose rows an event of a block may have changed, whether the block was applied or undone.
    ///
    /// It is called for each event with two states, that before a batch of commits and that after it, so that what the event does not say itself
    /// can be looked up: a spent output stands in the first if the spend came, in the second if it was undone. Taken together, all calls of a
    /// batch must add every key whose row differs between the two; more do no harm. Like `apply` it depends on nothing else.
    func addChangedKeys(by event: borrowing ModelEvent, in state: State, to keys: inout Set<Key>) throws

    /// The values of a key, in the order of `keyColumns`; two keys never have the same.
    func keyValues(_ key: Key) -> [StateValue]

    /// The other values of a key's row in a state, in the order of `valueColumns`; nil if there is no row.
    func row(for key: Key, in state: State) throws -> [StateValue]?
}

/// A column of the table of a state.
public struct StateColumn: Sendable, Hashable {
    /// What a column holds.
    public enum Kind: Sendable, Hashable {
        /// 64-bit integers.
        case integer
        /// Text without zero characters.
        case text
        /// Bytes.
        case bytes
        /// Exact integers of at most 78 digits.
        case numeric
    }

    /// Its name: letters, digits and `_`, no digit in front.
    public var name: String
    /// What it holds.
    public var kind: Kind
    /// Whether `StateValue.null` may stand in it.
    public var isOptional: Bool
    /// Whether it has an index, so that the highest values are found at once.
    public var isIndexed: Bool

    /// A column.
    public init(_ name: String, _ kind: Kind, isOptional: Bool = false, isIndexed: Bool = false) {
        self.name = name
        self.kind = kind
        self.isOptional = isOptional
        self.isIndexed = isIndexed
    }
}

/// A value in the table of a state; of the kind of its column.
public enum StateValue: Sendable, Hashable {
    /// No value.
    case null
    /// A 64-bit integer.
    case integer(Int64)
    /// Text.
    case text(String)
    /// Bytes.
    case bytes([UInt8])
    /// An integer in decimal digits, with a minus in front if it is below 0.
    case numeric(String)
}
