package import Ashlar

/// Counts events by model and type, as the model of the same name that the commands know.
package struct CountedEvents: TabularModel {
    /// The counts by the names of model and type.
    package struct Counts: ModelState, Codable, Equatable {
        var counts: [String: [String: Int]] = [:]
    }

    /// What a row is of.
    package struct Key: Hashable, Sendable {
        var model: String
        var type: String
    }

    package let name = "event-counts"
    package let sources: [String] = []
    package var schemaVersion: UInt32 = 1
    package let keyColumns = [StateColumn("model", .text), StateColumn("type", .text)]
    package let valueColumns = [StateColumn("events", .integer)]

    /// The model.
    package init(schemaVersion: UInt32 = 1) { self.schemaVersion = schemaVersion }

    package func makeState() -> Counts { Counts() }

    package func apply(_ event: borrowing ModelEvent, to state: inout Counts) throws {
        state.counts[event.model, default: [:]][event.type, default: 0] += 1
    }

    package func json(_ state: Counts) throws -> String? {
        "{\"models\":\(state.counts.count),\"events\":\(state.counts.values.reduce(0) { $0 + $1.values.reduce(0, +) })}"
    }

    package func addChangedKeys(by event: borrowing ModelEvent, in state: Counts, to keys: inout Set<Key>) throws {
        keys.insert(Key(model: event.model, type: event.type))
    }

    package func keyValues(_ key: Key) -> [StateValue] { [.text(key.model), .text(key.type)] }

    package func row(for key: Key, in state: Counts) throws -> [StateValue]? {
        state.counts[key.model]?[key.type].map { [.integer(Int64($0))] }
    }
}
