import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Named consumers")
struct ConsumerTests {
    private func disk(_ heights: ClosedRange<Int64> = 0...9) throws -> SimulatedDisk {
        try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(heights) }
    }

    private func cursor(_ store: Store, _ sequence: UInt64) throws(StoreError) -> Cursor {
        try store.cursor(at: .sequence(sequence))
    }

    @Test("an acknowledgement is there for the next process, and only forward unless asked for")
    func forward() throws {
        let disk = try disk()
        let store = try Store.open(disk)
        do {
            let consumer = try store.consumer("search")
            #expect(try consumer.position() == nil)
            for sequence in 1...5 as ClosedRange<UInt64> { try consumer.ack(cursor(store, sequence)) }
            #expect(try consumer.position() == cursor(store, 5))
        }
        let consumer = try Store.open(disk).consumer("search")
        #expect(try consumer.position() == cursor(store, 5))
        let position = try cursor(store, 5)
        #expect(throws: StoreError.acknowledgedFurther(consumer: "search", position: position)) {
            try consumer.ack(cursor(store, 4))
        }
        #expect(try consumer.position() == position)
        let writes = disk.count(.write)
        try consumer.ack(position)
        #expect(disk.count(.write) == writes, "the same again costs nothing")
        try consumer.ack(cursor(store, 4), goingBack: true)
        #expect(try Store.open(disk).consumer("search").position() == cursor(store, 4))
    }

    @Test("a position in the midst of a commit is kept as such")
    func partial() throws {
        let disk = try disk()
        let store = try Store.open(disk)
        let cursors = try store.stepTexts { $0.batchEvents = 1 }.cursors.map(\.0)
        let consumer = try store.consumer("x")
        for cursor in cursors {
            try consumer.ack(cursor)
            #expect(try store.consumer("x").position() == cursor)
        }
    }

    @Test("what the log does not contain is not acknowledged")
    func notFound() throws {
        let disk = try disk()
        let store = try Store.open(disk)
        let other = try Store.open(self.disk())
        let consumer = try store.consumer("x")
        let foreign = try other.cursor(at: .end)
        #expect(throws: StoreError.cursorNotFound(.otherStore(other.id))) { try consumer.ack(foreign) }
        let ahead = Cursor(storeID: store.id, sequence: 99, chainValue: 1)
        #expect(throws: StoreError.cursorNotFound(.beyondEnd(sequence: 99, last: 10))) { try consumer.ack(ahead) }
        #expect(try consumer.position() == nil)
    }

    @Test("one handle acknowledges under a name at a time; reading needs no lock")
    func lock() throws {
        let disk = try disk()
        let store = try Store.open(disk)
        var first: Consumer? = try store.consumer("x")
        let second = try store.consumer("x")
        try first?.ack(cursor(store, 3))
        guard case .consumerInUse("x", _) = failure({ () throws(StoreError) in try second.ack(self.cursor(store, 4)) })
        else {
            Issue.record("two acknowledge")
            return
        }
        #expect(try second.position() == cursor(store, 3))
        try store.consumer("y").ack(cursor(store, 1))
        first = nil
        try second.ack(cursor(store, 4))
    }

    static let names = [
        "search", "Search", "SEARCH", ".", "..", "../../etc/passwd", "a/b", "a\\b", "a%2fb", "%", "~", "a.b", ".a", "ä",
        "a b",
        "-rf", "0000000001-0000.segment", "durable", "lock", "x.tmp", "\u{1F980}", String(repeating: "a", count: 255),
        String(repeating: "a", count: 254), String(repeating: "a", count: 254) + "b",
        String(repeating: "/", count: 255),
        String(repeating: "/", count: 254) + "x", String(repeating: "é", count: 127), "new\nline",
    ]

    @Test("every name has a file of its own in the store's directory, whatever it says")
    func fileNames() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options())
        try writer.append(0...3)
        try writer.sync()
        for name in Self.names { try writer.store.consumer(name).ack(cursor(writer.store, 2)) }
        let files = try storage.list().filter { $0.hasSuffix(".consumer") }
        #expect(Set(files.map { $0.lowercased() }).count == Self.names.count)
        for file in files {
            #expect(
                file.utf8.count <= 255 - ".tmp".utf8.count && !file.contains("/") && !file.hasPrefix("."), "\(file)")
            #expect(file.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(file)")
        }
        #expect(try writer.store.consumers().map(\.name) == Self.names.sorted())
        for name in ["", String(repeating: "a", count: 256), "a\0b"] {
            #expect(throws: StoreError.self) { try writer.store.consumer(name) }
        }
        try writer.close()
        #expect(try Writer.open(storage, options: options()).store.consumers().count == Self.names.count)
    }

    @Test("opening and verifying pass the files by; without a log they make no store")
    func passedBy() throws {
        let disk = try disk()
        let store = try Store.open(disk)
        try store.consumer("x").ack(cursor(store, 3))
        #expect(try Store.open(disk).recovery.isClean)
        #expect(try StoreVerification.run(disk).isSound)
        disk["x.consumer"]?[612] ^= 1  // the first acknowledgement is in slot 1
        let report = try StoreVerification.run(disk)
        #expect(report.isSound && report.notices.contains { $0.contains("x.consumer") })
        for name in disk.fileNames where !name.contains("consumer") { disk[name] = nil }
        #expect(disk.fileNames.contains("x.consumer"))
        guard case .notAStore = failure({ () throws(StoreError) in _ = try Store.open(disk) }) else {
            Issue.record("it was opened")
            return
        }
        // Its positions speak of a log that is gone: nobody makes another one beside them unknowingly.
        guard
            case .invalidArgument = failure({ () throws(StoreError) in _ = try Writer.open(disk, options: options()) })
        else {
            Issue.record("it was made")
            return
        }
    }

    @Test("the lag counts what was not acknowledged in full", arguments: [UInt64(0), 1, 5, 11, 12, 23, 24])
    func lag(sequence: UInt64) throws {
        let disk = try SimulatedDisk.store(options(segmentBytes: 4_096)) { (writer) throws(StoreError) in
            for height in 0..<18 as Range<Int64> {
                try writer.append(block(height), events: events(height))
                if height % 3 == 2 { try writer.appendFloating(events(height)) }
            }
        }
        #expect(disk.segments.count > 2)
        let store = try Store.open(disk)
        let consumer = try store.consumer("x")
        try consumer.ack(cursor(store, sequence))
        let log = try LogContents(disk).commits
        let rest = log[Int(sequence)...]
        let status = try #require(try store.consumers().first)
        let lag = try #require(status.lag)
        #expect(lag.commits == UInt64(rest.count))
        #expect(lag.blocks == UInt64(rest.count { $0.header.kind == .block }))
        #expect(lag.bytes == rest.reduce(0) { $0 + $1.header.frameLength })
        #expect((lag.seconds > 0) == !rest.isEmpty)
        #expect(status.position?.sequence == sequence && status.problem == nil)
    }

    @Test("a consumer whose position is not in the log is listed with what is wrong, a damaged file too")
    func problems() throws {
        let disk = try disk()
        let store = try Store.open(disk)
        try store.consumer("a").ack(cursor(store, 10))
        try store.consumer("b").ack(cursor(store, 2))
        let earlier = try self.disk(0...3)
        for name in disk.fileNames where name.contains("consumer") { earlier[name] = disk[name] }
        earlier["b.consumer"] = [UInt8](repeating: 0x55, count: 1_024)
        let found = try Store.open(earlier).consumers()
        #expect(found.map(\.name) == ["a", "b.consumer"])
        guard case .cursorNotFound(.otherStore) = found[0].problem, case .corrupt = found[1].problem else {
            Issue.record("\(found)")
            return
        }
        #expect(found[0].lag == nil && found[0].position?.sequence == 10)
    }

    @Test("a consumer that is removed is forgotten, and may begin again")
    func remove() throws {
        let disk = try disk()
        let store = try Store.open(disk)
        let consumer = try store.consumer("x")
        try consumer.ack(cursor(store, 5))
        try consumer.remove()
        #expect(try consumer.position() == nil && store.consumers().isEmpty)
        try consumer.ack(cursor(store, 1))
        #expect(try store.consumers().map(\.position) == [cursor(store, 1)])
        try store.consumer("never").remove()
    }
}
