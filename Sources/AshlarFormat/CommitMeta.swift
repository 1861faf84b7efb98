/// The decoded meta of a commit: everything but its records.
///
/// The directory stays where it is in the frame (`directory(at:in:)`), so that decoding a plain block allocates nothing.
package struct CommitMeta: Equatable, Sendable {
    package var block: BlockPart?
    package var rollback: RollbackPart?
    package var names: [NameDefinition] = []
    package var floating: FloatingPart?
    package var control: ControlPart?
    package var requestID: [UInt8]?
    package var mark: [UInt8]?
    package var eventTimes: EventTimes?
    /// Where the directory's entries start, from the start of the frame; 0 if there are none.
    package var directoryOffset = 0

    package init() {}

    /// The time of its block or of its floating batch, in microseconds.
    package var commonTimestamp: Int64? { block?.timestamp ?? floating?.timestamp }

    /// Decodes the meta that stands behind `header` in `frame`, whose CRC the caller has checked ([PRT-1] to [PRT-3]).
    package init(decoding frame: borrowing RawSpan, header: CommitHeader) throws(FormatError) {
        var offset = CommitHeader.size
        let end = offset + Int(header.metaLength)
        var previous: UInt16 = 0
        while offset < end {
            try require(end - offset >= 8, "meta: a part is cut off")
            let type = frame.u16(offset)
            let length = Int(frame.u32(offset + 4))
            try require(type > previous, "meta: parts are out of order")
            try require(frame.u16(offset + 2) == 0, "meta: reserved bytes are not zero")
            try require(length <= end - offset - 8, "meta: a part is cut off")
            let body = offset + 8..<offset + 8 + length
            offset = body.lowerBound + paddedTo8(length)
            try require(offset <= end && frame.isZero(body.upperBound..<offset), "meta: padding is not zero")
            try decode(type, frame, body, header)
            previous = type
        }
        try checkParts(header)
    }

    private mutating func decode(
        _ type: UInt16, _ frame: borrowing RawSpan, _ body: Range<Int>, _ header: CommitHeader
    ) throws(FormatError) {
        guard let part = MetaPart(rawValue: type) else {
            if type & MetaPart.critical != 0 { throw .unsupported("meta part of unknown type \(type)") }
            return
        }
        switch part {
        case .block: block = try BlockPart(decoding: frame, body)
        case .rollback: rollback = try RollbackPart(decoding: frame, body)
        case .names: names = try NameDefinition.decodeAll(frame, body)
        case .floating: floating = try FloatingPart(decoding: frame, body)
        case .control: control = try ControlPart(decoding: frame, body)
        case .requestID:
            try require((1...Limits.requestIDBytes).contains(body.count), "request id: impossible length")
            requestID = frame.bytes(body)
        case .mark:
            try require((1...Limits.markBytes).contains(body.count), "mark: impossible length")
            mark = frame.bytes(body)
        case .eventTimes:
            try require(body.count == 16, "event times: impossible length")
            let times = EventTimes(
                earliest: frame.i64(body.lowerBound), latest: frame.i64(body.lowerBound + 8))
            try require(times.earliest <= times.latest, "event times: earliest is after latest")
            eventTimes = times
        case .directory:
            try require(
                header.sectionCount > 0 && body.count == DirectoryEntry.size * Int(header.sectionCount),
                "directory: its length is not that of its sections")
            directoryOffset = body.lowerBound
        }
    }

    /// Which parts go with which kind: the table "Which parts a commit has".
    private func checkParts(_ header: CommitHeader) throws(FormatError) {
        let isBlock = header.kind == .block
        let isFloating = header.kind == .floating
        try require((block != nil) == isBlock, "meta: block part and kind disagree")
        try require((floating != nil) == isFloating, "meta: floating part and kind disagree")
        try require((control != nil) == (header.kind == .control), "meta: control part and kind disagree")
        try require(
            rollback == nil ? header.kind != .rollback : (isBlock || header.kind == .rollback),
            "meta: rollback part and kind disagree")
        try require((directoryOffset != 0) == (header.sectionCount > 0), "meta: directory and sections disagree")
        try require(header.sectionCount == 0 || isBlock || isFloating, "meta: events in a commit that has none")
        try require(eventTimes == nil || header.sectionCount > 0, "meta: event times without events")
        try require(requestID == nil || header.kind != .control, "meta: request id in a control commit")
        let height = block?.height ?? (header.kind == .rollback ? rollback?.tipHeight ?? -1 : -1)
        try require(header.height == height, "meta: its height is not that of the header")
    }

    /// Entry `index` of the directory.
    @inline(__always)
    package func directory(at index: Int, in frame: borrowing RawSpan) -> DirectoryEntry {
        DirectoryEntry(decoding: frame, at: directoryOffset + DirectoryEntry.size * index)
    }
}

extension BlockPart {
    init(decoding frame: borrowing RawSpan, _ body: Range<Int>) throws(FormatError) {
        try require(body.count >= 24, "block part: cut off")
        let start = body.lowerBound
        height = frame.i64(start)
        timestamp = frame.i64(start + 8)
        let hashLength = Int(frame.u8(start + 16))
        let parentLength = Int(frame.u8(start + 17))
        try require(
            (1...Limits.hashBytes).contains(hashLength) && (1...Limits.hashBytes).contains(parentLength),
            "block part: impossible hash length")
        try require(frame.isZero(start + 18..<start + 24), "block part: reserved bytes are not zero")
        try require(body.count == 24 + hashLength + parentLength, "block part: wrong length")
        try require((0...Limits.height).contains(height), "block part: impossible height")
        hash = BlockHash(decoding: frame, at: start + 24, count: hashLength)
        parent = BlockHash(decoding: frame, at: start + 24 + hashLength, count: parentLength)
    }
}

