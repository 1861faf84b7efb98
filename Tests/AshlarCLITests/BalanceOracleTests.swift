import Ashlar
import AshlarCLI
import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Testing

/// The balances of a chain whose events tell the old and the new value: an oracle, for each event says what the state must be before it.
struct Balances: Model {
    /// The state is not what the event says it was.
    struct Contradiction: Error {
        var address: [UInt8]
        var state: String
        var old: String
    }

    let name = "balances"

    func makeState() -> StateMap<[UInt8], String> { StateMap() }

    func apply(_ event: borrowing ModelEvent, to state: inout StateMap<[UInt8], String>) throws {
        let text = event.payload.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let words = text.split(separator: "\"", omittingEmptySubsequences: false)
        func value(of member: Substring) -> Substring {
            words.firstIndex(of: member).map { words[$0 + 2] } ?? ""
        }
        let (address, old) = (Array(value(of: "address").utf8), String(value(of: "old")))
        // Who had a balance from the genesis block on was not told of before.
        guard state[address] ?? old == old else {
            throw Contradiction(address: address, state: state[address] ?? "", old: old)
        }
        state[address] = String(value(of: "new"))
    }
}

/// A recorded chain fed to a store line by line under one rule, with whatever is to happen in between.
struct ChainFeed: ~Copyable {
    var disk = SimulatedDisk(seed: 7)
    var writer: Writer
    var choice: ForkChoice
    private var parser = LineParser()
    private var blocks: [[UInt8]: (block: Block, events: [Event])] = [:]
    private var sequences: [[UInt8]: UInt64] = [:]
    private(set) var readopted = 0
    private(set) var undone = 0

    init(rule: ForkChoice.Rule, isSafe: Bool) throws {
        choice = ForkChoice(rule: rule)
        // A disk in memory is quicker where nothing is going to happen to it.
        writer =
            try isSafe
            ? Writer.open(MemoryStorage(), options: Samples.options())
            : Writer.open(disk, options: Samples.options())
    }

    /// Takes a line in, as `ashlar ingest` would.
    mutating func take(_ line: InputTextLine) throws {
        guard case .block(let parsed) = try parser.parse(line.bytes, lineNumber: line.number) else { return }
        let block = Block(
            height: parsed.height, hash: try BlockHash(validating: parsed.hash),
            parent: try BlockHash(validating: parsed.parent), timestamp: Timestamp(microseconds: parsed.timestamp))
        let bytes = line.bytes
        let events = parser.events.map { event in
            Event(
                model: parser.string(of: event.model, in: bytes), type: parser.string(of: event.type, in: bytes),
                payload: bytes.withUnsafeBytes { Array($0[event.payload]) })
        }
        blocks[parsed.hash] = (block, events)
        let action = try choice.action(for: parsed.header, line: line.number)
        switch action {
        case .extend: try append(parsed.hash)
        case .switchTo(_, let path): try adopt(path)
        default: break
        }
        choice.apply(action, of: parsed.header)
    }

    private mutating func append(_ hash: [UInt8]) throws {
        guard let (block, events) = blocks[hash] else { return }
        sequences[hash] = try writer.append(block, events: events).sequence
    }

    private mutating func adopt(_ path: [PathBlock]) throws {
        var branch: [BranchBlock] = []
        for element in path {
            if element.source == .undone, let sequence = sequences[element.hash] {
                branch.append(.known(sequence: sequence))
            } else if let (block, events) = blocks[element.hash] {
                branch.append(.new(block, events))
            }
        }
        let outcome = try writer.adopt(branch: branch)
        readopted += outcome.readopted
        undone += outcome.undone
        for (index, element) in path.reversed().prefix(outcome.appended).enumerated() {
            sequences[element.hash] = outcome.sequence - UInt64(index)
        }
    }

    /// Undoes the highest blocks; gives them, lowest first.
    mutating func rollBack(_ count: Int) throws -> [StoredBlock] {
        let view = try writer.store.view()
        guard let tip = view.tipHeight, Int64(count) <= tip else { return [] }
        let blocks = try view.blocks(tip - Int64(count) + 1...tip).map { try $0.get() }
        try writer.rollback(toHeight: tip - Int64(count))
        return blocks
    }

    /// Takes blocks that were undone up again: by reference, or appended anew.
    mutating func takeUpAgain(_ undone: [StoredBlock], byReference: Bool) throws {
        if byReference {
            try writer.adopt(branch: undone.map { .known(sequence: $0.sequence) })
        } else {
            for block in undone { try append(block.block.hash.bytes) }
        }
    }

