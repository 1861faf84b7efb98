import Ashlar

/// Counts events by their type and first bytes, and drops a count again where a payload says so: a dictionary-like state.
struct Counts: Model {
    let name: String
    let sources: [String]

    init(_ name: String = "counts", sources: [String]) { (self.name, self.sources) = (name, sources) }

    func makeState() -> StateMap<[UInt8], Int> { StateMap() }

    func apply(_ event: borrowing ModelEvent, to state: inout StateMap<[UInt8], Int>) throws {
        Self.count(Array(event.type.utf8), event.payload.bytes(0..<event.payload.byteCount), &state)
    }

    static func count(_ type: [UInt8], _ payload: [UInt8], _ state: inout StateMap<[UInt8], Int>) {
        let key = type + payload.prefix(1)
        if let last = payload.last, last % 5 == 0 {
            state.removeValue(forKey: key)
        } else {
            state[key, default: 0] += 1
        }
    }
}

/// A digest that depends on every event and on their order: a small state, undone by copies.
struct Digest: Model {
    struct State: ModelState, Codable, Equatable {
        var value: UInt64 = 0
        var events = 0

        mutating func take(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
            events += 1
        }
    }

    let name: String
    let sources: [String]

    init(_ name: String = "digest", sources: [String]) { (self.name, self.sources) = (name, sources) }

    func makeState() -> State { State() }

    func apply(_ event: borrowing ModelEvent, to state: inout State) throws {
        state.take(Array(event.model.utf8) + Array(event.type.utf8) + event.payload.bytes(0..<event.payload.byteCount))
    }

    func applyPending(_ event: borrowing ModelEvent, to state: inout State) throws { try apply(event, to: &state) }
}

extension RawSpan {
    /// A copy of some bytes.
    func bytes(_ range: Range<Int>) -> [UInt8] { range.map { unsafeLoad(fromByteOffset: $0, as: UInt8.self) } }
}
