import Ashlar
import AshlarFormat

/// Entries as an index of unspent outputs has them: a key of 36 bytes, a value of 44.
struct Outpoint: Hashable, Sendable, SnapshotCodable {
    /// Makes hashes others than before, as in another process: a map that is loaded there meets its entries in no order of its own.
    nonisolated(unsafe) static var salt: UInt64 = 0

    var words: (UInt64, UInt64, UInt64, UInt64)
    var index: UInt32

    init(_ number: UInt64) {
        var random = SplitMix(state: number)
        words = (random.next(), random.next(), random.next(), number)
        index = UInt32(truncatingIfNeeded: number & 7)
    }

    private init(words: (UInt64, UInt64, UInt64, UInt64), index: UInt32) { (self.words, self.index) = (words, index) }

    static func == (left: Outpoint, right: Outpoint) -> Bool {
        left.words == right.words && left.index == right.index
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0 ^ Self.salt)
        hasher.combine(words.3)
        hasher.combine(index)
    }

    func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        try output.append(words.0)
        try output.append(words.1)
        try output.append(words.2)
        try output.append(words.3)
        try output.append(index)
    }

    static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Outpoint {
        let words = (
            try input.read(UInt64.self), try input.read(UInt64.self), try input.read(UInt64.self),
            try input.read(UInt64.self)
        )
        return Outpoint(words: words, index: try input.read(UInt32.self))
    }
}

/// What is kept of an output.
struct Output44: Sendable, SnapshotCodable {
    var value: Int64
    var height: UInt32
    var script: (UInt64, UInt64, UInt64, UInt64)

    func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        try output.append(value)
        try output.append(height)
        try output.append(script.0)
        try output.append(script.1)
        try output.append(script.2)
        try output.append(script.3)
    }

    static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> Output44 {
        let value = try input.read(Int64.self)
        let height = try input.read(UInt32.self)
        let script = (
            try input.read(UInt64.self), try input.read(UInt64.self), try input.read(UInt64.self),
            try input.read(UInt64.self)
        )
        return Output44(value: value, height: height, script: script)
    }
}

/// Sets one entry an event: its payload is the entry's number.
struct Outputs: Model {
    let name = "outputs"

    func makeState() -> StateMap<Outpoint, Output44> { StateMap() }

    func apply(_ event: borrowing ModelEvent, to state: inout StateMap<Outpoint, Output44>) throws {
        let number = event.payload.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        let height = UInt32(truncatingIfNeeded: event.height ?? 0)
        state.update(Outpoint(number)) { (output: inout Output44?) in
            // A script is one of many that occur again and again: real states compress about as well.
            output = Output44(
                value: (output?.value ?? 0) &+ Int64(truncatingIfNeeded: number), height: height,
                script: (number & 0xFFF, 0x76A9_1400, number & 0xFF, 0x88AC))
        }
    }
}

/// The most trivial model: how much there was.
struct Tally: Model {
    struct State: ModelState, Codable {
        var events = 0
        var bytes = 0
    }

    let name = "tally"
    let sources: [String] = []

    func makeState() -> State { State() }

    func apply(_ event: borrowing ModelEvent, to state: inout State) throws {
        state.events += 1
        state.bytes += event.payload.byteCount
    }
}
