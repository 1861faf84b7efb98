import Ashlar
import AshlarStorage

/// The thread that follows the log, encodes its steps, and puts them into a queue.
struct LogReaderThread {
    private let thread: WorkerThread

    init(
        _ store: Store, _ start: Cursor, _ options: ExportOptions, _ encoder: consuming StepEncoder,
        _ queue: ChangeQueue
    ) throws(ExportError) {
        let box = EncoderBox(encoder)
        do throws(StorageError) {
            thread = try WorkerThread {
                do throws(ExportError) { try Self.run(store, start, options, box, queue) } catch { queue.fail(error) }
            }
        } catch {
            throw .store(.inputOutput(operation: error.operation, path: error.path, code: error.code))
        }
    }

    /// Waits until it has ended; the queue must be abandoned first.
    func join() { thread.join() }

    private static func run(
        _ store: Store, _ start: Cursor, _ options: ExportOptions, _ box: EncoderBox, _ queue: ChangeQueue
    ) throws(ExportError) {
        var following = SubscriptionOptions()
        following.batchEvents = options.batchEvents
        following.batchBytes = options.batchBytes
        following.models = options.models
        following.stopsAtEnd = !options.follows
        var follower = try logged { () throws(StoreError) in try store.follow(from: start, options: following) }
        while true {
            while let batch = try next(&follower) {
                guard let changes = try box.encode(batch, shouldStop: { queue.isAbandoned }),
                    queue.put(.changes(changes))
                else { return }
            }
            guard queue.put(.caughtUp(lastSequence: follower.cursor.wholeSequence)) else { return }
            guard options.follows else { break }
            waiting: while true {
                switch try wait(&follower) {
                case .more: break waiting
                case .ended:
                    _ = queue.put(.end)
                    return
                case .timedOut: if queue.isAbandoned { return }
                }
            }
        }
        _ = queue.put(.end)
    }

    private static func next(_ follower: inout Follower) throws(ExportError) -> StepBatch? {
        do throws(StoreError) { return try follower.next() } catch { throw .store(error) }
    }

    private static func wait(_ follower: inout Follower) throws(ExportError) -> FollowWait {
        do throws(StoreError) { return try follower.wait(upToMilliseconds: 100) } catch { throw .store(error) }
    }

    private static func logged<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(ExportError) -> Result
    {
        do throws(StoreError) { return try body() } catch { throw .store(error) }
    }
}

/// An encoder that a thread's closure can hold. Unchecked: made on one thread, and after that used by the other alone.
private final class EncoderBox: @unchecked Sendable {
    private var encoder: StepEncoder

    init(_ encoder: consuming StepEncoder) { self.encoder = encoder }

    func encode(_ batch: StepBatch, shouldStop: () -> Bool) throws(ExportError) -> ChangeSet? {
        try encoder.encode(batch, shouldStop: shouldStop)
    }
}
