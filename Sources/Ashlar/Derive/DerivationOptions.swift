public import AshlarFormat

/// How a store is derived.
public struct DerivationOptions: Sendable {
    /// When a run ends that has caught up with the source.
    public enum End: Sendable, Hashable {
        /// At once.
        case whenCaughtUp
        /// Never: it goes on following the source until it is stopped.
        case never
        /// With the switch: the derived store takes the place of the source, as soon as no writer has the source open.
        ///
        /// It goes on following while it waits, as long as this many seconds; nil for as long as it takes. With 0 a source that is being
        /// written is refused with `StoreError.inUse` once the target has caught up.
        case withSwitch(waitSeconds: Double?)
    }

    /// When the run ends.
    public var end = End.whenCaughtUp
    /// How the target is written: segment size, compression, durability. What a store keeps for ever (gaps in heights, notation of hashes) and
    /// the final heights come from the source.
    public var writer: WriterOptions
    /// How many of the latest canonical blocks the state can undo at once; a deeper rollback recomputes it from the source.
    public var undoDepth = 64
    /// How often a source that is being followed is looked at, in milliseconds.
    public var followMilliseconds: UInt32 = 50

    /// Defaults: ends when caught up, syncs every second or 64 MiB.
    public init() {
        writer = WriterOptions()
        writer.durability = .interval(milliseconds: 1_000, bytes: 64 << 20)
    }
}

/// Whether a derivation goes on.
public enum DerivationStep: Sendable, Hashable {
    case goOn
    /// It ends, with everything derived so far made durable; another run goes on there.
    case stop
}

/// How far a derivation is.
public struct DerivationProgress: Sendable, Hashable {
    /// Last sequence of the target.
    public var sequence: UInt64
    /// Last sequence the source shows.
    public var lastSequence: UInt64
    /// Events read in this run.
    public var eventsRead: UInt64
    /// Events written in this run.
    public var eventsWritten: UInt64
    /// Bytes of the source's log that lie behind.
    public var bytesDone = 0
    /// Bytes of the source's log.
    public var bytesTotal = 0

    init(_ report: DerivationReport, lastSequence: UInt64) {
        sequence = report.sequence
        self.lastSequence = lastSequence
        eventsRead = report.eventsRead
        eventsWritten = report.eventsWritten
    }
}

/// What a run of a derivation did.
public struct DerivationReport: Sendable, Hashable {
    /// How a run ended.
    public enum Outcome: Sendable, Hashable {
        /// The target holds all that the source shows.
        case caughtUp
        /// It was told to stop; another run goes on here.
        case stopped
        /// The derived store stands at the source's path, the old one at the target's.
        case switched
    }

    /// How it ended.
    public var outcome = Outcome.caughtUp
    /// Commits derived in this run.
    public var commits: UInt64 = 0
    /// Events read in this run.
    public var eventsRead: UInt64 = 0
    /// Events written in this run.
    public var eventsWritten: UInt64 = 0
    /// Last sequence of the target.
    public var sequence: UInt64 = 0
    /// Commits that were in the target before.
    public var resumedAt: UInt64 = 0
    /// The target's identity.
    public var targetID: StoreID

    init() { targetID = StoreID(high: 0, low: 0) }
}
