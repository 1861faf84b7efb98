package import AshlarFormat
package import AshlarStorage

/// A snapshot file whose header and trailer are right; what is between them is checked as it is read.
package struct SnapshotFile: Sendable {
    package let name: String
    package let header: SnapshotHeader
    package let trailer: SnapshotTrailer
    private let file: any StorageFile

    package var identity: SnapshotIdentity { header.identity }

    /// Bytes of the file.
    package var fileBytes: Int { Int(trailer.endOffset) + SnapshotTrailer.size }

    /// Opens the snapshot `name` and checks that it is whole: three small reads.
    package init(_ name: String, in storage: any Storage) throws(SnapshotError) {
        let file = try snapshotting { () throws(StorageError) in try storage.open(name, .read) }
        let (size, start) = try snapshotting { () throws(StorageError) in
            (try file.size(), try file.read(at: 0, count: SnapshotHeader.size))
        }
        let header: SnapshotHeader
        do throws(FormatError) {
            header = try SnapshotHeader(decoding: start.span.bytes)
        } catch {
            throw Self.failure(error, name, offset: 0)
        }
        let offset = max(size - SnapshotTrailer.size, 0)
        let end = try snapshotting { () throws(StorageError) in
            try file.read(at: offset, count: SnapshotTrailer.size)
        }
        do throws(FormatError) {
            trailer = try SnapshotTrailer(decoding: end.span.bytes, header: header, offset: UInt64(offset))
        } catch {
            throw Self.failure(error, name, offset: offset)
        }
        self.name = name
        self.header = header
        self.file = file
    }

    private static func failure(_ error: FormatError, _ name: String, offset: Int) -> SnapshotError {
        if case .unsupported(let reason) = error { return .unsupported(file: name, reason: reason) }
        return .damaged(file: name, offset: offset, reason: error.reason)
    }

    /// Gives the bytes of the state to `body`, which must read all of them, and returns what it makes of them.
    ///
    /// What `body` throws comes out as `SnapshotError.model`; damage and failing reads as themselves. Complexity: O(bytes), and a few MiB of
    /// memory beside what `body` makes.
    package func read<State: ~Copyable>(
        _ body: (inout SnapshotInput) throws -> State
    ) throws(SnapshotError) -> State {
        let source = SnapshotChunkReader(name, header, trailer, file)
        defer { source.stop() }
        var input = SnapshotInput(source)
        do {
            let state = try body(&input)
            guard input.isAtEnd else {
                throw SnapshotError.malformed("\(input.remaining) bytes were left when it was done")
            }
            try source.checkEmpty()
            return state
        } catch {
            // What is wrong with the file comes first, whatever the model made of it.
            throw source.failure ?? SnapshotError(thrownByModel: error)
        }
    }

    /// Reads all chunks and checks every byte.
    package func verify() throws(SnapshotError) {
        let source = SnapshotChunkReader(name, header, trailer, file)
        defer { source.stop() }
        for _ in 0..<trailer.chunkCount { _ = try source.next() }
        try source.checkEmpty()
    }
}
