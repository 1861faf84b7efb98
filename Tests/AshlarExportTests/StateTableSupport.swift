import Ashlar
import AshlarExport

/// Who holds how many things: an event gives a thing to somebody, or takes it away, and does not say from whom.
struct Holdings: TabularModel {
    struct State: ModelState {
        struct Undo: Sendable {
            var things: StateMap<UInt8, UInt8>.Undo
            var owners: StateMap<UInt8, Int>.Undo
        }

        var things = StateMap<UInt8, UInt8>()
        var owners = StateMap<UInt8, Int>()

        mutating func beginBlock() -> Undo { Undo(things: things.beginBlock(), owners: owners.beginBlock()) }

        mutating func endBlock(_ undo: inout Undo) {
            things.endBlock(&undo.things)
            owners.endBlock(&undo.owners)
        }

        mutating func undo(_ undo: Undo) {
            things.undo(undo.things)
            owners.undo(undo.owners)
        }
    }

    var name = "holdings"
    var keyName = "owner"
    /// What the amount of every row is, if not what it should be.
    var amount: String?

    let sources = ["model 0", "model 1", "model 2"]
    var keyColumns: [StateColumn] { [StateColumn(keyName, .bytes), StateColumn("parity", .integer)] }
    let valueColumns = [
        StateColumn("items", .integer, isIndexed: true), StateColumn("amount", .numeric),
        StateColumn("note", .text, isOptional: true),
    ]

    func makeState() -> State { State() }

    func apply(_ event: borrowing ModelEvent, to state: inout State) throws {
        let (thing, owner) = Self.content(event)
        if let old = state.things[thing] {
            let left = state.owners[old, default: 0] - 1
            state.owners[old] = left == 0 ? nil : left
        }
        state.things[thing] = owner
        if let owner { state.owners[owner, default: 0] += 1 }
    }

    func addChangedKeys(by event: borrowing ModelEvent, in state: State, to keys: inout Set<UInt8>) throws {
        if let owner = state.things[Self.content(event).thing] { keys.insert(owner) }
    }

    func keyValues(_ key: UInt8) -> [StateValue] { [.bytes([key]), .integer(Int64(key % 2))] }

    func row(for key: UInt8, in state: State) throws -> [StateValue]? {
        state.owners[key].map { items in
            let amount = amount ?? "-\(items)" + String(repeating: "0", count: 30)
            return [.integer(Int64(items)), .numeric(amount), items % 3 == 0 ? .null : .text("has \(items)")]
        }
    }

    func encode(_ state: State, to output: inout SnapshotOutput) throws {}

    func decode(from input: inout SnapshotInput) throws -> State { State() }

    private static func content(_ event: borrowing ModelEvent) -> (thing: UInt8, owner: UInt8?) {
        let payload = event.payload
        let thing = payload.byteCount > 2 ? payload.unsafeLoad(fromByteOffset: 1, as: UInt8.self) : 0
        let last = payload.byteCount > 2 ? payload.unsafeLoad(fromByteOffset: payload.byteCount - 2, as: UInt8.self) : 0
        return (thing, event.type == "type.2" ? nil : last % 100)
    }

    /// The state as of a commit, the last if nil.
    static func state(_ store: Store, asOf sequence: UInt64? = nil) throws -> State {
        let holdings = try Projection(store).add(Holdings())
        return try holdings.state(asOf: sequence ?? store.sequence).state
    }

    /// The rows of that state, as text.
    static func rows(_ store: Store, asOf sequence: UInt64? = nil) throws -> [String] {
        try state(store, asOf: sequence).owners.map { owner, items in
            let note = items % 3 == 0 ? "-" : "has \(items)"
            return "\(owner) \(owner % 2) \(items) -\(items)\(String(repeating: "0", count: 30)) \(note)"
        }.sorted()
    }

    /// The rows of the table in a target, as text.
    static func rows(_ target: any ExportTarget) throws -> [String] {
        try target.rows("SELECT owner, parity, items, amount, note FROM state_holdings").map { row in
            "\(row[0].bytes?.first ?? 0) \(row[1].integer ?? -1) \(row[2].integer ?? -1) "
                + "\(NumericText.plain(row[3].text ?? "")) \(row[4].text ?? "-")"
        }.sorted()
    }
}
