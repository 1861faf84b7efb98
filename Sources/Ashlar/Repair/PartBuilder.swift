import AshlarFormat
import AshlarStorage

/// Puts a run of commits together to a store: every frame as it stands, or as a stub.
///
/// Invariants: all commits taken make a log that the rule of `format-spec/recovery.md` finds valid; store id, segment numbers, sequences and chain
/// values are those of the damaged store. At the end no group is open.
struct PartBuilder {
    /// A segment of the part.
    private struct Piece {
        var source: DamagedSegment
        var header: SegmentHeader
        var index: SegmentIndex
        var file = SalvagedFile()
        /// Whether its commits stand where they stood, byte for byte.
        var isAsItWas = true
    }

    /// What a group that turns out not to be whole goes back to.
    private struct Checkpoint {
        var index: SegmentIndex
        var chain: Chain
        var count: Int
        var commits: UInt64
        var events: UInt64
        var epoch: UInt64
        var taken: [DamagedCommit] = []
    }

    private let base: ChainState
    private let isBehindLoss: Bool
    private var finished: [(name: SegmentName, header: SegmentHeader, file: SalvagedFile)] = []
    /// The time of the block before the part, as a rollback to it told.
    private var baseTimestamp: Int64?
    private var piece: Piece
    private var chain: Chain
    private var group: Checkpoint?
    private var commits: UInt64 = 0
    private var events: UInt64 = 0
    private var epoch: UInt64 = 0
    private(set) var versions: [UInt32: UInt64] = [:]

    init(_ segment: DamagedSegment, opening: ChainState, isBehindLoss: Bool) {
        base = opening
        self.isBehindLoss = isBehindLoss
        chain = Chain(baseHeight: opening.tipHeight)
        piece = Self.begin(segment, opening, base: opening)
    }

    private static func begin(_ segment: DamagedSegment, _ opening: ChainState, base: ChainState) -> Piece {
        var header = segment.header ?? segment.seedHeader
        header.opening = opening
        header.prunedSequence = base.sequence
        return Piece(source: segment, header: header, index: SegmentIndex(header: header))
    }

    /// What the part adds up to so far.
    var closing: ChainState { piece.index.summary.closing }
    private var position: Int { SegmentHeader.size + piece.file.size }
    private var seed: UInt32 { Checksum.headerSeed(store: piece.header.storeID, segment: piece.header.segment) }
    var isInGroup: Bool { group != nil }

    /// Goes on in the next segment.
    mutating func beginSegment(_ segment: DamagedSegment) {
        let next = Self.begin(segment, closing, base: base)
        finish(isLast: false)
        piece = next
    }

    /// Puts a control commit with all `names` before everything else, under the sequence of the last commit that is lost.
    mutating func declare(_ names: [NameDefinition], before first: CommitHeader, previous: UInt64) throws(StoreError) {
        var header = CommitHeader(
            kind: .control, sequence: first.sequence - 1, epoch: first.epoch, appendTime: first.appendTime, height: -1,
            finalHeight: base.finalHeight, durableSequence: base.sequence)
        var meta = CommitMeta()
        meta.control = ControlPart(type: ControlPart.registry)
        meta.names = names
        var builder = FrameBuilder()
        var buffer = ByteBuffer()
        // Where the log before is lost, its chain value may be any: it is chosen so that the next commit continues this one as it stands.
        builder.append(&header, meta: meta, stage: EventStage(), codec: .none, previous: 0, seed: seed, to: &buffer)
        let identity = UnsafeRawBufferPointer(rebasing: buffer.bytes[..<CommitHeader.identitySize])
        let body = UnsafeRawBufferPointer(
            rebasing: buffer.bytes[CommitHeader.size..<CommitHeader.size + Int(header.metaLength)])
        let opening = ChainValue.unfold(ChainValue.unfold(previous, body), identity)
        header.seal(at: buffer.base, previous: opening, seed: seed)
        piece.header.opening.chainValue = opening
        piece.index = SegmentIndex(header: piece.header)
        let (sections, types): ([DirectoryEntry], [TypeCount]) = ([], [])
        let start = position
        do throws(FormatError) {
            try piece.index.check(header, meta, sections: sections.span, types: types.span)
            try piece.index.add(header, meta, offset: start, sections: sections.span, types: types.span)
        } catch {
            throw .invalidArgument("names: \(error.reason)")
        }
        piece.file.append(Array(buffer.bytes))
        piece.isAsItWas = false
    }

    /// Takes a commit; says why not if it would not make a valid log.
    mutating func take(
        _ found: CommitWalker.Found, damage: String?, _ file: any StorageFile
    ) throws(StoreError) -> String? {
        var found = found
        var stub: [UInt8]?
        if damage != nil {
            stub = try makeStub(&found.header, at: found.offset, file)
            found.types = []
        }
        if found.header.continues, group == nil {
            group = Checkpoint(
                index: piece.index, chain: chain, count: piece.file.size, commits: commits, events: events, epoch: epoch
            )
        }
        do {
            let sections = found.sections
            let types = found.types
            let start = position
            try piece.index.check(found.header, found.meta, sections: sections.span, types: types.span)
            try follow(found)
            try piece.index.add(
                found.header, found.meta, offset: start, sections: sections.span, types: types.span)
        } catch let error as FormatError {
            return error.reason
        } catch let error as StoreError {
            if case .invalidArgument(let why) = error { return why }
            throw error
        } catch {
            return "\(error)"
        }
        append(found, stub)
        return nil
    }

