public import AshlarFormat

/// A stretch of a store's files in which commits stood that cannot be read any more.
public struct LostRange: Sendable, Hashable {
    /// The file's name in the store's directory.
    public var file: String
    /// Where in it, in bytes; empty where the bytes are not there at all.
    public var bytes: Range<Int>
    /// The sequences that are lost; nil if none can be told.
    public var sequences: ClosedRange<UInt64>?
    /// The heights whose blocks are or may be among them; nil if there are none. An end of `Int64.max` is one that is not known.
    public var heights: ClosedRange<Int64>?
    /// What does not check out.
    public var reason: String
}

/// A commit of which something remains: its header and meta check out.
public struct DamagedCommit: Sendable, Hashable {
    /// Its sequence.
    public var sequence: UInt64
    /// Its height, if it is a block.
    public var height: Int64?
    /// How many events it has.
    public var events: Int
    /// The file's name in the store's directory.
    public var file: String
    /// Where its frame stands in that file, in bytes.
    public var bytes: Range<Int>
    /// Why it could not be saved whole, or not be placed.
    public var reason: String
}

/// A run of commits that makes a store of its own.
public struct SalvagedPart: Sendable, Hashable {
    /// Where it was written; empty in a degraded store.
    public var path = ""
    /// Its commits, under the sequences they always had.
    public var sequences: ClosedRange<UInt64>
    /// Its canonical blocks; nil if it has none.
    public var heights: ClosedRange<Int64>?
    /// How many commits of the damaged store are in it, emptied ones included.
    public var commits: UInt64
    /// How many events they have, those of emptied commits not counted.
    public var events: UInt64
    /// Whether something before it is lost: asked for what stood there it says `pruned`.
    public var isBehindLoss: Bool
}

/// What could be saved of a damaged store, and what could not.
public struct SalvageReport: Sendable, Hashable {
    /// The store's identity, which all parts keep.
    public var storeID: StoreID
    /// The runs of commits that were saved, in the order of the log.
    public var parts: [SalvagedPart] = []
    /// What cannot be read any more, in the order of the log.
    public var lost: [LostRange] = []
    /// Commits whose block, names and rollback are saved, but whose events are lost: reading them says `removed`.
    public var emptied: [DamagedCommit] = []
    /// Commits that check out, but stand on what is lost in a way that no valid log allows; they are in no part.
    public var unplaced: [DamagedCommit] = []
    /// Names that were lost, and what stands in their place, such as `lost-model-7`.
    public var standInNames: [String] = []
    /// What is no loss, but worth knowing.
    public var notices: [String] = []

    /// Whether everything was saved.
    public var isWhole: Bool { lost.isEmpty && emptied.isEmpty && unplaced.isEmpty && standInNames.isEmpty }
}

extension LostRange: CustomStringConvertible {
    /// Where, which, and why, in one line.
    public var description: String {
        var text = "lost: \(file), bytes \(bytes.lowerBound)..<\(bytes.upperBound)"
        if let sequences { text += ", sequences \(sequences.lowerBound)–\(sequences.upperBound)" }
        if let heights {
            text += ", heights \(heights.lowerBound)–\(heights.upperBound == .max ? "…" : "\(heights.upperBound)")"
        }
        return text + ": \(reason)"
    }
}

extension DamagedCommit: CustomStringConvertible {
    /// Which, where, and why, in one line.
    public var description: String {
        "commit \(sequence)" + (height.map { " (height \($0))" } ?? "")
            + ", \(events) \(events == 1 ? "event" : "events"), \(file), bytes \(bytes.lowerBound)..<\(bytes.upperBound): \(reason)"
    }
}
