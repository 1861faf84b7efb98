import Ashlar
import AshlarFormat

extension Ingestor {
    /// Turns to an input whose first line `reader` stands at, and goes to where it was left, if it was taken before.
    ///
    /// What `taken` then gives is asked about each line until it says that lines are new. False if the caller asked to stop.
    mutating func begin(
        _ path: String, _ index: Int, _ reader: inout LineReader, shouldStop: @escaping @Sendable () -> Bool
    ) throws(IngestFailure) -> BeginOutcome {
        inputName = reader.path
        inputIndex = index
        let head = InputHead(reader.line)
        let (found, last) = try ofStore { () throws(StoreError) in (try store.taken(head), try store.lastIngestMark()) }
        guard let found, !settings.startsOver else {
            let previous = last.map { IngestMark.Previous(sequence: $0.sequence, end: marks.end(of: $0.mark)) }
            marks.begin(head, previous: previous)
            return .atFirstLine(nil)
        }
        beginAgain(head, found, last)
        guard reader.isReopenable else { return .atFirstLine(TakenLines(found, in: store)) }
        switch try resume(path, found, &reader, shouldStop) {
        case .confirmed:
            marks.finish(found.mark.place)
            noteResumption(line: reader.lineNumber, offset: reader.offset)
            return .behindTaken
        case .differs:
            reader = try open(path, shouldStop)
            guard try advance(&reader) else { return reader.wasStopped ? .stopped : .behindTaken }
            return .atFirstLine(TakenLines(found, in: store))
        case .stopped: return .stopped
        }
    }

    /// What turning to an input came to.
    enum BeginOutcome {
        /// The reader stands at the first line, which nobody has looked at.
        case atFirstLine(TakenLines?)
        /// The reader stands behind the last line that was done with before.
        case behindTaken
        /// The caller asked to stop.
        case stopped
    }

    private enum ResumeOutcome {
        case confirmed
        case differs
        case stopped
    }

    /// Goes on with the list of inputs: an input that was left for others comes behind them.
    private mutating func beginAgain(
        _ head: InputHead, _ found: TakenInput, _ last: (mark: IngestMark, sequence: UInt64)?
    ) {
        var previous = found.mark.previous
        if let last, last.sequence != found.sequence {
            previous = IngestMark.Previous(sequence: last.sequence, end: marks.end(of: last.mark))
        }
        if found.mark.rule != settings.rule {
            notes.append(
                "\(inputName) was taken with --fork-choice \(found.mark.rule.rawValue) before; this goes on with "
                    + settings.rule.rawValue)
        }
        marks.begin(
            head, firstSequence: found.mark.firstSequence, unlinked: found.mark.unlinked,
            markedPlace: found.mark.place, previous: previous)
    }

    /// Goes to the last line that was done with, and makes sure that it is still the same; finds blocks that were kept aside.
    private mutating func resume(
        _ path: String, _ found: TakenInput, _ reader: inout LineReader, _ shouldStop: @escaping @Sendable () -> Bool
    ) throws(IngestFailure) -> ResumeOutcome {
        let place = found.mark.place
        do throws(InputError) {
            reader = try LineReader(path: path, shouldStop: shouldStop)
            guard try reader.skip(toOffset: place.start, linesBefore: place.line - 1), try reader.advance() else {
                return reader.wasStopped ? .stopped : .differs
            }
            let line = InputPlace(reader.line)
            guard line.crc == place.crc, line.start == place.start else { return .differs }
        } catch {
            if case .shorterThanResumePoint = error { return .differs }
            throw .input(name: inputName, error)
        }
        guard try recallSides(path, found, shouldStop) else { return .stopped }
        while reader.offset < found.end {
            guard try advance(&reader) else { return reader.wasStopped ? .stopped : .confirmed }
            try recall(reader.line, found.mark, isCertain: true, asOf: 0)
        }
        return .confirmed
    }

