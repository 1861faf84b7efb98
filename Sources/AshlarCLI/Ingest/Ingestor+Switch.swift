import Ashlar
import AshlarFormat

extension Ingestor {
    /// Makes the blocks of a path canonical, above the canonical block at a height (-1: instead of all).
    ///
    /// One commit where the path is the line's block alone, else one atomic branch: undone blocks by reference, the others with their events.
    mutating func switchTo(
        _ path: [PathBlock], above ancestor: Int64, _ block: BlockLine, _ line: InputTextLine, _ place: InputPlace
    ) throws(LineFailure) {
        if path.count == 1, path[0].source == .line, ancestor >= 0 {
            return try append(block, line, place)
        }
        let branch = try makeBranch(path, block, line)
        let mark = marks.mark(completing: place, nextSequence: nextSequence)
        do throws(StoreError) {
            let outcome = try writer.adopt(branch: branch, mark: mark)
            count(outcome, branch, tip: block.height, line.number)
        } catch {
            switch error {
            case .notAdoptable: try appendAnew(branch, above: ancestor, place)
            case .unlinked where ancestor < 0: try appendAnew(branch, above: ancestor, place)
            default: throw .store(error)
            }
        }
        removeSides(path.lazy.filter { $0.source == .aside }.map(\.hash))
    }

    private mutating func count(_ outcome: RollbackOutcome, _ branch: [BranchBlock], tip: Int64, _ line: Int) {
        summary.counts.countRollback(undone: outcome.undone)
        summary.readopted += outcome.readopted
        summary.blocks += outcome.appended
        guard outcome.appended > 0 else { return acknowledge(outcome.sequence, tip, line) }
        var sequence = outcome.sequence - UInt64(outcome.appended - 1)
        for case .new(let block, let events) in branch {
            summary.events += events.count
            acknowledge(sequence, block.height, line)
            sequence += 1
        }
    }

    /// The branch of a path: undone blocks by their sequence, those kept aside and the line's own with their events.
    private mutating func makeBranch(
        _ path: [PathBlock], _ block: BlockLine, _ line: InputTextLine
    ) throws(LineFailure) -> [BranchBlock] {
        var branch: [BranchBlock] = []
        for element in path {
            switch element.source {
            case .undone:
                let found = try undoneBlock(element.hash)
                if element.hash == block.hash { try compare(block, line, with: found) }
                branch.append(.known(sequence: found.sequence))
            case .aside: branch.append(try makeSide(element))
            case .line:
                branch.append(.new(try makeBlock(block, line, parser, mark: nil), parser.copyEvents(line.bytes)))
            }
        }
        return branch
    }

    /// Parses the line of a block that was kept aside; with a parser of its own, because the line's is still needed.
    private func makeSide(_ element: PathBlock) throws(LineFailure) -> BranchBlock {
        guard let kept = side[element.hash] else {
            throw .store(.invalidArgument("internal inconsistency: block \(element.height) is not kept aside"))
        }
        var parser = LineParser(notation: store.hashNotation, limits: settings.limits)
        let bytes = kept.line.span.bytes
        do throws(InputError) {
            guard case .block(let block) = try parser.parse(bytes, lineNumber: kept.lineNumber),
                let hash = BlockHash(block.hash), let parent = BlockHash(block.parent)
            else { throw InputError.unknownLine(InputPosition(line: kept.lineNumber, column: 1)) }
            let stored = Block(
                height: block.height, hash: hash, parent: parent, timestamp: Timestamp(microseconds: block.timestamp),
                requestID: parser.copy(block.requestId, bytes))
            return .new(stored, parser.copyEvents(bytes))
        } catch {
            throw .input(error)
        }
    }

    /// The newest commit of a block that was undone.
    func undoneBlock(_ hash: [UInt8]) throws(LineFailure) -> StoredBlock {
        let found = try ofLine { () throws(StoreError) -> StoredBlock? in
            guard let hash = BlockHash(hash) else { return nil }
            return try store.blocks(hash: hash).first
        }
        if let found { return found }
        throw .store(.invalidArgument("internal inconsistency: an undone block is not in the log"))
    }

    /// Takes a branch in several commits, where the engine cannot take it by reference or above nothing.
    ///
    /// Until the last one the marks stand before the line, so that a run that ends between them takes the line again.
    private mutating func appendAnew(
        _ branch: [BranchBlock], above ancestor: Int64, _ place: InputPlace
    ) throws(LineFailure) {
        var undone = 0
        do throws(StoreError) {
            let mark = marks.mark(before: place, nextSequence: nextSequence)
            let outcome = try writer.rollback(toHeight: ancestor, mark: mark)
            undone = outcome.undone
            if undone > 0 { acknowledge(outcome.sequence, ancestor >= 0 ? ancestor : nil, place.line) }
            for (index, element) in branch.enumerated() {
                var (block, events) = try Self.content(of: element, store)
                let isLast = index == branch.count - 1
                block.mark =
                    isLast
                    ? marks.mark(completing: place, nextSequence: nextSequence)
                    : marks.mark(before: place, nextSequence: nextSequence)
                let outcome = try writer.append(block, events: events)
                summary.blocks += 1
                summary.events += events.count
                acknowledge(outcome.sequence, block.height, place.line)
            }
        } catch {
            throw .store(error)
        }
        summary.counts.countRollback(undone: undone)
    }

    private static func content(
        of element: BranchBlock, _ store: Store
    ) throws(StoreError) -> (block: Block, events: [Event]) {
        switch element {
        case .new(let block, let events): return (block, events)
        case .known(let sequence):
            let stored = try storedBlock(sequence, store)
            return (stored.block, try events(of: stored, store))
        }
    }

    private static func storedBlock(_ sequence: UInt64, _ store: Store) throws(StoreError) -> StoredBlock {
        for result in store.commits(sequence...sequence) {
            if case .block(let block, _) = try result.get().content { return block }
        }
        throw .invalidArgument("internal inconsistency: commit \(sequence) is no block")
    }
}
