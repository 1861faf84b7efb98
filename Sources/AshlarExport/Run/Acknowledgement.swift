import Ashlar
import AshlarStorage

/// Tells the store now and then how far its consumer is: at most once a second, since each time costs a sync.
///
/// That it cannot be told is no failure: the target's own cursor counts, and a store that only others may write can be exported, too.
struct Acknowledgement {
    private let consumer: Consumer?
    private var waiting: Cursor?
    private var lastSent: UInt64 = 0

    init(_ store: Store, _ name: String?) { consumer = name.flatMap { try? store.consumer($0) } }

    /// Notes where the target stands; in a first load, which a power cut could still take back, nothing is said before `send`.
    mutating func reached(_ cursor: Cursor, isDurable: Bool) {
        waiting = cursor
        if isDurable, SystemCalls.monotonicNanoseconds() >= lastSent + 1_000_000_000 { send() }
    }

    /// Says what was noted and not said yet.
    mutating func send() {
        guard let cursor = waiting else { return }
        waiting = nil
        lastSent = SystemCalls.monotonicNanoseconds()
        // A target that was rewound stands before what was said of it.
        try? consumer?.ack(cursor, goingBack: true)
    }
}