    /// Finds again the blocks that were kept aside before the last line with a commit; false if the caller asked to stop.
    private mutating func recallSides(
        _ path: String, _ found: TakenInput, _ shouldStop: @escaping @Sendable () -> Bool
    ) throws(IngestFailure) -> Bool {
        guard settings.rule == .longest, let start = found.mark.side else { return true }
        var reader = try open(path, shouldStop)
        do throws(InputError) {
            guard try reader.skip(toOffset: start.offset, linesBefore: start.line - 1) else { return false }
        } catch {
            throw .input(name: inputName, error)
        }
        while reader.offset < found.mark.place.start {
            guard try advance(&reader) else { return !reader.wasStopped }
            try recall(reader.line, found.mark, isCertain: true, asOf: 0)
        }
        return true
    }

    private func open(
        _ path: String, _ shouldStop: @escaping @Sendable () -> Bool
    ) throws(IngestFailure) -> LineReader {
        try ofInput(inputName) { () throws(InputError) in try LineReader(path: path, shouldStop: shouldStop) }
    }

    private func advance(_ reader: inout LineReader) throws(IngestFailure) -> Bool {
        do throws(InputError) { return try reader.advance() } catch { throw .input(name: inputName, error) }
    }

    private mutating func noteResumption(line: Int, offset: Int64) {
        summary.resumedAt = IngestSummary.ResumePoint(input: inputName, line: line, offset: offset)
    }
}

extension Ingestor {
    /// Passes over a line that was done with before, if it was; false if it has to be taken.
    mutating func passOver(_ line: InputTextLine, _ taken: inout TakenLines?) throws(IngestFailure) -> Bool {
        let place = InputPlace(line)
        let verdict: TakenLines.Verdict?
        do throws(StoreError) { verdict = try taken?.judge(place) } catch { throw .store(error) }
        switch verdict {
        case .taken(let sequence, let height):
            acks?.add(Acknowledgement(sequence: sequence, height: height, line: line.number, unchanged: .duplicate))
        case .noCommit(let sequence):
            guard let mark = taken?.input.mark, try recall(line, mark, isCertain: false, asOf: sequence) else {
                return false
            }
            acknowledge(line.number, unchanged: .duplicate)
        case .differs, .new, nil: return false
        }
        marks.finish(place)
        noteResumption(line: line.number, offset: line.endOffset)
        return true
    }

    /// Recalls a line that was done with before and made no commit: its block may have been kept aside.
    ///
    /// False if it says something that would have made a commit, and it is not certain that it is the line that was done with.
    @discardableResult
    private mutating func recall(
        _ line: InputTextLine, _ mark: IngestMark, isCertain: Bool, asOf sequence: UInt64
    ) throws(IngestFailure) -> Bool {
        let parsed: InputLine
        do throws(InputError) { parsed = try parser.parse(line.bytes, lineNumber: line.number) } catch {
            return isCertain
        }
        switch parsed {
        case .block(let block): return try recall(block.header, line, mark, asOf: sequence) || isCertain
        case .floating(let floating): return floating.key != nil || isCertain
        case .rollback: return true
        }
    }

    private mutating func recall(
        _ header: BlockHeader, _ line: InputTextLine, _ mark: IngestMark, asOf sequence: UInt64
    ) throws(IngestFailure) -> Bool {
        if choice.standing(of: header.hash) != nil || header.height <= floor { return true }
        // It linked to nothing then, or stood on a block aside that can never be taken up now.
        if choice.standing(of: header.parent) == nil || mark.unlinked.contains(line.number) { return true }
        // Under `newest` a linked block makes a commit; what it stands on now may have come later.
        guard settings.rule == .longest else { return try !wasKnown(header.parent, asOf: sequence) }
        do throws(InputError) { try side.keep(line, of: header, input: inputIndex) } catch {
            throw .input(name: inputName, error)
        }
        choice.know(header, as: .aside)
        if marks.side == nil { marks.side = IngestMark.SideStart(line: line.number, offset: line.startOffset) }
        return true
    }

    /// Whether the log had a block as of a commit.
    private func wasKnown(_ hash: [UInt8], asOf sequence: UInt64) throws(IngestFailure) -> Bool {
        guard let hash = BlockHash(hash) else { return false }
        let found: [StoredBlock]
        do throws(StoreError) { found = try store.blocks(hash: hash) } catch { throw .store(error) }
        return found.last.map { $0.sequence <= sequence } ?? false
    }
}
