import Ashlar
import AshlarCLI

/// A block file while it is read.
struct InputFile: Sendable {
    var name: String
    /// How large it was at the last look.
    var size: Int64
    /// All records before this offset were seen.
    var seen: Int64 = 0
    /// What it looked like when it was read to its end.
    var status: FileStatus?
    /// Whether it ends with its last record, and another file follows: it is no longer looked at.
    var isComplete = false
    /// Whether an earlier run may have taken blocks of it.
    var mayRepeat = false
    /// Whether what stands at its end was told of.
    var hasWarned = false
}

extension Indexer {
    /// Takes the records of a file that were not seen yet.
    mutating func scan(_ number: Int) throws(CommandError) {
        guard !files[number].isComplete else { return }
        let status = try directory.status(of: files[number].name)
        files[number].size = status.size
        if files[number].status != status {
            begun = max(begun, number + 1)
            let isAtEnd = try readOn(number)
            files[number].status = isAtEnd && status.isSettled ? status : nil
        }
        files[number].isComplete = number < files.count - 1 && files[number].seen == status.size
    }

    /// Reads a file from where it was left; false if it was not read to its end.
    private mutating func readOn(_ number: Int) throws(CommandError) -> Bool {
        let file = try directory.open(files[number].name)
        while !isOver {
            progress.show(progressLine)
            let found = try file.nextRecord(from: files[number].seen, of: settings.network)
            guard case .record(let record, let garbage) = found else {
                try noteEnd(number, found)
                return true
            }
            if garbage > 0 {
                note("\(file.name): passed over \(garbage) bytes before offset \(record.offset): no records")
            }
            guard let seen = try take(record, file, number) else { return true }
            files[number].seen = seen
        }
        return false
    }

    /// Takes one record; gives where to go on, or nil if it is not all there yet, so that the file ends before it for now.
    private mutating func take(
        _ record: RecordPlace, _ file: BlockFile, _ number: Int
    ) throws(CommandError) -> Int64? {
        let bytes = try file.block(record)
        guard let header = try? BlockHeader(bytes) else { return nil }
        var known = chain.find(header.hash)
        if known == nil, files[number].mayRepeat { known = try findOld(header) }
        if let known {
            if chain[known].file < 0 { chain[known].file = Int32(number) } else { summary.duplicates += 1 }
            return record.end
        }
        held = nil
        do throws(BlockProblem) { try block.parse(bytes, header: header, of: settings.network) } catch {
            return try passOver(record, file, number, error)
        }
        let (node, best) = chain.add(
            header, work: block.work, file: number, record: record, rootHeight: try rootHeight(header))
        held = node
        if let best { try advance(to: best) }
        return record.end
    }

    /// Looks for a block in the log that is too old to be in the tree, and takes it up there, so that its children find it.
    ///
    /// Only one whose parent is not in the tree, or in it as another of these, can be one.
    private mutating func findOld(_ header: BlockHeader) throws(CommandError) -> NodeIndex? {
        if let parent = chain.find(header.previous), chain[parent].isLinked, chain[parent].work > 0 { return nil }
        let store = writer.store
        let found = try withStore { () throws(StoreError) in try store.blocks(hash: header.hash.stored()).first }
        guard let found, found.block.height <= ChainTree.maximumHeight else { return nil }
        chain.addLogged(
            hash: header.hash, parent: header.previous, height: Int32(found.block.height), work: 0,
            sequence: found.sequence)
        return chain.find(header.hash)
    }

    /// The height of a block that starts the chain; nil for all others.
    private func rootHeight(_ header: BlockHeader) throws(CommandError) -> Int32? {
        guard chain.tip == nil, header.hash == settings.firstBlock ?? genesis else { return nil }
        if header.previous == .zero { return 0 }
        guard let height = block.coinbaseHeight, height <= ChainTree.maximumHeight else {
            throw .refused(
                code: "noHeight",
                message: "the coinbase of block \(header.hash) tells no height, so it cannot be the first one; "
                    + "choose one from height 227931 on")
        }
        return Int32(height)
    }

    /// Passes over a record that is no sound block, if another one follows; the last one may still be being written.
    private mutating func passOver(
        _ record: RecordPlace, _ file: BlockFile, _ number: Int, _ problem: BlockProblem
    ) throws(CommandError) -> Int64? {
        // What its length says is not to be trusted: what follows may be within it.
        guard case .record(let next, _) = try file.nextRecord(from: record.offset + 4, of: settings.network) else {
            try noteEnd(number, .cut(offset: record.offset))
            return nil
        }
        summary.damagedRecords += 1
        note("\(file.name): passed over the record at offset \(record.offset): \(problem)")
        return next.offset
    }

    /// Tells how a file ends, once.
    private mutating func noteEnd(_ number: Int, _ found: FoundRecord) throws(CommandError) {
        let (file, network) = (files[number], settings.network.rawValue)
        switch found {
        case .foreign(let offset, let other):
            let message = "\(file.name) at offset \(offset): a record of \(other), not of \(network); "
            throw .refused(
                code: "foreignMagic", message: message + "name the network with --network, or take the file away")
        case .garbage where file.seen == 0:
            let hasKey = directory.key != 0
            let advice =
                hasKey ? "is xor.dat the key of these files?" : "if the node wrote an xor.dat, it must lie beside"
            throw .refused(code: "noRecords", message: "\(file.name) has no record of \(network); \(advice)")
        case .garbage where !file.hasWarned: note("\(file.name): nothing behind offset \(file.seen) is a record")
        case .cut(let offset) where !file.hasWarned:
            note("\(file.name) ends within the record at offset \(offset); the rest is taken when it is there")
        default: return
        }
        files[number].hasWarned = true
    }

    private var progressLine: String {
        summary.line(
            tip: chain.tip.map { chain[$0].height }, seconds: progress.seconds, first: firstSeen,
            done: files.reduce(0) { $0 + $1.seen }, of: files.reduce(0) { $0 + max($1.size, $1.seen) })
    }
}
