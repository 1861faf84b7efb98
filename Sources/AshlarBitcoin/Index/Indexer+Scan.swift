import Ashlar
import Glibc

extension Indexer {
    /// Takes the records of a file that were not seen yet.
    mutating func scan(_ number: Int) throws(IndexFailure) {
        guard !files.files[number].isComplete else { return }
        let (name, directory, network) = (files.files[number].name, directory, settings.network)
        let status = try withInput { () throws(InputProblem) in try directory.status(of: name) }
        let isLast = number == files.files.count - 1
        // A file that has not changed is looked at once more when it is no longer the last: then it may be complete.
        guard files.files[number].status != status || files.files[number].wasLast != isLast else { return }
        files.begin(number)
        var file = try withInput { () throws(InputProblem) in try directory.open(name) }
        while !isOver {
            showProgress()
            let from = files.files[number].seen
            let found = try withInput { () throws(InputProblem) in try file.nextRecord(from: from, of: network) }
            if case .record(let record, let garbage) = found {
                if garbage > 0 {
                    note("\(name): passed over \(garbage) bytes before offset \(record.offset): no records")
                }
                if try take(record, &file, number) { continue }
            } else {
                try end(number, found, size: file.size, isLast: isLast)
            }
            // File systems have coarse clocks: what was written just now may be written again at the same time.
            files.files[number].status = status.isOlder(thanSeconds: 1) ? status : nil
            files.files[number].wasLast = isLast
            return
        }
    }

    /// Takes one record; false if it is not all there yet, so that the file ends before it for now.
    private mutating func take(
        _ record: RecordPlace, _ file: inout BlockFile, _ number: Int
    ) throws(IndexFailure) -> Bool {
        guard let header = Self.header(file.bytes(record.size, at: record.body)) else { return false }
        let isSeenBefore = record.offset < files.files[number].seenBefore
        if let known = chain.find(header.hash), chain[known].state != .missing {
            if !isSeenBefore { summary.duplicates += 1 }
            files.see(record, in: number, node: nil)
            return true
        }
        if isSeenBefore, try isInLog(header) {
            files.see(record, in: number, node: nil)
            return true
        }
        if let problem = Self.parse(file.bytes(record.size, at: record.body), of: settings.network, into: &block) {
            return try passOver(record, &file, number, problem)
        }
        let place = FilePlace(file: number, offset: record.offset)
        let arrival = chain.add(
            header, work: block.work, place: place, size: record.size,
            rootHeight: try rootHeight(header, file.bytes(record.size, at: record.body)))
        switch arrival {
        case .known: files.see(record, in: number, node: nil)
        case .waiting(let node): files.see(record, in: number, node: node)
        case .linked(let node, let best):
            files.see(record, in: number, node: node)
            try advance(to: best, hand: node, file.bytes(record.size, at: record.body))
        }
        return true
    }

    private static func header(_ bytes: RawSpan) -> BlockHeader? { try? BlockHeader(bytes) }

    /// Parses a block; gives what is wrong with it.
    static func parse(_ bytes: RawSpan, of network: Network, into block: inout ParsedBlock) -> BlockProblem? {
        do throws(BlockProblem) {
            try block.parse(bytes, of: network)
            return nil
        } catch {
            return error
        }
    }

    /// The height of a block that starts the chain; nil for all others.
    private func rootHeight(_ header: BlockHeader, _ bytes: RawSpan) throws(IndexFailure) -> Int32? {
        guard chain.tip == nil, header.hash == root else { return nil }
        if header.previous == .zero { return 0 }
        guard let height = block.coinbaseHeight(bytes), let height = Int32(exactly: height) else {
            throw .input(.noHeight(hash: header.hash))
        }
        return height
    }

    /// Looks for a block in the log that is too old to be in the tree; it is taken up there, so that its children find it.
    private mutating func isInLog(_ header: BlockHeader) throws(IndexFailure) -> Bool {
        let store = writer.store
        let found = try withStore { () throws(StoreError) in try store.blocks(hash: header.hash.stored()).first }
        guard let found, let height = Int32(exactly: found.block.height) else { return false }
        chain.addLogged(
            hash: header.hash, parent: header.previous, height: height, work: 0, sequence: found.sequence)
        return true
    }

    /// Passes over a record that is no sound block, if another one follows; the last one may still be being written.
    private mutating func passOver(
        _ record: RecordPlace, _ file: inout BlockFile, _ number: Int, _ problem: BlockProblem
    ) throws(IndexFailure) -> Bool {
        let network = settings.network
        guard
            case .record(let next, _) = try file.following(record, of: network)
        else {
            try end(number, .cut(offset: record.offset), size: file.size, isLast: true)
            return false
        }
        files.files[number].seen = next.offset
        summary.damagedRecords += 1
        note("\(file.name): passed over the record at offset \(record.offset): \(problem)")
        return true
    }

    /// Notes how a file ends.
    private mutating func end(
        _ number: Int, _ found: FoundRecord, size: Int64, isLast: Bool
    ) throws(IndexFailure) {
        let file = files.files[number]
        files.end(number, size: size, isComplete: found == .end && file.seen == size && !isLast)
        guard !file.hasWarned else { return }
        switch found {
        case .cut(let offset):
            note("\(file.name) ends within the record at offset \(offset); the rest is taken when it is there")
        case .garbage:
            guard file.hasRecords || file.seen > 0 else {
                throw .input(
                    .noRecords(file: file.name, network: settings.network, isObfuscated: directory.key.bits != 0))
            }
            note("\(file.name): nothing behind offset \(file.seen) is a record")
        default: return
        }
        files.files[number].hasWarned = true
    }

    private mutating func showProgress() {
        guard progress.isDue() else { return }
        let (done, total) = files.progress(directory)
        progress.show(summary, tip: chain.tip.map { chain[$0].height }, done: done, of: total)
    }
}

extension BlockFile {
    /// What follows a record that is no block: what its length says is not to be trusted.
    fileprivate mutating func following(
        _ record: RecordPlace, of network: Network
    ) throws(IndexFailure) -> FoundRecord {
        do throws(InputProblem) {
            return try nextRecord(from: record.offset + 4, of: network)
        } catch {
            if case .foreignMagic = error { return .garbage }
            throw .input(error)
        }
    }
}

extension FileStatus {
    /// Whether the last change is longer ago.
    fileprivate func isOlder(thanSeconds limit: Int) -> Bool { time(nil) - seconds > limit }
}

extension InputFiles {
    /// How much of all files was seen, and how large they are together.
    fileprivate func progress(_ directory: BlockDirectory) -> (done: Int64, total: Int64) {
        var (done, total): (Int64, Int64) = (0, 0)
        for file in files {
            done += file.seen
            let size = file.isComplete ? file.size : (try? directory.status(of: file.name))?.size
            total += max(size ?? 0, file.seen)
        }
        return (done, total)
    }
}

/// Waiting.
enum Pause {
    /// Waits so long, or until a signal comes.
    static func milliseconds(_ count: Int) {
        var time = timespec(tv_sec: 0, tv_nsec: count * 1_000_000)
        nanosleep(&time, nil)
    }
}
