import Ashlar
import AshlarStorage

extension MicroWork {
    /// A block is found by its height, and its header and meta are read and checked.
    static let lookup = MicroWork(name: "block-lookup", unit: "block", operations: Sample.blocks) {
        let view = try Store.open(try Sample.store()).view()
        return {
            for height in 0..<Int64(Sample.blocks) {
                // All over the store, so that one read does not serve the next.
                guard let block = try view.block(height: height * 7 % Int64(Sample.blocks)) else {
                    throw Wrong(what: "a block is missing")
                }
                use(block.sequence)
            }
        }
    }

    /// A block is appended: everything but the system's part.
    static let append = MicroWork(name: "append", unit: "event", operations: Sample.events) {
        let appender = try Appender()
        return { try appender.append() }
    }

    /// A cursor goes through the store.
    static let scan = MicroWork(name: "scan", unit: "event", operations: Sample.blocks * Sample.events) {
        let view = try Store.open(try Sample.store()).view()
        return {
            var (events, bytes) = (0, 0)
            var cursor = try view.cursor()
            while try cursor.next() {
                events += 1
                bytes += cursor.payload.byteCount
            }
            guard events == Sample.blocks * Sample.events else { throw Wrong(what: "events are missing") }
            use(bytes)
        }
    }

    /// A store is opened of which nothing is proven durable: every record is checked.
    static let recovery = MicroWork(
        name: "recovery-walk", unit: "event", operations: Sample.blocks * Sample.events
    ) {
        let storage = try Sample.store()
        for name in try storage.list() where name == "durable" || name.hasSuffix(".index") { try storage.remove(name) }
        return {
            let store = try Store.open(storage, horizon: .committed)
            guard try store.view().tipHeight == Int64(Sample.blocks) - 1 else {
                throw Wrong(what: "blocks are missing")
            }
        }
    }
}

/// Holds a writer, and how far it is.
private final class Appender {
    private var writer: Writer
    private let source: BlockSource
    private var height: Int64 = 0

    init() throws {
        writer = try Writer.open(MemoryStorage(), options: Sample.options)
        source = try BlockSource(writer)
    }

    func append() throws {
        try source.append(height, to: &writer)
        height += 1
    }
}
