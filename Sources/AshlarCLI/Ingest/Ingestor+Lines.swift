import Ashlar
import AshlarFormat

extension Ingestor {
    /// Appends a block on a canonical one, in one commit.
    mutating func append(_ block: BlockLine, _ line: InputTextLine, _ place: InputPlace) throws(LineFailure) {
        let stored = try makeBlock(block, line, parser, mark: marks.mark(completing: place, nextSequence: nextSequence))
        let outcome = try append(stored, line.bytes)
        if case .forked(_, let undone) = outcome { summary.counts.countRollback(undone: undone) }
        summary.blocks += 1
        summary.events += parser.events.count
        acknowledge(outcome.sequence, block.height, line.number)
    }

    /// Appends a block with the events of the line that was parsed last.
    private mutating func append(_ block: Block, _ bytes: RawSpan) throws(LineFailure) -> AppendOutcome {
        try Self.append(block, bytes, parser, &names, &writer)
    }

    /// Without `self`, because the closure and the writer are used at the same time.
    private static func append(
        _ block: Block, _ bytes: RawSpan, _ parser: borrowing LineParser, _ names: inout EventNames,
        _ writer: inout Writer
    ) throws(LineFailure) -> AppendOutcome {
        do throws(StoreError) {
            try names.resolve(parser, bytes, writer)
            return try writer.append(block) { (batch) throws(StoreError) in try names.fill(&batch, parser, bytes) }
        } catch {
            throw .store(error)
        }
    }

    /// The sequence that the next commit has.
    var nextSequence: UInt64 { writer.sequence + 1 }

    /// The block of a line as the store takes it.
    func makeBlock(
        _ block: BlockLine, _ line: InputTextLine, _ parser: borrowing LineParser, mark: [UInt8]?
    ) throws(LineFailure) -> Block {
        guard let hash = BlockHash(block.hash), let parent = BlockHash(block.parent) else {
            throw .store(.invalidArgument("a hash must have 1–64 bytes"))
        }
        return Block(
            height: block.height, hash: hash, parent: parent, timestamp: Timestamp(microseconds: block.timestamp),
            requestID: parser.copy(block.requestId, line.bytes), mark: mark)
    }

    /// A block that is known: nothing changes, if it is the same. The store compares one that is canonical.
    mutating func takeDuplicate(_ block: BlockLine, _ line: InputTextLine) throws(LineFailure) {
        switch choice.standing(of: block.hash) {
        case .canonical:
            _ = try append(try makeBlock(block, line, parser, mark: nil), line.bytes)
        case .undone:
            let found = try undoneBlock(block.hash)
            try compare(block, line, with: found)
        case .aside, nil: break
        }
        summary.duplicates += 1
        acknowledge(line.number, unchanged: .duplicate)
    }

    /// A block that cannot be taken: the log may have it all the same, from the time before it became final.
    mutating func passOver(_ block: BlockLine, _ line: InputTextLine, _ action: ForkAction) throws(LineFailure) {
        if action == .belowFinal, let hash = BlockHash(block.hash) {
            let found = try ofLine { () throws(StoreError) in try store.blocks(hash: hash) }
            if let newest = found.first {
                try compare(block, line, with: newest)
                summary.duplicates += 1
                return acknowledge(line.number, unchanged: .duplicate)
            }
        }
        if settings.onUnlinked == .fail { throw .unlinked(detail(of: block, action)) }
        summary.unlinked += 1
        marks.passOver(line: line.number, height: block.height)
        acknowledge(line.number, unchanged: .unlinked)
    }

    private func detail(of block: BlockLine, _ action: ForkAction) -> String {
        func text(_ hash: [UInt8]) -> String { HashText.encode(hash, as: store.hashNotation) }
        if action == .belowFinal {
            return "block \(block.height) \(text(block.hash)) would change the chain at or below "
                + "the final height \(floor)"
        }
        let tip = choice.tip.map { "the tip is \($0.height) \(text($0.hash))" } ?? "there is no tip"
        return "block \(block.height) has a parent that is not known here, \(text(block.parent)); \(tip)"
    }

    /// Appends a batch of events of no block.
    mutating func take(
        _ floating: FloatingLine, _ line: InputTextLine, _ place: InputPlace
    ) throws(LineFailure) {
        let mark = marks.mark(completing: place, nextSequence: nextSequence)
        let outcome = try Self.append(floating, line.bytes, parser, &names, &writer, mark)
        switch outcome {
        case .appended(let sequence):
            summary.floating += 1
            summary.floatingEvents += parser.events.count
            acknowledge(sequence, choice.tip?.height, line.number)
        case .repeated:
            summary.duplicates += 1
            acknowledge(line.number, unchanged: .duplicate)
        }
    }

    private static func append(
        _ floating: FloatingLine, _ bytes: RawSpan, _ parser: borrowing LineParser, _ names: inout EventNames,
        _ writer: inout Writer, _ mark: [UInt8]
    ) throws(LineFailure) -> FloatingOutcome {
        do throws(StoreError) {
            try names.resolve(parser, bytes, writer)
            return try writer.appendFloating(
                key: parser.copy(floating.key, bytes),
                timestamp: floating.timestamp.map(Timestamp.init(microseconds:)),
                requestID: parser.copy(floating.requestId, bytes), mark: mark
            ) { (batch) throws(StoreError) in try names.fill(&batch, parser, bytes) }
        } catch {
            throw .store(error)
        }
    }

    /// Undoes the blocks above a height because a line says so.
    mutating func rollBack(toHeight height: Int64, _ place: InputPlace) throws(LineFailure) {
        let mark = marks.mark(completing: place, nextSequence: nextSequence)
        let before = writer.sequence
        let outcome: RollbackOutcome
        do throws(StoreError) { outcome = try writer.rollback(toHeight: height, mark: mark) } catch {
            throw .store(error)
        }
        do throws(InputError) { try choice.rollBack(toHeight: height, line: place.line) } catch { throw .input(error) }
        summary.counts.countRollback(undone: outcome.undone)
        if outcome.sequence == before {
            acknowledge(place.line, unchanged: .duplicate)
        } else {
            acknowledge(outcome.sequence, choice.tip?.height, place.line)
        }
    }

    /// Promises an acknowledgement of a commit.
    func acknowledge(_ sequence: UInt64, _ height: Int64?, _ line: Int) {
        acks?.add(Acknowledgement(sequence: sequence, height: height, line: line))
    }

    /// Promises an answer to a line that made no commit.
    func acknowledge(_ line: Int, unchanged: Acknowledgement.Unchanged) {
        guard let acks else { return }
        acks.add(
            Acknowledgement(sequence: writer.sequence, height: choice.tip?.height, line: line, unchanged: unchanged))
    }
}
