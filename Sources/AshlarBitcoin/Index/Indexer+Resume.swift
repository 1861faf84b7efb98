import Ashlar

extension Indexer {
    /// How many blocks below the final height are known again, so that what stands in the files around the tip is recognised.
    private static let window: Int64 = 8_192

    /// Learns from the store which blocks it has, and where in the files the last run stood.
    mutating func resume(genesis: Hash256) throws(IndexFailure) {
        let store = writer.store
        guard store.hashNotation == .hex else {
            throw .input(.foreignStore("it writes hashes as \(store.hashNotation)"))
        }
        let (view, mark) = try withStore { () throws(StoreError) in (try store.view(), try store.lastMark()?.mark) }
        guard let tipHeight = view.tipHeight else { return }
        let first = try withStore { () throws(StoreError) in try view.block(height: 0) }
        if let first, Hash256(stored: first.block.hash) != genesis {
            throw .input(
                .foreignStore("its first block \(first.block.hash) is not that of \(settings.network.rawValue)"))
        }
        try learnChain(view, from: min(tipHeight, store.finalHeight ?? 0) - Self.window, to: tipHeight)
        let directory = directory
        if let mark = mark.flatMap(InputMark.init(decoding:)) {
            let isResumed = try withInput { () throws(InputProblem) in
                try files.resume(at: mark) { (name) throws(InputProblem) in try directory.status(of: name).size }
            }
            if isResumed { return }
        }
        // Other files than those the store was made from: each block is looked up.
        for number in files.files.indices { files.files[number].seenBefore = .max }
    }

    /// Takes up the newest blocks of the log, undone ones too.
    private mutating func learnChain(_ view: View, from: Int64, to tipHeight: Int64) throws(IndexFailure) {
        var canonical: [(hash: BlockHash, sequence: UInt64)] = []
        let store = writer.store
        do throws(StoreError) {
            for result in view.blocks(max(0, from)...tipHeight) {
                let block = try result.get()
                canonical.append((block.block.hash, block.sequence))
            }
            guard let base = canonical.first else { return }
            // It may have been appended, undone and taken up again: all that stand on it came after the first time.
            let oldest = try store.blocks(hash: base.hash).last?.sequence ?? base.sequence
            try learnBlocks(view, from: oldest)
        } catch {
            throw .store(error)
        }
        for block in canonical {
            guard let hash = Hash256(stored: block.hash), let node = chain.find(hash), chain[node].isLinked else {
                throw .input(
                    .foreignStore("its block \(block.hash) has no `block.added` event as this program makes it"))
            }
            chain.makeCanonical(node)
        }
    }

    private mutating func learnBlocks(_ view: View, from oldest: UInt64) throws(StoreError) {
        var query = EventQuery()
        query.scope = .log
        query.models = ["headers"]
        query.types = ["block.added"]
        query.sequences = oldest...max(oldest, view.sequence)
        var cursor = try view.cursor(query)
        while try cursor.next() {
            let fields = HeaderFields(cursor.payload)
            guard let height = cursor.height, let height = Int32(exactly: height),
                let hash = cursor.hash.flatMap(Hash256.init(stored:)), let parent = fields?.previous,
                let target = fields.flatMap({ Target(bits: $0.bits) })
            else { continue }
            chain.addLogged(hash: hash, parent: parent, height: height, work: target.work, sequence: cursor.sequence)
        }
    }
}

/// What is needed again of a `block.added` event.
private struct HeaderFields {
    var previous: Hash256
    var bits: UInt32

    /// Finds them in a payload; nil if they are not there.
    init?(_ payload: RawSpan) {
        var reader = PayloadReader(payload)
        var (previous, bits): (Hash256?, UInt32?)
        do throws(PayloadProblem) {
            while try reader.next() {
                if reader.isNamed("prev") { previous = try reader.hash() }
                if reader.isNamed("bits") { bits = try reader.bits() }
            }
        } catch {
            return nil
        }
        guard let previous, let bits else { return nil }
        self.previous = previous
        self.bits = bits
    }
}
