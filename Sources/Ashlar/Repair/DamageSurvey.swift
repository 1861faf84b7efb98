import AshlarFormat
import AshlarStorage

/// What can be told of a damaged store before its commits are walked: which files are its own, with what they are seeded, which names there are.
struct DamageSurvey {
    let storage: any Storage
    private let loading: SegmentLoading
    private(set) var storeID = StoreID(high: 0, low: 0)
    private(set) var heightGaps = true
    private(set) var hashNotation = HashNotation.hex
    private(set) var segments: [DamagedSegment] = []
    /// The highest sequence that is proven durable.
    private(set) var proven: UInt64 = 0
    private(set) var names = KnownNames()
    private(set) var notices: [String] = []

    init(_ storage: any Storage) throws(StoreError) {
        self.storage = storage
        loading = SegmentLoading(storage: storage)
        let files = try storing { () throws(StorageError) in try storage.list() }
        let found = files.compactMap { SegmentName(fileName: $0) }.filter { $0.generation == 0 }
            .sorted { $0.number < $1.number }
        guard !found.isEmpty else { throw .notAStore(path: storage.path) }
        let note = try LogOpening(storage: storage, horizon: .committed).readNote()
        if note == nil { notices.append("the durability note is missing or damaged") }
        let headers = try found.map { (name) throws(StoreError) in (name, try header(name)) }
        try identify(headers.compactMap(\.1), note)
        for (name, header) in Self.kept(headers) {
            guard header == nil || header?.storeID == storeID else {
                notices.append(
                    "\(name.segmentFile) belongs to another store (\(header?.storeID.description ?? "")); left out")
                continue
            }
            segments.append(try segment(name, header))
        }
        guard !segments.isEmpty else { throw .notAStore(path: storage.path) }
        segments[segments.count - 1].isLast = true
        try judgeEnds(note)
        for segment in segments { try takeNames(of: segment) }
    }

    private func header(_ name: SegmentName) throws(StoreError) -> SegmentHeader? {
        do throws(StoreError) {
            return try loading.header(
                name, try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) })
        } catch {
            if case .corrupt = error { return nil }
            throw error
        }
    }

    /// Whose files these are: what most headers say, else what the note says.
    private mutating func identify(_ headers: [SegmentHeader], _ note: DurabilityNote?) throws(StoreError) {
        var counts: [StoreID: Int] = [:]
        for header in headers { counts[header.storeID, default: 0] += 1 }
        let highest = counts.values.max() ?? 0
        if let header = headers.first(where: { counts[$0.storeID] == highest }) {
            (storeID, heightGaps, hashNotation) = (header.storeID, header.heightGaps, header.hashNotation)
        } else if let note {
            storeID = note.storeID
            notices.append(
                "no segment header checks out: the store's options are not known; heights may be skipped, hashes are shown as hex"
            )
        } else {
            throw .corrupt(
                Corruption(
                    file: SegmentName.noteFile, offset: 0, heights: nil,
                    reason:
                        "neither it nor any segment header checks out, so that no commit can be told from other bytes"))
        }
    }

    /// The segments that were not pruned, as the last header that checks out tells ([SEG-11]).
    private static func kept(_ headers: [(SegmentName, SegmentHeader?)]) -> ArraySlice<(SegmentName, SegmentHeader?)> {
        guard let pruned = headers.last(where: { $0.1 != nil })?.1?.prunedSequence, pruned > 0 else {
            return headers[...]
        }
        guard var first = headers.firstIndex(where: { ($0.1?.opening.sequence ?? 0) >= pruned }) else {
            return headers[...]
        }
        // Right before it stands perhaps the true first one, with a damaged header.
        if (headers[first].1?.opening.sequence ?? 0) > pruned {
            while first > 0, headers[first - 1].1 == nil { first -= 1 }
        }
        return headers[first...]
    }

    private func segment(_ name: SegmentName, _ header: SegmentHeader?) throws(StoreError) -> DamagedSegment {
        let file = try storing { () throws(StorageError) in try storage.open(name.segmentFile, .read) }
        let size = try storing { () throws(StorageError) in try file.size() }
        let seed =
            header
            ?? SegmentHeader(
                storeID: storeID, segment: name.number, createdTime: 0, epoch: 0, heightGaps: heightGaps,
                hashNotation: hashNotation, opening: ChainState())
        var segment = DamagedSegment(name: name, size: size, header: header, seedHeader: seed)
        if let header, case .success(let (index, base)) = try loading.footer(header, file, size: size) {
            (segment.footer, segment.footerBase, segment.closing) = (index, base, index.summary.closing)
        }
        return segment
    }

    /// Up to where each segment reached, and the log.
    private mutating func judgeEnds(_ note: DurabilityNote?) throws(StoreError) {
        for position in segments.indices.dropLast() {
            let next = segments[position + 1]
            if let opening = next.header?.opening, next.name.number == segments[position].name.number + 1 {
                segments[position].closing = opening
            }
            segments[position].lastSequence = segments[position].closing?.sequence
        }
        let last = segments[segments.count - 1]
        let file = try storing { () throws(StorageError) in try storage.open(last.name.segmentFile, .read) }
        let evidence = try storing { () throws(StorageError) in
            try TailEvidence.search(file, header: last.seedHeader, from: 0, limit: last.size)
        }
        if let note, note.storeID == storeID { proven = note.sequence }
        proven = max(proven, evidence.durableSequence, last.header?.opening.sequence ?? 0)
        segments[segments.count - 1].lastSequence = proven
    }

    /// Ids are store-wide, so any segment tells what those of another mean ([PRT-7]).
    private mutating func takeNames(of segment: DamagedSegment) throws(StoreError) {
        if let footer = segment.footer {
            for model in footer.models { names.add(.model, id: model.id, model.name) }
            for type in footer.types { names.add(.type, id: type.id, type.name) }
            return
        }
        let file = try storing { () throws(StorageError) in try storage.open(segment.name.segmentFile, .read) }
        var scan = SegmentScan(segment, file, after: segment.header?.opening ?? ChainState())
        while true {
            switch try scan.next() {
            case .commit(let found, _): for name in found.meta.names { names.add(name.kind, id: name.id, name.name) }
            case .gap: continue
            case .torn, .end: return
            }
        }
    }
}

/// All names that anything readable in a store defines.
struct KnownNames: Sendable {
    private(set) var models: [UInt32: [UInt8]] = [:]
    private(set) var types: [UInt32: [UInt8]] = [:]
    private var taken: (models: Set<[UInt8]>, types: Set<[UInt8]>) = ([], [])

    /// Adds a name; the first one of an id counts, and the first id of a name.
    mutating func add(_ kind: NameKind, id: UInt32, _ name: [UInt8]) {
        switch kind {
        case .model:
            if models[id] == nil, taken.models.insert(name).inserted { models[id] = name }
        case .type:
            if types[id] == nil, taken.types.insert(name).inserted { types[id] = name }
        }
    }

    /// A name for an id whose own is lost: one that no other has.
    mutating func standIn(_ kind: NameKind, id: UInt32) -> String {
        var name = "lost-\(kind == .model ? "model" : "type")-\(id)"
        while (kind == .model ? taken.models : taken.types).contains(Array(name.utf8)) { name += "-" }
        add(kind, id: id, Array(name.utf8))
        return name
    }
}
