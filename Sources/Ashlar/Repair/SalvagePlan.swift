import AshlarFormat
import AshlarStorage

/// Finds out what can be saved of a damaged store, and makes parts of it, without writing anything; see
/// `format-spec/decisions/0018-salvaged-stores.md`.
struct SalvagePlan {
    /// So many parts are begun in one segment. Parts behind gaps cost nothing more; those behind commits that have no place look at the same run.
    private static let attemptLimit = 1_000
    private(set) var report: SalvageReport
    /// The files of each part.
    private(set) var parts: [[String: SalvagedFile]] = []
    private let survey: DamageSurvey
    private let storage: any Storage
    private var names: KnownNames
    private var part: PartBuilder?
    /// The last sequence met, placed or not, and what the log added up to before the gap at hand.
    private var known: ChainState
    private var lastSequence: UInt64
    /// Gaps behind which no part has begun yet: indexes into the report.
    private var open: [Int] = []
    private var versions: [UInt32: UInt64] = [:]
    /// How often a part was begun in the segment at hand.
    private var attempts = 0

    /// Complexity: reads every byte of the store once, those of damaged segments a few times.
    init(_ storage: any Storage, progress: (VerifyProgress) -> Void = { _ in }) throws(StoreError) {
        self.storage = storage
        survey = try DamageSurvey(storage)
        names = survey.names
        report = SalvageReport(storeID: survey.storeID)
        report.notices = survey.notices
        known = ChainState.origin(of: survey.storeID)
        // What was pruned is not lost.
        lastSequence = survey.segments.last { $0.header != nil }?.header?.prunedSequence ?? 0
        if let opening = survey.segments.first?.header?.opening, opening.sequence == lastSequence { known = opening }
        let total = survey.segments.reduce(0) { $0 + $1.size }
        var done = 0
        for (position, segment) in survey.segments.enumerated() {
            try take(segment, after: position > 0 ? survey.segments[position - 1] : nil)
            done += segment.size
            progress(VerifyProgress(bytesDone: done, bytesTotal: total))
        }
        endPart()
        closeGaps(below: nil)
        // Where commits could be read but not be placed, nothing between them is lost.
        report.lost.removeAll { $0.bytes.isEmpty && $0.sequences == nil }
        if report.parts.isEmpty, report.lost.isEmpty {
            report.notices.append("the store has no commits that could be saved")
        }
        try takeSidefiles()
    }

    // MARK: Segments

    private mutating func take(_ segment: DamagedSegment, after previous: DamagedSegment?) throws(StoreError) {
        let number = segment.name.number
        attempts = 0
        if let previous, previous.name.number + 1 < number {
            lose(file: SegmentName(number: previous.name.number + 1).segmentFile, 0..<0, "the segment file is missing")
        }
        if let opening = segment.header?.opening, opening.sequence < lastSequence {
            return lose(
                file: segment.name.segmentFile, 0..<segment.size,
                "the segment begins before the end of the one before it",
                sequences: nil)
        }
        if segment.header == nil {
            report.notices.append("the header of \(segment.name.segmentFile) is damaged; it was made anew")
        }
        enter(segment, previous)
        let file = try storing { () throws(StorageError) in try storage.open(segment.name.segmentFile, .read) }
        var start = segment.header?.opening ?? part?.closing ?? known
        start.sequence = max(start.sequence, lastSequence)
        var scan = SegmentScan(segment, file, after: start)
        while true {
            switch try scan.next() {
            case .commit(let found, let damage): try take(found, damage, segment, file)
            case .gap(let bytes, let reason, let isFollowed):
                lose(file: segment.name.segmentFile, bytes, reason)
                if !isFollowed, let last = segment.lastSequence { closeSequences(upTo: last) }
            case .torn(let offset):
                report.notices.append(
                    "what stands in \(segment.name.segmentFile) from offset \(offset) on was never durable, or is a damaged footer; it is left out"
                )
            case .end: return
            }
        }
    }

