import Ashlar
import AshlarStorage
import AshlarTestSupport
import Testing

@Suite("Syncing at intervals")
struct IntervalSyncTests {
    @Test("whatever is appended becomes durable soon, without another append to help it along")
    func becomesDurable() throws {
        let options = Samples.options {
            $0.durability = .interval(milliseconds: 1, bytes: 1 << 30)
            $0.segmentBytes = 200_000
        }
        var writer = try Writer.open(MemoryStorage(), options: options)
        for height in 0..<6_000 as Range<Int64> {
            let outcome = try writer.append(Samples.block(height), events: Samples.events(height, count: 1))
            // Bursts of many lengths, so that a sync begins at every point of an append.
            guard height % 37 == 0 || height % 11 == 0 else { continue }
            let deadline = SystemCalls.monotonicNanoseconds() + 20_000_000_000
            let durable = writer.store.waitForDurable(past: outcome.sequence - 1, until: deadline)
            guard durable >= outcome.sequence else {
                Issue.record("commit \(outcome.sequence) is not durable, only \(durable)")
                break
            }
        }
        try writer.close()
    }
}
