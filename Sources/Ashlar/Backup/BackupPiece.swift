import AshlarFormat
import AshlarStorage

/// A file of a store that goes into a backup, as the plan found it; nothing of it was copied yet.
struct BackupPiece: Sendable {
    enum Content: Sendable {
        /// A whole segment, behind which another one follows.
        case sealed(SegmentName, SegmentHeader, next: SegmentHeader)
        /// The last segment, up to the end of its last durable commit.
        case tail(SegmentName, SegmentHeader, closing: DurablePoint)
        /// A snapshot that was read in full.
        case snapshot
        /// A small file that was read already.
        case bytes([UInt8])
    }

    /// Its name in the backup's store.
    var name: String
    /// Its name in the store it comes from.
    var source: String
    var size: Int
    var fingerprint: UInt64
    var content: Content
    /// Whether nothing will ever write to the file again, so that the backup may share it ([BAK-2]).
    var isImmutable = false

    /// What the file is called in messages and what must be equal for it to be the same as one of an earlier generation.
    var key: BackupKey { BackupKey(name: name, size: size, fingerprint: fingerprint) }

    /// Checks what `file` holds of it: every checksum of a segment, and that it ends where the next one, or the backup, says.
    ///
    /// Returns what is worth knowing. Complexity: reads a segment once, and nothing of the others: those were read when the plan was made.
    func check(_ file: any StorageFile, in storage: any Storage) throws(StoreError) -> String? {
        let loading = SegmentLoading(storage: storage)
        switch content {
        case .snapshot, .bytes: return nil
        case .sealed(let name, let header, let next):
            _ = try loading.rebuild(name, header, file, size: size, next: next)
            if case .success = try loading.footer(header, file, size: size) { return nil }
            return
                "the footer of \(name.segmentFile) is damaged; its commits are not, and restoring finds them by a scan"
        case .tail(let name, let header, let closing):
            let found = try loading.rebuild(name, header, file, size: size, next: nil).summary
            guard found.closing.sequence == closing.sequence, found.closing.chainValue == closing.chainValue,
                Int(found.endOffset) == size
            else {
                throw loading.corrupt(
                    name, Int(found.endOffset),
                    "the log can be read up to sequence \(found.closing.sequence) only, but \(closing.sequence) was durable"
                )
            }
            return nil
        }
    }
}

/// What tells that two files of a store are the same one ([BAK-5]).
struct BackupKey: Hashable, Sendable {
    var name: String
    var size: Int
    var fingerprint: UInt64

    init(name: String, size: Int, fingerprint: UInt64) {
        (self.name, self.size, self.fingerprint) = (name, size, fingerprint)
    }

    init(_ file: BackupFile) { self.init(name: file.name, size: file.size, fingerprint: file.fingerprint) }

    /// The fingerprint of a segment that ends at a commit.
    static func fingerprint(_ header: SegmentHeader, closing: DurablePoint, size: Int) -> UInt64 {
        var value = header.encoded().withUnsafeBytes { ChainValue.fold(0, $0) }
        for word in [closing.sequence, closing.chainValue, UInt64(size)] { value = ChainValue.fold(value, word) }
        return value
    }

    /// The fingerprint of a snapshot.
    static func fingerprint(_ header: SnapshotHeader, _ trailer: SnapshotTrailer) -> UInt64 {
        let bytes = header.encoded() + trailer.encoded(header: header)
        return bytes.withUnsafeBytes { ChainValue.fold(0, $0) }
    }
}
