import AshlarFormat
import AshlarStorage

/// Where a backup goes: a directory of generations, or one archive.
protocol BackupDestination: AnyObject {
    /// The file of an earlier generation that is this one, if there is one.
    func known(_ key: BackupKey) -> BackupFile?

    /// Puts a file there, after it was checked.
    func take(_ piece: BackupPiece, from storage: any Storage, _ meter: BackupMeter) throws(BackupError) -> BackupFile

    /// Makes the backup count.
    func finish(_ manifest: BackupManifest) throws(BackupError)

    /// The number of the new generation.
    var generation: UInt64 { get }

    /// What was done so far.
    var report: BackupTally { get set }
}

/// What a destination counts.
struct BackupTally {
    var newFiles = 0
    var newBytes = 0
    var linkedFiles = 0
    var clonedFiles = 0
    var removedGenerations: [UInt64] = []
    var removedBytes = 0
    var notices: [String] = []
}

/// One backup of a store: what is durable, put file by file into a destination, the manifest last.
///
/// Beside it the writer goes on. Files that it removes meanwhile (a prune, a snapshot that is retired) are no failure: the store is looked
/// at anew, and what was taken already need not be taken again.
struct BackupRun {
    private static let attempts = 8

    let storage: any Storage
    let destination: any BackupDestination
    let meter: BackupMeter

    func run() throws(BackupError) -> BackupReport {
        let created = SystemCalls.wallMicroseconds()
        var attempt = 0
        while true {
            attempt += 1
            let before = try list()
            do throws(BackupError) {
                return try attemptRun(created: created)
            } catch {
                guard error.isNotFound, try list() != before else { throw error }
                guard attempt < Self.attempts else { throw .changing(path: storage.path) }
            }
        }
    }

    private func list() throws(BackupError) -> [String] {
        try backingUp { () throws(StorageError) in try storage.list().sorted() }
    }

    private func attemptRun(created: Int64) throws(BackupError) -> BackupReport {
        let plan = try BackupPlan(storage) { destination.known($0) != nil }
        meter.restart(total: plan.pieces.reduce(0) { $0 + $1.size })
        var files: [BackupFile] = []
        for piece in plan.pieces {
            if let known = destination.known(piece.key) {
                files.append(known)
                try meter.add(piece.size)
            } else {
                files.append(try destination.take(piece, from: storage, meter))
            }
        }
        let manifest = BackupManifest(
            storeID: plan.store.id, generation: destination.generation, createdTime: created,
            sequence: plan.closing.sequence, chainValue: plan.closing.chainValue, prunedSequence: plan.prunedSequence,
            tipHeight: plan.tipHeight, files: files)
        try destination.finish(manifest)
        return report(manifest, plan)
    }

    private func report(_ manifest: BackupManifest, _ plan: BackupPlan) -> BackupReport {
        let tally = destination.report
        return BackupReport(
            generation: manifest.generation, storeID: manifest.storeID, sequence: manifest.sequence,
            tipHeight: manifest.tipHeight >= 0 ? manifest.tipHeight : nil, files: manifest.files.count,
            bytes: manifest.bytes, newFiles: tally.newFiles, newBytes: tally.newBytes,
            linkedFiles: tally.linkedFiles, clonedFiles: tally.clonedFiles,
            removedGenerations: tally.removedGenerations, removedBytes: tally.removedBytes,
            notices: plan.notices + tally.notices)
    }
}

extension BackupPiece {
    /// Reads all of it from `file` and gives it to `body` piece by piece; throws `corrupt` if the file ends before.
    func forEachChunk(
        of file: any StorageFile, _ body: (UnsafeRawBufferPointer) throws(BackupError) -> Void
    ) throws(BackupError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: backupChunkBytes, alignment: 64)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < size {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(backupChunkBytes, size - offset)])
            let count = try backingUp { () throws(StorageError) in try file.read(into: wanted, at: offset) }
            guard count == wanted.count else {
                throw .store(
                    .corrupt(
                        Corruption(
                            file: source, offset: offset + count, heights: nil, reason: "the file became shorter")))
            }
            try body(UnsafeRawBufferPointer(wanted))
            offset += count
        }
    }
}
