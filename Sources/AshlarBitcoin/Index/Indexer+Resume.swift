import Ashlar
import AshlarCLI
import AshlarJSON

extension Indexer {
    /// Learns from the store which blocks it has, and where in the files the last run stood.
    mutating func resume() throws(CommandError) {
        let store = writer.store
        guard store.hashNotation == .hex else { throw .foreignStore("it writes hashes as \(store.hashNotation)") }
        let (view, mark) = try withStore { () throws(StoreError) in (try store.view(), try store.lastMark()?.mark) }
        guard let tipHeight = view.tipHeight else { return }
        let first = try withStore { () throws(StoreError) in
            view.firstHeight == 0 ? try view.block(height: 0) : nil
        }
        if let first, Hash256(stored: first.block.hash) != genesis {
            throw .foreignStore("its first block \(first.block.hash) is not that of \(settings.network.rawValue)")
        }
        let from = min(tipHeight, store.finalHeight ?? 0) - settings.window
        try learnChain(view, from: max(view.firstHeight, from), to: tipHeight)
        // With other files than those the store was made from, each block is looked at again.
        for number in files.indices { files[number].mayRepeat = true }
        if let mark = mark.flatMap(InputMark.init(decoding:)) { goOn(at: mark) }
    }

    /// Takes up the newest blocks of the log, undone ones too.
    private mutating func learnChain(_ view: View, from: Int64, to tipHeight: Int64) throws(CommandError) {
        var canonical: [StoredBlock] = []
        do throws(StoreError) {
            for result in view.blocks(from...tipHeight) { canonical.append(try result.get()) }
            guard let base = canonical.first else { return }
            // It may have been appended, undone and taken up again: all that stand on it came after the first time.
            let oldest = try writer.store.blocks(hash: base.block.hash).last?.sequence ?? base.sequence
            try learnBlocks(view, from: oldest)
        } catch {
            throw .store(error)
        }
        for block in canonical {
            guard let node = Hash256(stored: block.block.hash).flatMap(chain.find), chain[node].isLinked else {
                throw .foreignStore("its block \(block.block.hash) has no `block.added` event as this program makes it")
            }
            chain.makeCanonical(node, sequence: block.sequence)
        }
    }

    private mutating func learnBlocks(_ view: View, from oldest: UInt64) throws(StoreError) {
        var query = EventQuery()
        query.scope = .log
        query.models = [EventKind.blockAdded.names.model]
        query.types = [EventKind.blockAdded.names.type]
        query.sequences = oldest...max(oldest, view.sequence)
        var cursor = try view.cursor(query)
        while try cursor.next() {
            guard let height = cursor.height, height <= ChainTree.maximumHeight,
                let hash = cursor.hash.flatMap(Hash256.init(stored:))
            else { continue }
            do throws(JSONError) {
                let payload = try JSONMembers(cursor.payload, ["prev", "bits"])
                chain.addLogged(
                    hash: hash, parent: try payload.hash(0), height: Int32(height),
                    work: try payload.target(1).work,
                    sequence: cursor.sequence)
            } catch {
                continue
            }
        }
    }

    /// Goes to where a mark says that everything was taken, if these are still the files it is about.
    private mutating func goOn(at mark: InputMark) {
        guard mark.fileCount <= files.count else { return }
        var (resumed, taken, doneBytes) = (files, mark.taken, Int64(0))
        for number in mark.fileCount..<files.count { resumed[number].mayRepeat = false }
        for number in 0..<mark.fileCount {
            let size = files[number].size
            resumed[number].seen = taken.removeValue(forKey: files[number].name) ?? size
            guard resumed[number].seen <= size else { return }
            resumed[number].isComplete = mark.taken[files[number].name] == nil
            if resumed[number].isComplete { doneBytes += size }
        }
        guard taken.isEmpty, doneBytes == mark.doneBytes else { return }
        (files, begun) = (resumed, mark.fileCount)
    }

    /// How far the files are taken, for the next commit; nil if that was noted a few commits ago, and takes long to find out.
    ///
    /// A mark may be behind: what it does not tell is looked at again, and known by its hash.
    mutating func mark() -> [UInt8]? {
        commitsSinceMark += 1
        guard commitsSinceMark > (chain.openCount + begun) / 16 else { return nil }
        commitsSinceMark = 0
        var firstOpen: [Int: Int64] = [:]
        for node in chain.openNodes(finalHeight: writer.store.finalHeight ?? -1) {
            let (file, offset) = (Int(chain[node].file), chain[node].record.offset)
            firstOpen[file] = min(firstOpen[file] ?? .max, offset)
        }
        var mark = InputMark()
        mark.fileCount = begun
        for number in 0..<begun {
            if files[number].isComplete, firstOpen[number] == nil {
                mark.doneBytes += files[number].seen
            } else {
                mark.taken[files[number].name] = min(files[number].seen, firstOpen[number] ?? .max)
            }
        }
        return mark.encoded
    }
}

extension CommandError {
    fileprivate static func foreignStore(_ why: String) -> CommandError {
        .refused(code: "foreignStore", message: "the store is of another chain: \(why)")
    }
}

/// How far the block files were taken, as of a commit: what the store keeps as the commit's mark.
///
/// It is a text: the files that are not done with, by name, and where in each the first record stands that is not in the log and may come into it.
/// All other files up to the last one are done with, which their number and size confirm.
package struct InputMark: Hashable, Sendable {
    /// How many files there are up to the last one that was read, open ones among them.
    package var fileCount = 0
    /// The sizes of those that are done with, summed up.
    package var doneBytes: Int64 = 0
    /// Up to where the others were taken.
    package var taken: [String: Int64] = [:]

    private static let title = "ashlar-bitcoin 2"
    /// With more open files than this none is written down: then all blocks are looked at again.
    private static let maximumOpen = 256

    package init() {}

    /// The mark as bytes.
    package var encoded: [UInt8] {
        var text = "\(Self.title)/\(fileCount)/\(doneBytes)"
        for (name, offset) in taken.count > Self.maximumOpen ? [:] : taken { text += "/\(name)/\(offset)" }
        return Array(text.utf8)
    }

    /// The mark that these bytes are, or nil if they are somebody else's.
    package init?(decoding bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, !parts.count.isMultiple(of: 2), parts[0] == Self.title, let count = Int(parts[1]),
            count >= 0, let size = Int64(parts[2])
        else { return nil }
        (fileCount, doneBytes) = (count, size)
        for index in stride(from: 3, to: parts.count, by: 2) {
            guard let offset = Int64(parts[index + 1]), offset >= 0 else { return nil }
            taken[String(parts[index])] = offset
        }
    }
}
