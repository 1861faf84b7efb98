import AshlarFormat
import AshlarStorage

/// Who is given the files of a backup, one after the other.
protocol BackupReceiver: AnyObject {
    func begin(_ storedName: String) throws(BackupError)
    func take(_ bytes: UnsafeRawBufferPointer) throws(BackupError)
    /// The file was whole: its digest is that of its name.
    func end() throws(BackupError)
}

/// Reads a backup and checks every byte of it against the digests; bytes are handed on before their file is known to be right.
protocol BackupReader {
    /// Reads all files and gives the manifest, which names each of them.
    func read(into receiver: any BackupReceiver, _ meter: BackupMeter) throws(BackupError) -> BackupManifest
}

/// Hands on one file's bytes and checks them against the digest in its name.
struct BackupPart {
    let path: String
    let storedName: String
    let receiver: any BackupReceiver
    private var hash = SHA256()

    init(_ storedName: String, in path: String, _ receiver: any BackupReceiver) throws(BackupError) {
        (self.path, self.storedName, self.receiver) = (path, storedName, receiver)
        try receiver.begin(storedName)
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer) throws(BackupError) {
        hash.update(bytes)
        try receiver.take(bytes)
    }

    func end() throws(BackupError) {
        guard hash.digest == BackupFile.digest(ofStoredName: storedName) else {
            throw .damaged(path: path, file: storedName, reason: "its SHA-256 is not that in its name")
        }
        try receiver.end()
    }
}

/// Reads one generation from a directory.
struct DirectoryReader: BackupReader {
    let directory: BackupDirectory
    let manifest: BackupManifest

    func read(into receiver: any BackupReceiver, _ meter: BackupMeter) throws(BackupError) -> BackupManifest {
        meter.total = manifest.bytes
        var done: Set<String> = []
        for file in manifest.files where done.insert(file.storedName).inserted { try read(file, receiver, meter) }
        return manifest
    }

    /// Reads one file in full.
    func read(_ file: BackupFile, _ receiver: any BackupReceiver, _ meter: BackupMeter) throws(BackupError) {
        let (storage, name) = (directory.storage, file.storedName)
        let source: any StorageFile
        do throws(StorageError) { source = try storage.open(name, .read) } catch {
            guard error.code == SystemCalls.notFound else { throw BackupError(error) }
            throw .damaged(path: storage.path, file: name, reason: "it is missing")
        }
        let size = try backingUp { () throws(StorageError) in try source.size() }
        guard size == file.size else {
            throw .damaged(path: storage.path, file: name, reason: "it has \(size) bytes instead of \(file.size)")
        }
        var part = try BackupPart(name, in: storage.path, receiver)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: backupChunkBytes, alignment: 64)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < size {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, size - offset)])
            let count = try backingUp { () throws(StorageError) in try source.read(into: wanted, at: offset) }
            guard count > 0 else { throw .damaged(path: storage.path, file: name, reason: "it became shorter") }
            try part.take(UnsafeRawBufferPointer(rebasing: wanted[..<count]))
            try meter.add(count)
            offset += count
        }
        try part.end()
    }
}

/// Reads an archive from a stream, whatever it claims: no more is kept of it than its members' names.
struct ArchiveReader: BackupReader {
    let source: any ByteSource

    func read(into receiver: any BackupReceiver, _ meter: BackupMeter) throws(BackupError) -> BackupManifest {
        var sizes: [String: Int] = [:]
        while true {
            guard let header = try header() else { throw damaged("archive", "it ends before its manifest") }
            try meter.add(ArchiveHeader.size)
            if let generation = BackupManifest.generation(ofFileName: header.name) {
                let manifest = try manifest(header, generation)
                try finish(manifest, sizes)
                return manifest
            }
            guard BackupFile.digest(ofStoredName: header.name) != nil else {
                throw damaged("archive", "a member of a name that no backup has")
            }
            guard sizes.updateValue(header.bytes, forKey: header.name) == nil else {
                throw damaged(header.name, "it is there twice")
            }
            var part = try BackupPart(header.name, in: source.name, receiver)
            try content(of: header, meter) { (bytes) throws(BackupError) in try part.take(bytes) }
            try part.end()
        }
    }

    private func damaged(_ file: String, _ reason: String) -> BackupError {
        .damaged(path: source.name, file: file, reason: reason)
    }

    private func header() throws(BackupError) -> ArchiveHeader? {
        let block = try read(ArchiveHeader.size)
        if block.isEmpty { throw damaged("archive", "it was cut off") }
        do throws(FormatError) { return try ArchiveHeader(decoding: block) } catch {
            throw damaged("archive", error.reason)
        }
    }

    private func manifest(_ header: ArchiveHeader, _ generation: UInt64) throws(BackupError) -> BackupManifest {
        guard header.bytes <= BackupManifest.maxBytes else { throw damaged(header.name, "it is too large") }
        var bytes: [UInt8] = []
        try content(of: header, nil) { bytes += $0 }
        do throws(FormatError) {
            let manifest = try BackupManifest(decoding: bytes)
            try require(manifest.generation == generation, "backup manifest: it is not of the generation in its name")
            return manifest
        } catch {
            if case .unsupported(let what) = error { throw .unsupported(what) }
            throw damaged(header.name, error.reason)
        }
    }

    /// Every file of the manifest was there, in its size, and nothing comes behind.
    private func finish(_ manifest: BackupManifest, _ sizes: [String: Int]) throws(BackupError) {
        for file in manifest.files {
            guard let size = sizes[file.storedName] else { throw damaged(file.storedName, "it is missing") }
            guard size == file.size else {
                throw damaged(file.storedName, "it has \(size) bytes instead of \(file.size)")
            }
        }
        for _ in 0..<2 where try header() != nil { throw damaged("archive", "a member behind the manifest") }
        guard try read(1).isEmpty else { throw damaged("archive", "bytes behind its end") }
    }

    private func content(
        of header: ArchiveHeader, _ meter: BackupMeter?, _ body: (UnsafeRawBufferPointer) throws(BackupError) -> Void
    ) throws(BackupError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: backupChunkBytes, alignment: 64)
        defer { buffer.deallocate() }
        var left = header.bytes
        while left > 0 {
            let wanted = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, left)])
            let count = try backingUp { () throws(StorageError) in try source.read(into: wanted) }
            guard count == wanted.count else { throw damaged(header.name, "the archive was cut off within it") }
            try body(UnsafeRawBufferPointer(wanted))
            try meter?.add(count)
            left -= count
        }
        let padding = try read(ArchiveHeader.padding(of: header.bytes))
        guard padding.count == ArchiveHeader.padding(of: header.bytes), padding.allSatisfy({ $0 == 0 }) else {
            throw damaged(header.name, "what fills up its last block is not zero")
        }
    }

    private func read(_ count: Int) throws(BackupError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let found = try backingUp { () throws(StorageError) in
            var failure: StorageError?
            let found = bytes.withUnsafeMutableBytes { buffer in
                do throws(StorageError) { return try source.read(into: buffer) } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            return found
        }
        return Array(bytes[..<found])
    }
}