    private mutating func append(_ found: CommitWalker.Found, _ stub: [UInt8]?) {
        if let stub {
            piece.file.append(stub)
            piece.isAsItWas = false
        } else {
            if position != found.offset { piece.isAsItWas = false }
            piece.file.append(piece.source.name.segmentFile, at: found.offset, count: found.header.frameLength)
            events += UInt64(found.header.eventCount)
        }
        commits += 1
        epoch = found.header.epoch
        if found.header.kind == .block {
            for section in found.sections {
                versions[section.model] = section.firstVersion &+ UInt64(section.count) &- 1
            }
        }
        for change in found.meta.rollback?.models ?? [] where versions[change.model] == nil {
            versions[change.model] = change.version
        }
        if group != nil {
            group?.taken.append(DamagedCommit(found, in: piece.source, "its group of commits is not whole"))
        }
        if !found.header.continues { group = nil }
    }

    /// Header and meta of the commit at `offset`, as a stub.
    private func makeStub(
        _ header: inout CommitHeader, at offset: Int, _ file: any StorageFile
    ) throws(StoreError) -> [UInt8] {
        var bytes = try SegmentLoading.read(file, at: offset, count: CommitHeader.size + Int(header.metaLength))
        guard bytes.count == CommitHeader.size + Int(header.metaLength) else { throw .viewExpired }
        var stub = header
        bytes.withUnsafeMutableBytes { buffer in
            if let target = buffer.baseAddress { stub.makeStub(at: target, seed: seed) }
        }
        header = stub
        return bytes
    }

    /// Brings the chain in step; what the rule does not check of a commit alone is checked here ([PRT-5], [SEG-12]).
    private mutating func follow(_ found: CommitWalker.Found) throws {
        let sequence = found.header.sequence
        if let rollback = found.meta.rollback {
            try chain.rollback(
                sequence: sequence, toHeight: rollback.toHeight, undoneBlocks: rollback.undoneBlocks,
                readopted: rollback.readopted, sequenceOf: { $0.bits })
        }
        if let rollback = found.meta.rollback, isBehindLoss, base.tipTimestamp == 0,
            rollback.tipHeight == base.tipHeight,
            base.tipHeight >= 0
        {
            baseTimestamp = rollback.tipTimestamp
        }
        if let block = found.meta.block { try chain.append(height: block.height, Location(bits: sequence)) }
    }

    /// The commits of a group that cannot become whole any more; they are taken out again.
    mutating func dropOpenGroup() -> [DamagedCommit] {
        guard let group else { return [] }
        piece.index = group.index
        piece.file.truncate(to: group.count)
        chain = group.chain
        (commits, events, epoch) = (group.commits, group.events, group.epoch)
        self.group = nil
        return group.taken
    }

    private mutating func finish(isLast: Bool) {
        let frames = piece.file
        var file = SalvagedFile()
        file.append(frames)
        if !isLast {
            if piece.isAsItWas, let base = piece.source.footerBase, base == SegmentHeader.size + file.size,
                piece.source.footer?.summary.closing == piece.index.summary.closing
            {
                file.append(piece.source.name.segmentFile, at: base, count: piece.source.size - base)
            } else {
                file.append(piece.index.encodedFooter())
            }
        }
        finished.append((piece.source.name, piece.header, file))
    }

    /// The part and its files; nil if it has no commit.
    consuming func end() -> (part: SalvagedPart, files: [String: SalvagedFile])? {
        guard commits > 0 else { return nil }
        let closing = closing
        finish(isLast: true)
        // A segment that was begun and has no commit yet says nothing that the one before does not.
        if piece.index.summary.commitCount == 0, finished.count > 1 { finished.removeLast() }
        if let baseTimestamp, finished.count < 2 || finished[1].header.opening.tipHash != base.tipHash {
            finished[0].header.opening.tipTimestamp = baseTimestamp
        }
        var files: [String: SalvagedFile] = [:]
        for (name, header, frames) in finished {
            var file = SalvagedFile()
            file.append(header.encoded())
            file.append(frames)
            files[name.segmentFile] = file
        }
        let note = DurabilityNote(
            storeID: piece.header.storeID, epoch: epoch, sequence: closing.sequence, chainValue: closing.chainValue)
        var bytes = [UInt8](repeating: 0, count: DurabilityNote.size)
        bytes.withUnsafeMutableBytes { buffer in buffer.baseAddress.map { note.encode(to: $0) } }
        var file = SalvagedFile()
        file.append(bytes)
        files[SegmentName.noteFile] = file
        let first = closing.sequence - commits + 1
        let heights = chain.index.tipHeight.map { [low = chain.index.firstHeight] in low...max(low, $0) }
        let part = SalvagedPart(
            sequences: first...closing.sequence, heights: heights, commits: commits, events: events,
            isBehindLoss: isBehindLoss)
        return (part, files)
    }
}

extension DamagedCommit {
    init(_ found: CommitWalker.Found, in segment: DamagedSegment, _ reason: String) {
        self.init(
            sequence: found.header.sequence, height: found.meta.block?.height, events: Int(found.header.eventCount),
            file: segment.name.segmentFile, bytes: found.offset..<found.offset + found.header.frameLength,
            reason: reason)
    }
}
