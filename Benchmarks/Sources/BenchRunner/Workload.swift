/// What a driver is told to do. The raw values are the drivers' own words.
enum Workload: String, Codable, CaseIterable, Sendable {
    case append
    case durable
    case pipelined
    case bulk
    case scan
    case scanTwoThreads = "scan-two-threads"
    case scanAsync = "scan-async"
    case random
    case model
    case absent
    case open
    case kill
    case openKilled = "open-killed"
    case openKilledWritable = "open-killed-writable"
    case disk
    case undo
    case undoSynced = "undo-synced"

    /// How a run is judged.
    enum Measure {
        /// Operations a second: more is better.
        case rate(unit: String, scale: Double)
        /// Milliseconds of the whole: less is better.
        case milliseconds
        /// Bytes an event: less is better.
        case bytesPerEvent
    }

    var measure: Measure {
        switch self {
        case .append, .durable, .pipelined, .bulk, .scan, .scanTwoThreads, .scanAsync, .model, .kill:
            .rate(unit: "M events/s", scale: 1e-6)
        case .random: .rate(unit: "k blocks/s", scale: 1e-3)
        case .open, .openKilled, .openKilledWritable, .undo, .undoSynced, .absent: .milliseconds
        case .disk: .bytesPerEvent
        }
    }

    var title: String {
        switch self {
        case .append: "append, no sync"
        case .durable: "durable, one sync a block"
        case .pipelined: "durable, 16 blocks outstanding"
        case .bulk: "bulk, synced at the end"
        case .scan: "scan"
        case .scanTwoThreads: "scan, two threads"
        case .scanAsync: "scan, asynchronous batches"
        case .random: "random blocks"
        case .model: "one model of eight"
        case .absent: "absent model"
        case .open: "open, clean"
        case .kill: "append, then killed"
        case .openKilled: "open, killed"
        case .openKilledWritable: "open, killed, for writing"
        case .disk: "disk"
        case .undo: "undo 100 blocks"
        case .undoSynced: "undo 100 blocks, synced"
        }
    }

    /// What a raw C program is measured with where it does not do this workload.
    var reference: Workload {
        switch self {
        case .pipelined: .bulk
        case .scanTwoThreads, .scanAsync: .scan
        case .openKilledWritable: .openKilled
        default: self
        }
    }

    /// Those that read, or take away from, the store that `append` leaves, in the order to run them in. `disk` opens and closes it once,
    /// so that what an unfinished compaction left behind burdens neither reading nor the size; undoing comes last.
    static let onAppendedStore: [Workload] = [
        .disk, .scan, .scanTwoThreads, .scanAsync, .random, .model, .absent, .open, .undo, .undoSynced,
    ]
    /// Those that make a store of their own.
    static let onFreshStore: [Workload] = [.durable, .pipelined, .bulk]
    /// Those that open the store that `kill` leaves; only the last may change it.
    static let onKilledStore: [Workload] = [.openKilled, .openKilledWritable]
}
