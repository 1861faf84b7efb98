import AshlarFormat

/// Knows how far the present input was taken, and makes the marks that say so.
struct MarkKeeper {
    private let rule: ForkChoice.Rule
    private var head = InputHead(crc: 0, length: 0)
    private var hasInput = false
    private var firstSequence: UInt64 = 0
    private var previous: IngestMark.Previous?
    /// The last line that was done with.
    private(set) var place: InputPlace?
    /// What the last mark of this input in the log says.
    private var markedPlace: InputPlace?
    /// The first line of this input whose block is kept aside.
    var side: IngestMark.SideStart?
    /// Lines that linked to nothing, with the heights of their blocks.
    private var unlinked: [(line: Int, height: Int64)] = []

    init(rule: ForkChoice.Rule) { self.rule = rule }

    /// Turns to another input, at its beginning or where it was left.
    mutating func begin(
        _ head: InputHead, firstSequence: UInt64 = 0, unlinked lines: [Int] = [], markedPlace: InputPlace? = nil,
        previous: IngestMark.Previous?
    ) {
        self.head = head
        hasInput = true
        self.firstSequence = firstSequence
        place = nil
        self.markedPlace = markedPlace
        self.previous = previous
        side = nil
        unlinked = lines.map { ($0, .max) }
    }

    /// Where the input with this mark was left: farther than the mark says, if this is it and its last lines made no commit.
    func end(of mark: IngestMark) -> Int64 {
        guard hasInput, mark.head == head, let place else { return mark.place.end }
        return max(place.end, mark.place.end)
    }

    /// The mark of the commit that is the last (or only) one of a line.
    mutating func mark(completing place: InputPlace, nextSequence: UInt64) -> [UInt8] {
        mark(at: place, nextSequence: nextSequence)
    }

    /// The mark of a commit behind which the line has to be taken again: it is at the end of the line before.
    mutating func mark(before place: InputPlace, nextSequence: UInt64) -> [UInt8]? {
        self.place.map { mark(at: $0, nextSequence: nextSequence) }
    }

    private mutating func mark(at place: InputPlace, nextSequence: UInt64) -> [UInt8] {
        if firstSequence == 0 { firstSequence = nextSequence }
        return IngestMark(
            head: head, rule: rule, firstSequence: firstSequence, place: place, side: side,
            unlinked: side == nil ? [] : unlinked.map(\.line), previous: previous
        ).encoded
    }

    /// A mark for what was done with behind the last one, if there is something and the log should know.
    ///
    /// Under `newest` a line that is a duplicate now could make the chain switch later, when other inputs have undone its block. An input that
    /// gave nothing at all needs no mark.
    mutating func closingMark(nextSequence: UInt64) -> [UInt8]? {
        guard rule == .newest, let place, let markedPlace, place != markedPlace else { return nil }
        return mark(at: place, nextSequence: nextSequence)
    }

    /// Notes that a line is done with.
    mutating func finish(_ place: InputPlace, madeCommit: Bool = false) {
        self.place = place
        if madeCommit { markedPlace = place }
    }

    /// Notes that a line linked to nothing; where sides are found again it must not be taken for one.
    mutating func passOver(line: Int, height: Int64) {
        guard rule == .longest else { return }
        unlinked.append((line, height))
        if unlinked.count > IngestMark.maximumUnlinked { unlinked.removeFirst() }
    }

    /// Forgets unlinked lines that can never link any more.
    mutating func drop(atOrBelow height: Int64) { unlinked.removeAll { $0.height <= height } }
}

extension InputPlace {
    /// The place behind a line.
    package init(_ line: InputTextLine) {
        self.init(line: line.number, start: line.startOffset, end: line.endOffset, crc: Checksum.crc(line.bytes))
    }
}

extension InputHead {
    /// The head of an input whose first line this is.
    package init(_ line: InputTextLine) {
        self.init(crc: Checksum.crc(line.bytes), length: line.bytes.byteCount)
    }
}
