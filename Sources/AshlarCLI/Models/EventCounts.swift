public import Ashlar

/// Counts the canonical events of each model and type: a model that any store has use for.
public struct EventCounts: Model {
    /// How often a type of event occurs in a model.
    public struct Counts: ModelState, Codable, Equatable {
        /// Number of events by the names of their model and type.
        public var counts: [String: [String: Int]] = [:]
    }

    /// `event-counts`.
    public let name = "event-counts"
    /// All models.
    public let sources: [String] = []

    /// The model.
    public init() {}

    /// No events.
    public func makeState() -> Counts { Counts() }

    /// Counts the event.
    public func apply(_ event: borrowing ModelEvent, to state: inout Counts) throws {
        state.counts[event.model, default: [:]][event.type, default: 0] += 1
    }

    /// Counts the floating event too.
    public func applyPending(_ event: borrowing ModelEvent, to state: inout Counts) throws {
        try apply(event, to: &state)
    }

    /// `{"MODEL":{"TYPE":COUNT}}`, in the order of the names.
    public func json(_ state: Counts) throws -> String? {
        let models = state.counts.sorted { $0.key < $1.key }.map { model, types in
            let members = types.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)):\($0.value)" }
            return "\(Self.quoted(model)):{\(members.joined(separator: ","))}"
        }
        return "{\(models.joined(separator: ","))}"
    }

    private static func quoted(_ text: String) -> String {
        String(decoding: JSONText.quoted(text.utf8), as: UTF8.self)
    }
}

/// A row for each type of event of each model.
extension EventCounts: TabularModel {
    /// A type of event of a model.
    public struct Key: Hashable, Sendable {
        /// The model's name.
        public var model: String
        /// The type's name.
        public var type: String
    }

    /// The names of model and type.
    public var keyColumns: [StateColumn] { [StateColumn("model", .text), StateColumn("type", .text)] }

    /// How many events.
    public var valueColumns: [StateColumn] { [StateColumn("events", .integer)] }

    /// Adds the event's model and type.
    public func addChangedKeys(by event: borrowing ModelEvent, in state: Counts, to keys: inout Set<Key>) throws {
        keys.insert(Key(model: event.model, type: event.type))
    }

    /// The two names.
    public func keyValues(_ key: Key) -> [StateValue] { [.text(key.model), .text(key.type)] }

    /// The number of events; nil if there are none.
    public func row(for key: Key, in state: Counts) throws -> [StateValue]? {
        state.counts[key.model]?[key.type].map { [.integer(Int64($0))] }
    }
}
