import AshlarFormat
import AshlarStorage

extension SimulatedDisk {
    /// What a call does to which of a store's files: the places at which a power cut or a fault can strike.
    package enum Point: String, CaseIterable, Sendable {
        case createSegment = "create a segment"
        case writeHeader = "write a segment's header"
        case syncHeader = "sync a segment's header"
        case append = "append commits"
        case syncCommits = "sync commits"
        case writeZeros = "write zeros ahead"
        case writeFooter = "write a footer"
        case sealSegment = "sync a sealed segment"
        case truncateSegment = "cut a segment's end"
        case syncTruncation = "sync a cut segment"
        case removeSegment = "remove a segment"
        case createNote = "create the durability note"
        case writeNote = "write the durability note"
        case syncNote = "sync the durability note"
        case writeIndex = "write an index file"
        case renameIndex = "rename an index file"
        case removeIndex = "remove an index file"
        case createSnapshot = "create a snapshot"
        case writeSnapshot = "write a snapshot"
        case syncSnapshot = "sync a snapshot"
        case renameSnapshot = "rename a snapshot"
        case removeSnapshot = "remove a snapshot"
        case createConsumer = "create a consumer's file"
        case writeConsumer = "write a consumer's file"
        case syncConsumer = "sync a consumer's file"
        case renameConsumer = "rename a consumer's file"
        case removeTemporary = "remove an unfinished file"
        case syncDirectory = "sync the directory"
        case list = "list the directory"
        case open = "open a file"
        case read = "read"
        case size = "ask for a size"
        case otherChange = "anything else"

        /// Whether something changes there: where the power can go off half-way.
        package var isChange: Bool {
            switch self {
            case .list, .open, .read, .size: false
            default: true
            }
        }
    }

    /// How often a point was passed, and what struck there.
    package struct Hits: Sendable, Equatable {
        package var calls = 0
        package var cuts = 0
        package var faults = 0

        package init() {}

        package static func += (left: inout Hits, right: Hits) {
            left.calls += right.calls
            left.cuts += right.cuts
            left.faults += right.faults
        }
    }

    /// What happened on this disk and on those it came from by power cuts.
    package struct Record: Sendable {
        package fileprivate(set) var hits: [Point: Hits] = [:]
        /// Power cuts, in the midst of a call or between two.
        package internal(set) var cuts = 0
        /// The last thing written to a file since it was synced.
        fileprivate var lastWrites: [Int: Point] = [:]
        /// The point that was passed last.
        package fileprivate(set) var last: Point?
    }

    /// What happened so far.
    package var record: Record { state.withLock { $0.record } }

    /// How many calls failed because they were told to, or because the disk was full.
    package var strikes: Int { state.withLock { $0.faults.strikes } }
}

/// The bytes of a write, for telling what is written.
struct WrittenBytes {
    var offset: Int
    var content: UnsafeRawBufferPointer
}

extension SimulatedDisk.State {
    /// Notes that a call passes its point, and gives it.
    mutating func pass(
        _ operation: SimulatedDisk.Operation, _ path: String, _ written: WrittenBytes?, file: Int?
    ) -> SimulatedDisk.Point {
        let point = Self.point(operation, path, written, last: file.flatMap { record.lastWrites[$0] })
        if let file {
            if operation == .sync {
                record.lastWrites[file] = nil
            } else if operation == .write || operation == .truncate {
                record.lastWrites[file] = point
            }
        }
        record.hits[point, default: SimulatedDisk.Hits()].calls += 1
        record.last = point
        return point
    }

    mutating func noteFault(at point: SimulatedDisk.Point) {
        record.hits[point, default: SimulatedDisk.Hits()].faults += 1
        faults.strikes += 1
    }

    mutating func noteCut(at point: SimulatedDisk.Point) {
        record.hits[point, default: SimulatedDisk.Hits()].cuts += 1
    }

    private static func point(
        _ operation: SimulatedDisk.Operation, _ path: String, _ written: WrittenBytes?, last: SimulatedDisk.Point?
    ) -> SimulatedDisk.Point {
        switch operation {
        case .list: return .list
        case .open: return .open
        case .read: return .read
        case .size: return .size
        case .syncDirectory: return .syncDirectory
        default: break
        }
        let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
        let isTemporary = name.hasSuffix(SegmentName.temporarySuffix)
        let stem = isTemporary ? String(name.dropLast(SegmentName.temporarySuffix.count)) : name
        if isTemporary, operation == .remove { return .removeTemporary }
        if stem.hasSuffix(".segment") { return segmentPoint(operation, written, last: last) }
        switch operation {
        case .create:
            return choose(stem, index: .writeIndex, .createSnapshot, consumer: .createConsumer, note: .createNote)
        case .sync:
            return choose(stem, index: .writeIndex, .syncSnapshot, consumer: .syncConsumer, note: .syncNote)
        case .rename:
            return choose(stem, index: .renameIndex, .renameSnapshot, consumer: .renameConsumer, note: .otherChange)
        case .remove:
            return choose(stem, index: .removeIndex, .removeSnapshot, consumer: .otherChange, note: .otherChange)
        default:
            return choose(stem, index: .writeIndex, .writeSnapshot, consumer: .writeConsumer, note: .writeNote)
        }
    }

    /// The point for a file of this kind.
    private static func choose(
        _ name: String, index: SimulatedDisk.Point, _ snapshot: SimulatedDisk.Point, consumer: SimulatedDisk.Point,
        note: SimulatedDisk.Point
    ) -> SimulatedDisk.Point {
        if name.hasSuffix(".index") { return index }
        if name.hasSuffix(SnapshotName.suffix) { return snapshot }
        if name.hasSuffix(".consumer") { return consumer }
        return name == SegmentName.noteFile ? note : .otherChange
    }

    private static func segmentPoint(
        _ operation: SimulatedDisk.Operation, _ written: WrittenBytes?, last: SimulatedDisk.Point?
    ) -> SimulatedDisk.Point {
        switch operation {
        case .create: return .createSegment
        case .remove: return .removeSegment
        case .truncate: return .truncateSegment
        case .sync:
            switch last {
            case .writeHeader: return .syncHeader
            case .writeFooter: return .sealSegment
            case .truncateSegment: return .syncTruncation
            default: return .syncCommits
            }
        default: break
        }
        guard let written else { return .otherChange }
        if written.offset == 0 { return .writeHeader }
        let head = written.content.count >= 8 ? written.content.loadUnaligned(as: UInt64.self).littleEndian : 0
        if head == SegmentSummary.magic { return .writeFooter }
        return head == 0 ? .writeZeros : .append
    }
}