extension RollbackPart {
    init(decoding frame: borrowing RawSpan, _ body: Range<Int>) throws(FormatError) {
        try require(body.count >= 56, "rollback part: cut off")
        let start = body.lowerBound
        self.init(toHeight: frame.i64(start))
        undoneBlocks = frame.u32(start + 8)
        let readoptedCount = Int(frame.u32(start + 12))
        undoneEvents = frame.u64(start + 16)
        readoptedEvents = frame.u64(start + 24)
        tipHeight = frame.i64(start + 32)
        tipTimestamp = frame.i64(start + 40)
        let modelCount = Int(frame.u32(start + 48))
        let hashLength = Int(frame.u8(start + 52))
        try require(hashLength <= Limits.hashBytes, "rollback part: impossible hash length")
        try require(frame.isZero(start + 53..<start + 56), "rollback part: reserved bytes are not zero")
        let listStart = start + 56 + paddedTo8(hashLength)
        try require(
            body.count == 56 + paddedTo8(hashLength) + 16 * (readoptedCount + modelCount), "rollback part: wrong length"
        )
        try require(frame.isZero(start + 56 + hashLength..<listStart), "rollback part: padding is not zero")
        try require(
            toHeight >= -1 && (-1...Limits.height).contains(tipHeight) && (tipHeight == -1) == (hashLength == 0),
            "rollback part: height and hash of the tip disagree")
        tipHash = BlockHash(decoding: frame, at: start + 56, count: hashLength)
        try decodeLists(frame, listStart, readoptedCount, modelCount)
    }

    private mutating func decodeLists(
        _ frame: borrowing RawSpan, _ start: Int, _ readoptedCount: Int, _ modelCount: Int
    ) throws(FormatError) {
        var height = toHeight
        for index in 0..<readoptedCount {
            let entry = Readopted(sequence: frame.u64(start + 16 * index), height: frame.i64(start + 16 * index + 8))
            try require(entry.height > height, "rollback part: blocks taken up again are out of order")
            height = entry.height
            readopted.append(entry)
        }
        var previous: UInt32 = 0
        for index in 0..<modelCount {
            let offset = start + 16 * (readoptedCount + index)
            let entry = ModelVersion(model: frame.u32(offset), version: frame.u64(offset + 8))
            try require(entry.model > previous && frame.u32(offset + 4) == 0, "rollback part: models are out of order")
            previous = entry.model
            models.append(entry)
        }
        try require(
            tipHeight == readopted.last?.height ?? tipHeight, "rollback part: the tip is not the last block taken up")
        try require(
            !readopted.isEmpty || tipHeight <= toHeight, "rollback part: the tip is above the height rolled back to")
    }
}

extension NameDefinition {
    static func decodeAll(_ frame: borrowing RawSpan, _ body: Range<Int>) throws(FormatError) -> [NameDefinition] {
        try require(body.count >= 8 && frame.u32(body.lowerBound + 4) == 0, "names part: cut off")
        let count = Int(frame.u32(body.lowerBound))
        var definitions: [NameDefinition] = []
        var offset = body.lowerBound + 8
        for _ in 0..<count {
            try require(body.upperBound - offset >= 16, "names part: cut off")
            let length = Int(frame.u8(offset + 5))
            let end = offset + 16 + paddedTo8(length)
            try require(length > 0 && end <= body.upperBound, "names part: cut off")
            guard let kind = NameKind(rawValue: frame.u8(offset + 4)) else {
                throw .damaged("names part: neither model nor type")
            }
            let id = frame.u32(offset)
            try require(id > 0 && (kind == .model || id <= Limits.typeID), "names part: impossible id")
            try require(
                frame.u16(offset + 6) == 0 && frame.isZero(offset + 16 + length..<end),
                "names part: reserved bytes are not zero")
            let name = frame.bytes(offset + 16..<offset + 16 + length)
            try require(NameDefinition.isValid(name), "names part: a name is not UTF-8, or contains a zero byte")
            definitions.append(NameDefinition(kind: kind, id: id, version: frame.u64(offset + 8), name: name))
            offset = end
        }
        try require(offset == body.upperBound, "names part: wrong length")
        return definitions
    }

    /// Whether these bytes may be a name: 1–255 bytes of UTF-8 without a zero.
    package static func isValid(_ name: [UInt8]) -> Bool {
        (1...Limits.nameBytes).contains(name.count) && !name.contains(0)
            && String(validating: name, as: UTF8.self) != nil
    }
}

extension FloatingPart {
    init(decoding frame: borrowing RawSpan, _ body: Range<Int>) throws(FormatError) {
        let start = body.lowerBound
        try require(body.count >= 16 && frame.isZero(start + 9..<start + 16), "floating part: cut off")
        timestamp = frame.i64(start)
        try require(body.count == 16 + Int(frame.u8(start + 8)), "floating part: wrong length")
        key = frame.bytes(start + 16..<body.upperBound)
    }
}

extension ControlPart {
    init(decoding frame: borrowing RawSpan, _ body: Range<Int>) throws(FormatError) {
        try require(body.count >= 8 && frame.u32(body.lowerBound + 4) == 0, "control part: cut off")
        type = frame.u32(body.lowerBound)
        if type & Self.critical != 0 { throw .unsupported("control commit of unknown type \(type)") }
        try require(type != Self.registry || body.count == 8, "control part: wrong length")
        guard type == Self.prune else { return }
        try require(body.count == 8 + PrunedPart.size, "control part: wrong length")
        let part = PrunedPart(
            belowHeight: frame.i64(body.lowerBound + 8), firstSequence: frame.u64(body.lowerBound + 16))
        try require(
            part.belowHeight >= 0 && part.firstSequence > 1, "control part: a prune that removes nothing")
        pruned = part
    }
}
