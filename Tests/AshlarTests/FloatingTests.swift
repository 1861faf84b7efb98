import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Floating batches and names")
struct FloatingTests {
    private func key(_ number: Int) -> [UInt8] { Array("key \(number)".utf8) }

    @Test("floating events have no height and no version, and a rollback leaves them")
    func noHeight() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in
            try writer.append(0...2)
            try writer.appendFloating(
                events(9), timestamp: Timestamp(microseconds: 5), requestID: [1], mark: [2])
            try writer.append(3...3)
            try writer.rollback(toHeight: -1)
        }
        let log = try LogContents(disk)
        #expect(log.commits[3].header.height == -1)
        #expect(log.commits[3].meta.floating == FloatingPart(timestamp: 5, key: []))
        #expect(log.commits[3].meta.requestID == [1])
        #expect(log.commits[3].events.map(\.version) == [0, 0, 0])
        #expect(log.commits[4].events.map(\.version) == [7, 4, 8])
        #expect(log.state.floatingEvents == 3)
        #expect(log.state.canonicalEvents == 0)
        #expect(log.state.lastMarkSequence == 4)
        #expect(log.versions == ["utxo": 0, "balance": 0])
    }

    @Test(
        "a key that was used is not used again, after restarts and across segments too [PRT-9]", arguments: [0, 1, 2])
    func keys(reopens: Int) throws {
        let wanted = options(segmentBytes: 4_096)
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: wanted)
        for number in 0..<60 {
            #expect(try writer.appendFloating(events(1), key: key(number)) == .appended(sequence: UInt64(number) + 1))
        }
        for _ in 0..<reopens {
            try writer.close()
            writer = try Writer.open(storage, options: wanted)
        }
        for number in [0, 30, 59] {
            #expect(try writer.appendFloating(events(2), key: key(number)) == .repeated(sequence: UInt64(number) + 1))
        }
        #expect(try writer.appendFloating(events(2)) == .appended(sequence: 61))
        #expect(try writer.appendFloating([], key: key(60)) == .appended(sequence: 62))
        #expect(try writer.appendFloating([], key: key(60)) == .repeated(sequence: 62))
        try writer.close()
    }

    @Test("the last 1,024 keys are remembered, not more [PRT-9]", arguments: [false, true])
    func window(reopened: Bool) throws {
        let wanted = options(segmentBytes: 16_384)
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: wanted)
        for number in 0..<1_025 { try writer.appendFloating([], key: key(number)) }
        if reopened {
            try writer.close()
            writer = try Writer.open(storage, options: wanted)
        }
        #expect(try writer.appendFloating([], key: key(1)) == .repeated(sequence: 2))
        #expect(try writer.appendFloating([], key: key(0)) == .appended(sequence: 1_026))
        #expect(try writer.appendFloating([], key: key(1)) == .appended(sequence: 1_027))
        #expect(try writer.appendFloating([], key: key(0)) == .repeated(sequence: 1_026))
        try writer.close()
    }

    @Test("impossible keys are refused")
    func badKeys() throws {
        var writer = try Writer.open(MemoryStorage(), options: options())
        for bad in [[], [UInt8](repeating: 1, count: 256)] {
            guard case .invalidArgument = failure({ () throws(StoreError) in try writer.appendFloating([], key: bad) })
            else {
                Issue.record("a key of \(bad.count) bytes was taken")
                continue
            }
        }
        #expect(writer.sequence == 0)
        try writer.close()
    }

    @Test("declared names outlive a restart; known ones are left alone")
    func declare() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options(segmentBytes: 4_096))
        #expect(try writer.declare(models: ["a", "b", "a"], types: ["t"]) == 1)
        #expect(try writer.declare(models: ["b"], types: ["t"]) == 1)
        // A handle alone does not make a name known to the log.
        _ = try writer.model("c")
        _ = try writer.type("u")
        #expect(try writer.declare(models: ["c"], types: ["u"]) == 2)
        #expect(failure { () throws(StoreError) in try writer.declare(models: [""]) } != nil)
        try writer.append(block(0), events: [Event(model: "a", type: "t", payload: [])])
        try writer.close()
        let log = try LogContents(storage)
        #expect(log.versions == ["a": 1, "b": 0, "c": 0])
        #expect(log.commits[0].meta.names.map(\.id) == [1, 2, 1])
        #expect(log.commits[2].meta.names.isEmpty)
    }
}
