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
                do throws(StoreError) { try Self.run(store, start, options, box, queue) } catch { queue.fail(error) }
            }
        } catch {
            throw .store(.inputOutput(operation: error.operation, path: error.path, code: error.code))
        }
    }

    /// Waits until it has ended; the queue must be abandoned first.
    func join() { thread.join() }

    private static func run(
        _ store: Store, _ start: Cursor, _ options: ExportOptions, _ box: EncoderBox, _ queue: ChangeQueue
    ) throws(StoreError) {
        var following = SubscriptionOptions()
        following.batchEvents = options.batchEvents
        following.batchBytes = options.batchBytes
        following.models = options.models
        following.stopsAtEnd = !options.follows
        var follower = try store.follow(from: start, options: following)
        while true {
            while let batch = try follower.next() {
                guard queue.put(.changes(try box.encode(batch))) else { return }
            }
            guard queue.put(.caughtUp(lastSequence: follower.cursor.wholeSequence)) else { return }
            guard options.follows else { break }
            wait: while true {
                switch try follower.wait(upToMilliseconds: 100) {
                case .more: break wait
                case .ended:
                    _ = queue.put(.end)
                    return
                case .timedOut: if queue.isAbandoned { return }
                }
            }
        }
        _ = queue.put(.end)
    }
}

/// An encoder that a thread's closure can hold. Unchecked: made on one thread, and after that used by the other alone.
private final class EncoderBox: @unchecked Sendable {
    private var encoder: StepEncoder

    init(_ encoder: consuming StepEncoder) { self.encoder = encoder }

    func encode(_ batch: StepBatch) throws(StoreError) -> ChangeSet { try encoder.encode(batch) }
}
