import AshlarStorage

/// A file that is made of pieces of a damaged store's files and of bytes that are new.
struct SalvagedFile: Sendable {
    private enum Source: Sendable {
        case bytes([UInt8])
        case file(String, at: Int)
    }

    private struct Piece: Sendable {
        var start: Int
        var count: Int
        var source: Source
    }

    private var pieces: [Piece] = []
    private(set) var size = 0

    mutating func append(_ bytes: [UInt8]) {
        pieces.append(Piece(start: size, count: bytes.count, source: .bytes(bytes)))
        size += bytes.count
    }

    /// Appends `count` bytes of `file` from `offset`.
    mutating func append(_ file: String, at offset: Int, count: Int) {
        defer { size += count }
        // A whole segment is one piece, however many commits it has.
        if let last = pieces.last, case .file(file, let start) = last.source, start + last.count == offset {
            pieces[pieces.count - 1].count += count
            return
        }
        pieces.append(Piece(start: size, count: count, source: .file(file, at: offset)))
    }

    /// Appends all of `other`.
    mutating func append(_ other: SalvagedFile) {
        for piece in other.pieces {
            switch piece.source {
            case .bytes(let bytes): append(bytes)
            case .file(let name, let offset): append(name, at: offset, count: piece.count)
            }
        }
    }

    /// Forgets what was appended behind `count` bytes.
    mutating func truncate(to count: Int) {
        while let last = pieces.last, last.start >= count { pieces.removeLast() }
        if let last = pieces.last { pieces[pieces.count - 1].count = min(last.count, count - last.start) }
        size = count
    }

    /// Opens it for reading over the files of `storage`.
    func open(over storage: any Storage) throws(StorageError) -> any StorageFile {
        var files: [String: any StorageFile] = [:]
        for piece in pieces {
            guard case .file(let name, _) = piece.source, files[name] == nil else { continue }
            files[name] = try storage.open(name, .read)
        }
        return Opened(file: self, files: files)
    }

    private final class Opened: StorageFile {
        let file: SalvagedFile
        let files: [String: any StorageFile]

        init(file: SalvagedFile, files: [String: any StorageFile]) {
            self.file = file
            self.files = files
        }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) -> Int {
            var done = 0
            var index = file.piece(at: offset)
            while done < buffer.count, let position = index, position < file.pieces.count {
                let piece = file.pieces[position]
                let skipped = offset + done - piece.start
                let count = min(piece.count - skipped, buffer.count - done)
                let target = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
                switch piece.source {
                case .bytes(let bytes):
                    target.copyBytes(from: bytes[skipped..<skipped + count])
                    done += count
                case .file(let name, let start):
                    let found = try files[name]?.read(into: target, at: start + skipped) ?? 0
                    done += found
                    if found < count { return done }
                }
                index = position + 1
            }
            return done
        }

        func size() throws(StorageError) -> Int { file.size }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) { throw readOnly("write to") }
        func sync() throws(StorageError) { throw readOnly("sync") }
        func truncate(to size: Int) throws(StorageError) { throw readOnly("truncate") }
    }

    /// The piece in which `offset` stands.
    private func piece(at offset: Int) -> Int? {
        guard offset < size else { return nil }
        var low = 0
        var high = pieces.count
        while low < high {
            let middle = (low + high) / 2
            if pieces[middle].start <= offset { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }
}

/// A part of a damaged store as a directory: what can be read of it makes a whole store.
final class SalvagedStorage: Storage {
    let path: String
    let files: [String: SalvagedFile]
    private let origin: any Storage

    init(_ files: [String: SalvagedFile], of origin: any Storage) {
        path = origin.path
        self.files = files
        self.origin = origin
    }

    func list() throws(StorageError) -> [String] { Array(files.keys) }

    func open(_ name: String, _ mode: StorageMode) throws(StorageError) -> any StorageFile {
        guard mode == .read else { throw readOnly("write to") }
        guard let file = files[name] else {
            throw StorageError(operation: "open", path: path + "/" + name, code: SystemCalls.notFound)
        }
        return try file.open(over: origin)
    }

    func remove(_ name: String) throws(StorageError) { throw readOnly("remove from") }
    func rename(_ name: String, to newName: String) throws(StorageError) { throw readOnly("rename in") }
    func syncDirectory() throws(StorageError) { throw readOnly("sync") }
    func lock(_ name: String) throws(StorageError) -> StorageLockOutcome { throw readOnly("lock") }
}

/// The error of whoever wants to change what is only a way of looking at a damaged store.
private func readOnly(_ operation: String) -> StorageError {
    StorageError(operation: operation, path: "a damaged store", code: SystemCalls.readOnlyFileSystem)
}