    /// The machine loses power and comes back; everything was synced before.
    mutating func restart(seed: UInt64) throws {
        disk = disk.powerCut(seed: seed)
        writer = try Writer.open(disk, options: Samples.options())
    }
}

@Suite("Balances that say what they were")
struct BalanceOracleTests {
    private static let file = "eth/mainnet-forks-0-4199.jsonl.zst"

    /// Feeds the whole chain; after each line the projection follows, and the model throws if the oracle disagrees.
    private func feed(
        _ rule: ForkChoice.Rule, seed: UInt64 = 1, interruptions: Bool
    ) throws -> (events: Int, undone: Int, readopted: Int) {
        var random = SplitMix64(seed: seed)
        var feed = try ChainFeed(rule: rule, isSafe: !interruptions)
        var projection = Projection(feed.writer.store, options: Self.options())
        var balances = try projection.add(Balances())
        try SharedData.read(Self.file) { (reader) throws(InputError) in
            while try reader.advance() {
                do {
                    try feed.take(reader.line)
                    if !interruptions || random.chance(70) { try projection.advance() }
                    guard interruptions else { continue }
                    if random.chance(2) { try Self.rollBack(&feed, projection, &random) }
                    guard random.chance(1) else { continue }
                    try Self.restart(&feed, projection, &random)
                    projection = Projection(feed.writer.store, options: Self.options())
                    balances = try projection.add(Balances())
                } catch let error as InputError {
                    throw error
                } catch {
                    Issue.record("line \(reader.line.number), seed \(seed): \(error)")
                    return
                }
            }
        }
        try projection.advance()
        let state = try balances.latest()
        #expect(state.position.height == 4_199)
        var query = EventQuery()
        query.models = ["balances"]
        let events = try feed.writer.store.view().events(query)
        #expect(try Self.fold(events) == state.state)
        return (events.count, feed.undone, feed.readopted)
    }

    /// Undoes up to 100 blocks, which come back.
    private static func rollBack(
        _ feed: inout ChainFeed, _ projection: Projection, _ random: inout SplitMix64
    ) throws {
        let undone = try feed.rollBack(1 + random.below(100))
        if random.chance(80) { try projection.advance() }
        if !undone.isEmpty { try feed.takeUpAgain(undone, byReference: random.chance(50)) }
        try projection.advance()
    }

    /// Takes the power away, more often than not in the middle of a snapshot.
    private static func restart(
        _ feed: inout ChainFeed, _ projection: Projection, _ random: inout SplitMix64
    ) throws {
        try feed.writer.sync()
        if random.chance(70) {
            feed.disk.cutPower(atChange: 1 + random.below(8))
            try? projection.takeSnapshots()
        }
        try feed.restart(seed: random.next())
    }

    private static func options() -> ProjectionOptions {
        var options = ProjectionOptions()
        options.snapshots = SnapshotPolicy(blocks: 10)
        options.takesSnapshotsInline = true
        return options
    }

    /// The last new value of each address.
    private static func fold(_ events: [StoredEvent]) throws -> StateMap<[UInt8], String> {
        var state = StateMap<[UInt8], String>()
        for event in events {
            let words = String(decoding: event.payload, as: UTF8.self).split(
                separator: "\"", omittingEmptySubsequences: false)
            guard let address = words.firstIndex(of: "address"), let new = words.firstIndex(of: "new") else { continue }
            state[Array(words[address + 2].utf8)] = String(words[new + 2])
        }
        return state
    }

    @Test(
        "each event's old balance is the state's, under both fork choices",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"),
        arguments: [(ForkChoice.Rule.newest, 1_123, 160), (.longest, 726, 0)])
    func oracle(rule: ForkChoice.Rule, undone: Int, readopted: Int) throws {
        let found = try feed(rule, interruptions: false)
        #expect(found.events == 5_162)
        #expect(found.undone == undone)
        #expect(found.readopted == readopted)
    }

    @Test(
        "so it is with rollbacks of 1–100 blocks that come back, restarts and power cuts amid snapshots",
        .enabled(if: SharedData.directory != nil, "the recorded chains are not at hand; set ASHLAR_SHARED_DATA"),
        arguments: [1, 2, 3] as [UInt64])
    func interrupted(seed: UInt64) throws {
        let found = try feed(seed % 2 == 0 ? .longest : .newest, seed: seed, interruptions: true)
        #expect(found.events == 5_162)
    }
}
