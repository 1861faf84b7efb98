package import AshlarFormat
package import AshlarStorage

/// Writes snapshot files.
package enum SnapshotWriter {
    /// Writes a snapshot under a temporary name and syncs it; it counts only once it is published.
    ///
    /// `body` appends the bytes of the state. What it throws comes out as `SnapshotError.model`; whatever fails, the file is removed again.
    package static func write(
        _ identity: SnapshotIdentity, compression: Compression = .lz4, to storage: any Storage,
        chunkBytes: Int = Limits.snapshotChunkBytes, body: (inout SnapshotOutput) throws -> Void
    ) throws(SnapshotError) -> UnpublishedSnapshot {
        if let problem = identity.problem { throw .invalidArgument(problem) }
        let header = SnapshotHeader(
            identity: identity, createdTime: SystemCalls.wallMicroseconds(), attempt: .random(in: .min ... .max),
            codec: compression.codec, chunkBytes: chunkBytes)
        return try write(header, to: storage, body: body)
    }

    /// The same with a header that is given: for golden files.
    static func write(
        _ header: SnapshotHeader, to storage: any Storage, body: (inout SnapshotOutput) throws -> Void
    ) throws(SnapshotError) -> UnpublishedSnapshot {
        let temporary = SnapshotName(header.identity).temporaryFile(attempt: header.attempt)
        let file = try snapshotting { () throws(StorageError) in try storage.open(temporary, .create) }
        do throws(SnapshotError) {
            let trailer = try write(header, to: file, body)
            return UnpublishedSnapshot(storage, temporary: temporary, header: header, trailer: trailer)
        } catch {
            try? storage.remove(temporary)
            throw error
        }
    }

    private static func write(
        _ header: SnapshotHeader, to file: any StorageFile, _ body: (inout SnapshotOutput) throws -> Void
    ) throws(SnapshotError) -> SnapshotTrailer {
        let sink = try SnapshotChunkWriter(header, to: file)
        var output = SnapshotOutput(sink)
        do {
            try body(&output)
            try output.finish()
        } catch {
            // A failure of the disk comes first, whatever the model made of it.
            let failure = sink.failure ?? SnapshotError(thrownByModel: error)
            sink.stop(with: failure)
            throw failure
        }
        return sink.trailer
    }
}

/// A snapshot that is written and synced, but has no name yet under which it counts.
///
/// Publish it once its commit is durable. Abandoned, or just dropped, it is removed.
package struct UnpublishedSnapshot: ~Copyable, Sendable {
    private let storage: any Storage
    private let temporary: String
    private var isSettled = false
    let header: SnapshotHeader
    let trailer: SnapshotTrailer

    init(_ storage: any Storage, temporary: String, header: SnapshotHeader, trailer: SnapshotTrailer) {
        self.storage = storage
        self.temporary = temporary
        self.header = header
        self.trailer = trailer
    }

    deinit {
        if !isSettled { try? storage.remove(temporary) }
    }

    package var identity: SnapshotIdentity { header.identity }

    /// Bytes of the state as the model wrote them.
    package var rawBytes: Int { Int(trailer.rawBytes) }

    /// Bytes of the file.
    package var fileBytes: Int { Int(trailer.endOffset) + SnapshotTrailer.size }

    /// Gives the file its name, durably, in place of an earlier one of the same identity.
    package consuming func publish() throws(SnapshotError) -> SnapshotEntry {
        let name = SnapshotName(header.identity).file
        do throws(StorageError) {
            try storage.rename(temporary, to: name)
            isSettled = true
            try storage.syncDirectory()
        } catch {
            throw SnapshotError(error)
        }
        return SnapshotEntry(fileName: name, fileBytes: fileBytes, contents: .whole(header, trailer))
    }

    /// Removes the file.
    package consuming func abandon() {
        isSettled = true
        try? storage.remove(temporary)
    }
}
