import AshlarFormat
import AshlarStorage

/// Streams a backup as one archive: each file under the name of its digest, the manifest last.
///
/// A file is read twice: its name has to be known before its bytes go out. The second time it must be the same.
final class ArchiveDestination: BackupDestination {
    private let sink: any ByteSink
    private let time: Int
    private var files: [BackupKey: BackupFile] = [:]
    private var sent: Set<String> = []
    let generation: UInt64 = 1
    var report = BackupTally()

    init(_ sink: any ByteSink) {
        self.sink = sink
        time = Int(SystemCalls.wallMicroseconds() / 1_000_000)
    }

    func known(_ key: BackupKey) -> BackupFile? { files[key] }

    func take(_ piece: BackupPiece, from storage: any Storage, _ meter: BackupMeter) throws(BackupError) -> BackupFile {
        if case .bytes(let bytes) = piece.content {
            let file = BackupFile(
                name: piece.name, size: bytes.count, digest: SHA256.digest(of: bytes), fingerprint: piece.fingerprint)
            if try begin(file.storedName, bytes.count) { try write(bytes, paddedFrom: bytes.count) }
            try meter.add(bytes.count)
            return file
        }
        let source = try backingUp { () throws(StorageError) in try storage.open(piece.source, .read) }
        let notice = try fromStore { () throws(StoreError) in try piece.check(source, in: storage) }
        if let notice { report.notices.append(notice) }
        var hash = SHA256()
        try piece.forEachChunk(of: source) { hash.update($0) }
        let file = BackupFile(
            name: piece.name, size: piece.size, digest: hash.digest, fingerprint: piece.fingerprint)
        if try begin(file.storedName, piece.size) { try send(piece, source, file.digest, meter) }
        if piece.fingerprint != 0 { files[piece.key] = file }
        return file
    }

    private func send(
        _ piece: BackupPiece, _ source: any StorageFile, _ digest: SHA256Digest, _ meter: BackupMeter
    ) throws(BackupError) {
        var again = SHA256()
        try piece.forEachChunk(of: source) { (bytes) throws(BackupError) in
            again.update(bytes)
            try backingUp { () throws(StorageError) in try sink.write(bytes) }
            try meter.add(bytes.count)
        }
        guard again.digest == digest else {
            throw .store(
                .corrupt(
                    Corruption(
                        file: piece.source, offset: 0, heights: nil,
                        reason: "it was not the same when it was read again")))
        }
        try write([], paddedFrom: piece.size)
    }

    func finish(_ manifest: BackupManifest) throws(BackupError) {
        let bytes = manifest.encoded()
        _ = try begin(manifest.fileName, bytes.count)
        try write(bytes, paddedFrom: bytes.count)
        try write([UInt8](repeating: 0, count: 2 * ArchiveHeader.size), paddedFrom: 0)
    }

    /// Writes the header of a member; false if it was sent already.
    private func begin(_ name: String, _ bytes: Int) throws(BackupError) -> Bool {
        guard sent.insert(name).inserted else { return false }
        report.newFiles += 1
        report.newBytes += bytes
        try write(ArchiveHeader(name: name, bytes: bytes, time: time).encoded(), paddedFrom: 0)
        return true
    }

    private func write(_ bytes: [UInt8], paddedFrom size: Int) throws(BackupError) {
        let bytes = bytes + [UInt8](repeating: 0, count: ArchiveHeader.padding(of: size))
        try backingUp { () throws(StorageError) in
            try bytes.span.bytes.withUnsafeBytes { (raw) throws(StorageError) in try sink.write(raw) }
        }
    }
}
