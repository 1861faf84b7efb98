import Ashlar
import AshlarStorage

/// One acknowledgement to be given once its sequence is durable.
struct Acknowledgement: Sendable {
    /// Why a line changed nothing.
    enum Unchanged: String, Sendable {
        /// Its block, batch or rollback was in the log already.
        case duplicate
        /// Its block is kept aside, in memory only.
        case aside
        /// Its block links to nothing and was passed over.
        case unlinked
    }

    /// The commit that the line made, or the last one before it if it made none.
    var sequence: UInt64
    /// The height of the tip after that commit.
    var height: Int64?
    /// The line's number.
    var line: Int
    /// Why there is no commit of its own.
    var unchanged: Unchanged?

    /// The line that the program at the other end reads.
    var json: String {
        let height = height.map { "\($0)" } ?? "null"
        let note = unchanged.map { ",\"unchanged\":\"\($0.rawValue)\"" } ?? ""
        return "{\"durable\":{\"sequence\":\(sequence),\"height\":\(height),\"line\":\(line)\(note)}}\n"
    }
}

/// Tells the program that drives the store what is durable, from a thread of its own: so an acknowledgement never waits for more input.
///
/// They come in the order of the lines, each once its sequence is durable.
final class AckPrinter: Sendable {
    private struct Queue {
        var waiting: [Acknowledgement] = []
        var isFinished = false
        var failure: Int32?
    }

    private static let patience: UInt64 = 50_000_000
    private let shared: Shared
    private let thread: WorkerThread

    private final class Shared: Sendable {
        let store: Store
        let output: DescriptorOutput
        let queue = Monitor(Queue())

        init(_ store: Store, _ output: DescriptorOutput) {
            self.store = store
            self.output = output
        }
    }

    init(_ store: Store, _ output: DescriptorOutput) throws(StoreError) {
        let shared = Shared(store, output)
        self.shared = shared
        do throws(StorageError) {
            thread = try WorkerThread { Self.run(shared) }
        } catch {
            throw .inputOutput(operation: error.operation, path: error.path, code: error.code)
        }
    }

    /// The `errno` with which the output failed, if it did: nobody reads the acknowledgements then.
    var failure: Int32? { shared.queue.withLock { $0.failure } }

    /// Adds an acknowledgement.
    func add(_ acknowledgement: Acknowledgement) {
        shared.queue.withLock { queue in
            queue.waiting.append(acknowledgement)
            shared.queue.signal()
        }
    }

    /// Gives those that are durable by now, and ends; to be called once, after the store was closed.
    func finish() {
        shared.queue.withLock { queue in
            queue.isFinished = true
            shared.queue.signal()
        }
        thread.join()
    }

    private static func run(_ shared: Shared) {
        while true {
            let next = shared.queue.withLockWaiting { queue -> MonitorStep<(sequence: UInt64, isFinished: Bool)?> in
                if queue.waiting.isEmpty, !queue.isFinished { return .wait(until: nil) }
                return .done(queue.waiting.first.map { ($0.sequence, queue.isFinished) })
            }
            guard let next else { return }
            var durable = shared.store.durableSequence
            if next.sequence > durable {
                // A store that failed will not get there, and one that is closed is there already.
                guard !next.isFinished else { return }
                let deadline = SystemCalls.monotonicNanoseconds() + patience
                durable = shared.store.waitForDurable(past: next.sequence - 1, until: deadline)
                if durable < next.sequence { SystemCalls.pause(milliseconds: 1) }
            }
            guard print(upTo: durable, shared) else { return }
        }
    }

    /// Writes what is durable; false if it cannot be written.
    private static func print(upTo durable: UInt64, _ shared: Shared) -> Bool {
        let ready = shared.queue.withLock { queue -> [Acknowledgement] in
            let count = queue.waiting.prefix { $0.sequence <= durable }.count
            let ready = Array(queue.waiting[..<count])
            queue.waiting.removeFirst(count)
            return ready
        }
        guard !ready.isEmpty else { return true }
        guard let code = shared.output.write(ready.map(\.json).joined()) else { return true }
        shared.queue.withLock { $0.failure = code }
        return false
    }
}
