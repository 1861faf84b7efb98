import Ashlar
import AshlarStorage
import AshlarTestSupport
import Synchronization
import Testing

@Suite("Readers beside the writer")
struct ConcurrencyTests {
    /// Reads views over and over until told to stop; every view must be whole and must not move.
    private static func readAll(_ store: Store, until isDone: Flag) throws -> Int {
        var views = 0
        while !isDone.value.load(ordering: .acquiring) {
            let view = try store.view()
            let first = try view.events()
            guard try first == view.events() else { throw StoreError.invalidArgument("a view moved") }
            guard Set(first.compactMap(\.height)).count == Int(view.tipHeight ?? -1) + 1 else {
                throw StoreError.invalidArgument("a view is not whole")
            }
            views += 1
        }
        return views
    }

    @Test(
        "views stay whole and still while blocks, forks and rolls go on in another thread",
        arguments: [Durability.everyBlock, .manual])
    func beside(durability: Durability) throws {
        var writer = try Writer.open(
            MemoryStorage(),
            options: Samples.options {
                $0.segmentBytes = 8_192
                $0.durability = durability
            })
        let store = writer.store
        let isDone = Flag()
        let shared = SharedFailures()
        // Threads of their own: readers that never suspend would take the whole cooperative pool. And no suspension here: they would read
        // until the pool comes back to this test, which it does behind all others.
        let readers = try (0..<2).map { _ in
            try WorkerThread {
                do { _ = try Self.readAll(store, until: isDone) } catch { shared.add("\(error)") }
            }
        }
        var branch: Character = "a"
        for height in 0..<60 as Range<Int64> {
            try writer.append(Samples.block(height, branch), events: Samples.events(height, branch))
            if height % 7 == 6 {
                let next: Character = branch == "a" ? "b" : "a"
                try writer.append(Samples.block(height, next, on: branch), events: Samples.events(height, next))
                branch = next
            }
            if height % 10 == 9 { try writer.sync() }
        }
        isDone.value.store(true, ordering: .releasing)
        for reader in readers { reader.join() }
        #expect(shared.all.isEmpty)
        try writer.close()
    }

    @Test("a read-only store in another process ends at the durable sequence and follows it with refresh")
    func refresh() throws {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: Samples.options { $0.segmentBytes = 4_096 })
        let reader = try Store.open(storage)
        for height in 0..<20 as Range<Int64> {
            try writer.append(Samples.block(height), events: Samples.events(height))
        }
        try writer.sync()
        try writer.append(Samples.block(20), events: Samples.events(20))
        #expect(reader.sequence == 0)
        #expect(try reader.refresh())
        #expect(reader.sequence == 20)
        let before = try reader.view()
        #expect(try before.events().count == 100)
        try writer.append(Samples.block(18, "b", on: "a"), events: Samples.events(18, "b"))
        try writer.sync()
        #expect(try reader.refresh())
        #expect(reader.sequence == 22)
        #expect(try before.events() == Store.open(storage).view(asOf: 20).events())
        #expect(try reader.view().tipHeight == 18)
        #expect(try reader.view().events() == writer.store.view().events())
        #expect(try !reader.refresh())
        let committed = try Store.open(storage, horizon: .committed)
        #expect(committed.sequence >= 22)
        try writer.close()
    }
}

/// A flag that tasks share.
final class Flag: Sendable {
    let value = Atomic(false)
}

/// What went wrong in other threads.
final class SharedFailures: Sendable {
    private let texts = Mutex<[String]>([])
    func add(_ text: String) { texts.withLock { $0.append(text) } }
    var all: [String] { texts.withLock { $0 } }
}
