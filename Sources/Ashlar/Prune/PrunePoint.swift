import AshlarFormat

/// The end of a sealed segment up to which the log could be pruned.
struct PrunePoint: Sendable {
    /// How many segments would go.
    var segments: Int
    var bytes: Int
    /// What the log adds up to there.
    var closing: ChainState
    /// Models with events in blocks of these segments.
    var models: Set<String>
}

extension LogState {
    /// The points below `height` up to which the log could be pruned as far as it alone is concerned, highest first.
    ///
    /// Everything there is durable and final, and nothing behind refers back: no later rollback undoes one of these blocks, and none of them was taken
    /// up again later. So the chain as of any later sequence stands on the same pruned blocks. Complexity: O(segments × undone blocks).
    func prunePoints(belowHeight height: Int64) -> [PrunePoint] {
        let limit = min(height, state.finalHeight + 1)
        var points: [PrunePoint] = []
        var (bytes, models): (Int, Set<UInt32>) = (0, [])
        for (index, segment) in sealed.enumerated() {
            bytes += Int(segment.summary.endOffset) + segment.summary.footerLength
            models.formUnion(segment.models.filter { $0.events > 0 }.map(\.id))
            let closing = segment.summary.closing
            guard closing.sequence <= durable.sequence, closing.tipHeight >= 0, closing.tipHeight < limit,
                isCleanCut(closing)
            else { continue }
            let names = models.compactMap { id in registry.modelIndex(id: id).map { registry.models[$0].name } }
            points.append(
                PrunePoint(segments: index + 1, bytes: bytes, closing: closing, models: Set(names)))
        }
        return points.reversed()
    }

    /// Whether nothing behind this point refers to a block before it.
    private func isCleanCut(_ closing: ChainState) -> Bool {
        for rollback in chain.history.rollbacks {
            for block in chain.history.undone[rollback.undone] where block.sequence <= closing.sequence {
                if rollback.sequence > closing.sequence { return false }
                if block.height > closing.tipHeight, isCanonical(height: block.height, block.location) { return false }
            }
        }
        return true
    }

    /// Moves the beginning of the log behind `sequence`, which is the end of a sealed segment: what stands before cannot be read from now on.
    mutating func rebase(to sequence: UInt64) throws(StoreError) {
        guard sequence > base.sequence else { return }
        guard let position = sealed.firstIndex(where: { $0.lastSequence == sequence }) else {
            throw .corrupt(
                Corruption(
                    file: (active?.name ?? SegmentName(number: (sealed.last?.name.number ?? 0) + 1)).segmentFile,
                    offset: 240, heights: nil,
                    reason: "segment header: the log was pruned up to sequence \(sequence), in the midst of a segment"))
        }
        let last = sealed[position]
        base = last.summary.closing
        sealed.removeFirst(position + 1)
        openFiles.removeAll { $0.number <= last.name.number }
        chain.rebase(toHeight: base.tipHeight, sequence: base.sequence)
        keyRing?.remove(upTo: base.sequence)
    }
}