    /// Goes on with the part at hand if the segment continues it, begins the first part if it is the first, or ends the part.
    private mutating func enter(_ segment: DamagedSegment, _ previous: DamagedSegment?) {
        if part?.isInGroup == true { endPart() }
        if var building = part {
            let follows = previous.map { $0.name.number + 1 == segment.name.number } ?? false
            let opening = segment.header?.opening
            let continues =
                opening.map {
                    $0.sequence == building.closing.sequence && $0.chainValue == building.closing.chainValue
                } ?? true
            if follows, continues {
                part = nil
                building.beginSegment(segment)
                part = building
                return
            }
            endPart()
        }
        if let opening = segment.header?.opening, opening.sequence > lastSequence, open.isEmpty {
            lose(
                file: SegmentName(number: max(1, segment.name.number - 1)).segmentFile, 0..<0,
                previous == nil ? "the segment file is missing" : "its last commits are missing")
        }
        // The beginning of the log needs nothing before it.
        guard open.isEmpty, report.parts.isEmpty, report.unplaced.isEmpty, previous == nil else { return }
        guard segment.name.number == 1 || segment.header != nil else { return }
        part = PartBuilder(segment, opening: segment.header?.opening ?? known, isBehindLoss: false)
    }

    // MARK: Commits

    private mutating func take(
        _ found: CommitWalker.Found, _ damage: String?, _ segment: DamagedSegment, _ file: any StorageFile
    ) throws(StoreError) {
        let sequence = found.header.sequence
        guard sequence > lastSequence else {
            endPart()
            report.unplaced.append(DamagedCommit(found, in: segment, "an earlier commit has its sequence"))
            return
        }
        if sequence > lastSequence + 1, open.isEmpty {
            lose(file: segment.name.segmentFile, found.offset..<found.offset, "commits are missing")
        }
        closeSequences(upTo: sequence - 1)
        lastSequence = sequence
        if let part, part.closing.sequence + 1 != sequence { endPart() }
        if part == nil { try beginPart(found, segment, file) }
        guard var building = part else { return }
        part = nil
        let reason = try building.take(found, damage: damage, file)
        part = building
        if let reason {
            endPart()
            report.unplaced.append(DamagedCommit(found, in: segment, reason))
        } else if let damage {
            report.emptied.append(DamagedCommit(found, in: segment, damage))
        }
    }

    /// Begins a part behind a gap with the commit `first`; leaves it out if that cannot be.
    private mutating func beginPart(
        _ first: CommitWalker.Found, _ segment: DamagedSegment, _ file: any StorageFile
    ) throws(StoreError) {
        // Each attempt looks at the rest of the run; a file that is crafted must not keep us for ever.
        attempts += 1
        guard attempts <= Self.attemptLimit else {
            report.unplaced.append(DamagedCommit(first, in: segment, "too many commits before it could not be placed"))
            return
        }
        let run = try RunSurvey(segment, file, from: first)
        // One sequence is needed for the names, and one to have been pruned: a log that lacks something never looks as if it began anew.
        guard first.header.sequence > 2 else {
            report.unplaced.append(
                DamagedCommit(first, in: segment, "nothing before it is left to hold the names that it uses"))
            return
        }
        var opening = run.opening(before: first.header, closing: segment.closing, known: known).state
        if first.offset == SegmentHeader.size, let told = segment.header?.opening,
            told.sequence == first.header.sequence - 1, told.chainValue == run.previous
        {
            opening = told
        }
        closeGaps(below: opening.tipHeight)
        opening.sequence -= 1
        var building = PartBuilder(segment, opening: opening, isBehindLoss: true)
        try building.declare(definitions(for: run, segment), before: first.header, previous: run.previous)
        part = building
    }

    /// Every name that is known and that the run does not define itself, with its version before the run; and stand-ins for those it uses that are
    /// lost ([SEG-14]).
    private mutating func definitions(for run: RunSurvey, _ segment: DamagedSegment) -> [NameDefinition] {
        for id in run.usedModels.subtracting(run.definedModels).sorted() where names.models[id] == nil {
            report.standInNames.append(names.standIn(.model, id: id))
        }
        for id in run.usedTypes.subtracting(run.definedTypes).sorted() where names.types[id] == nil {
            report.standInNames.append(names.standIn(.type, id: id))
        }
        var footer: [UInt32: UInt64] = [:]
        for model in segment.footer?.models ?? [] { footer[model.id] = model.version }
        var definitions: [NameDefinition] = []
        for (id, name) in names.models.sorted(by: { $0.key < $1.key }) where !run.definedModels.contains(id) {
            let version = run.versions[id] ?? footer[id] ?? versions[id] ?? 0
            definitions.append(NameDefinition(kind: .model, id: id, version: version, name: name))
        }
        for (id, name) in names.types.sorted(by: { $0.key < $1.key }) where !run.definedTypes.contains(id) {
            definitions.append(NameDefinition(kind: .type, id: id, version: 0, name: name))
        }
        return definitions
    }

