import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Appending blocks")
struct AppendTests {
    /// A store with blocks 0 to 20, final up to 10.
    private func writer(
        gaps: Bool = false, forks: ForkPolicy = .rollback, reopened: Bool = false
    ) throws(StoreError) -> Writer {
        let storage = MemoryStorage()
        let wanted = options(segmentBytes: 4_096, finalityDepth: 10, gaps: gaps, forks: forks)
        var writer = try Writer.open(storage, options: wanted)
        try writer.append(0...20)
        guard reopened else { return writer }
        try writer.close()
        return try Writer.open(storage, options: wanted)
    }

    @Test("a child of the tip extends the chain")
    func extends() throws {
        var writer = try writer()
        #expect(try writer.append(block(21), events: events(21)) == .extended(sequence: 22))
        #expect(writer.state.tipHash == blockHash(21))
        try writer.close()
    }

    @Test("what was appended is read back as it was [COM-11] [COM-12]", arguments: [Compression.none, .lz4, .zlib])
    func roundTrip(compression: Compression) throws {
        var random = SplitMix64(seed: 5)
        var first = block(7)
        first.requestID = [1, 2]
        first.mark = [3]
        first.parent = BlockHash([9]) ?? .none
        let events = (0..<300).map { index in
            Event(
                model: "model \(index % 7)", type: "type \(index % 5)",
                payload: index % 2 == 0 ? random.bytes(index) : [UInt8](repeating: 1, count: index),
                timestamp: index % 11 == 0 ? Timestamp(microseconds: -Int64(index)) : nil,
                requestID: index % 13 == 0 ? [UInt8](repeating: 4, count: 1 + index % 255) : nil)
        }
        let disk = try SimulatedDisk.store(options(compression: compression)) { (writer) throws(StoreError) in
            try writer.append(first, events: events)
            try writer.append(
                Block(height: 8, hash: blockHash(8), parent: blockHash(7), timestamp: Timestamp(microseconds: -1)))
        }
        let log = try LogContents(disk)
        let stored = log.commits[0]
        let versions = (0..<300).map { (index: Int) -> UInt64 in UInt64(index / 7 + 1) }
        let times = events.map { $0.timestamp?.microseconds }
        #expect(stored.meta.requestID == [1, 2])
        #expect(stored.meta.mark == [3])
        #expect(stored.meta.block?.parent.bytes == [9])
        #expect(stored.events.map(\.payload) == events.map(\.payload))
        #expect(stored.events.map(\.model) == events.map(\.model))
        #expect(stored.events.map(\.type) == events.map(\.type))
        #expect(stored.events.map(\.timestamp) == times)
        #expect(stored.events.map(\.requestID) == events.map(\.requestID))
        #expect(stored.events.map(\.version) == versions)
        #expect(log.commits[1].events.isEmpty)
        #expect(log.state.lastMarkSequence == 1)
    }

    @Test("the same block again changes nothing", arguments: [false, true])
    func duplicate(reopened: Bool) throws {
        var writer = try writer(reopened: reopened)
        for height in [Int64(0), 5, 19, 20] {
            let outcome = try writer.append(block(height), events: events(height))
            #expect(outcome == .duplicate(sequence: UInt64(height) + 1))
        }
        #expect(writer.sequence == 21)
        try writer.close()
    }

    /// A change to block 12, and the difference it is reported as.
    enum Change: CaseIterable {
        case parent, timestamp, requestID, fewer, model, type, payload, length, order

        var difference: String {
            switch self {
            case .parent: "its parent is \(blockHash(11))"
            case .timestamp: "its timestamp is 1600007200000000 µs, not 1600007200000001"
            case .requestID: "its request id"
            case .fewer: "it has 3 events, not 2"
            case .model: "event 1 is of another model"
            case .type: "event 2 is of another type"
            case .payload, .length: "event 2 has another payload"
            case .order: "event 0 is of another model"
            }
        }

        func apply(_ block: inout Block, _ events: inout [Event]) {
            switch self {
            case .parent: block.parent = blockHash(11, 3)
            case .timestamp: block.timestamp.microseconds += 1
            case .requestID: block.requestID = [1]
            case .fewer: events.removeLast()
            case .model: events[1].model = "utxo"
            case .type: events[2].type = "Other"
            case .payload: events[2].payload[0] ^= 1
            case .length: events[2].payload.removeLast()
            case .order: events.swapAt(0, 1)
            }
        }
    }

    @Test("the same block with other content is an error that names the first difference", arguments: Change.allCases)
    func different(change: Change) throws {
        var writer = try writer()
        var block = block(12)
        var events = events(12)
        change.apply(&block, &events)
        let error = failure { () throws(StoreError) in try writer.append(block, events: events) }
        #expect(error == .differentBlock(height: 12, difference: change.difference))
        #expect(writer.sequence == 21)
        try writer.append(21...22)
        try writer.close()
    }

    @Test("a fork undoes what stands above its parent, in one commit", arguments: 1...10, [false, true])
    func fork(depth: Int, reopened: Bool) throws {
        var writer = try writer(reopened: reopened)
        let height = 21 - Int64(depth)
        let outcome = try writer.append(block(height, 1, on: 0), events: events(height, 1))
        #expect(outcome == .forked(sequence: 22, undone: depth))
        #expect(writer.state.tipHash == blockHash(height, 1))
        #expect(writer.state.canonicalBlocks == UInt64(height) + 1)
        try writer.append(height + 1...height + 3, 1)
        let storage = writer.core.storage
        try writer.close()
        let log = try LogContents(storage)
        #expect(log.heights == Array(0...height + 3))
        #expect(log.hashes.last == blockHash(height + 3, 1))
        #expect(log.commits[21].meta.rollback?.undoneBlocks == UInt32(depth))
        #expect(log.commits.count == 25)
        let perBlock = UInt64(height + 4)
        #expect(log.versions == ["utxo": 2 * perBlock, "balance": perBlock])
    }

    @Test("a store that allows gaps takes greater heights, and forks across them")
    func gaps() throws {
        var writer = try writer(gaps: true)
        var late = block(30)
        late.parent = blockHash(20)
        try writer.append(late, events: events(30))
        var later = block(33)
        later.parent = blockHash(30)
        try writer.append(later, events: events(33))
        var equal = block(33, 2)
        equal.parent = blockHash(33)
        #expect(
            failure { () throws(StoreError) in try writer.append(equal) } == .wrongHeight(height: 33, expected: 34))
        var fork = block(32, 1)
        fork.parent = blockHash(30)
        #expect(try writer.append(fork) == .forked(sequence: 24, undone: 1))
        try writer.rollback(toHeight: 31)
        #expect(writer.state.tipHeight == 30)
        let storage = writer.core.storage
        try writer.close()
        #expect(try LogContents(storage).heights == Array(0...20) + [30])
    }

    @Test("a sibling of the very first block replaces it", arguments: [Int64(0), 7])
    func firstSibling(first: Int64) throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        try writer.append(first...first + 3)
        var sibling = block(first, 1)
        sibling.parent = blockHash(first - 1)
        #expect(try writer.append(sibling) == .forked(sequence: 5, undone: 4))
        var stranger = block(first, 2)
        stranger.parent = blockHash(first - 1, 9)
        let error = failure { () throws(StoreError) in try writer.append(stranger) }
        #expect(error == .unlinked(height: first, tipHeight: first, finalHeight: nil, undoneSequence: nil))
        let storage = writer.core.storage
        try writer.close()
        #expect(try LogContents(storage).hashes == [blockHash(first, 1)])
    }
}