    private mutating func endPart() {
        guard var building = part else { return }
        part = nil
        let dropped = building.dropOpenGroup()
        known = building.closing
        for (id, version) in building.versions { versions[id] = version }
        if let (part, files) = building.end() {
            report.parts.append(part)
            parts.append(files)
        }
        report.unplaced += dropped
        let gone = Set(dropped.map(\.sequence))
        report.emptied.removeAll { gone.contains($0.sequence) }
    }

    // MARK: Losses

    private mutating func lose(
        file: String, _ bytes: Range<Int>, _ reason: String, sequences: ClosedRange<UInt64>? = nil
    ) {
        endPart()
        open.append(report.lost.count)
        let first = known.tipHeight + 1
        report.lost.append(
            LostRange(file: file, bytes: bytes, sequences: sequences, heights: first...(.max), reason: reason))
    }

    /// Tells of the gaps at hand which sequences they had: the last one of them all that are missing.
    private mutating func closeSequences(upTo last: UInt64) {
        guard last > lastSequence else { return }
        let untold = open.filter { report.lost[$0].sequences == nil }
        guard let gap = untold.first(where: { !report.lost[$0].bytes.isEmpty }) ?? untold.last else { return }
        report.lost[gap].sequences = lastSequence + 1...last
        lastSequence = last
    }

    /// Tells of the gaps at hand that their heights end at `height`; nil if nothing that is known stands above them.
    private mutating func closeGaps(below height: Int64?) {
        if let height {
            for gap in open {
                let first = report.lost[gap].heights?.lowerBound ?? 0
                report.lost[gap].heights = first <= height ? first...height : nil
            }
        }
        open.removeAll()
    }

    // MARK: What stands beside the log

    /// Gives each part the snapshots and the consumers' places that its log proves.
    private mutating func takeSidefiles() throws(StoreError) {
        let files = try storing { () throws(StorageError) in try storage.list() }.sorted()
        for name in files {
            guard let place = try place(of: name) else { continue }
            var isTaken = false
            for index in parts.indices where !isTaken {
                let own = report.parts[index].sequences
                guard own.contains(place.sequence) || place.sequence == own.lowerBound - 1 else { continue }
                let store = try Store.open(SalvagedStorage(parts[index], of: storage))
                guard try store.chainValue(ofSequence: place.sequence) == place.chainValue else { continue }
                var file = SalvagedFile()
                file.append(name, at: 0, count: place.bytes)
                parts[index][name] = file
                isTaken = true
            }
            if !isTaken { report.notices.append("\(name) stands on what is lost; it is left out") }
        }
    }

    /// Where in the log a snapshot or a consumer stands; nil for other files, and for those that cannot be read.
    private mutating func place(
        of name: String
    ) throws(StoreError) -> (sequence: UInt64, chainValue: UInt64, bytes: Int)? {
        do throws(StoreError) {
            if name.hasSuffix(ConsumerFileName.suffix) {
                let file = try storing { () throws(StorageError) in try storage.open(name, .read) }
                let slot = try ConsumerSlot.read(file, named: name)
                return (slot.sequence, slot.chainValue, ConsumerSlot.size * ConsumerSlot.count)
            }
        } catch {
            report.notices.append("\(name) is damaged; it is left out")
            return nil
        }
        guard SnapshotName.isSnapshot(name) else { return nil }
        do throws(SnapshotError) {
            let file = try SnapshotFile(name, in: storage)
            guard file.header.identity.storeID == survey.storeID else { return nil }
            return (file.header.identity.sequence, file.header.identity.chainValue, file.fileBytes)
        } catch {
            report.notices.append("\(name) is damaged; it is left out")
            return nil
        }
    }
}
