/// A file of a store as a backup keeps it; see `format-spec/backup.md`.
package struct BackupFile: Hashable, Sendable {
    package static let partSuffix = ".part"
    package static let copySuffix = ".copy"

    /// Its name in the store.
    package var name: String
    package var size: Int
    package var digest: SHA256Digest
    /// Tells, with name and size, that a file of the store is this one, without reading all of it ([BAK-5]); 0 if that cannot be told.
    package var fingerprint: UInt64

    package init(name: String, size: Int, digest: SHA256Digest, fingerprint: UInt64) {
        self.name = name
        self.size = size
        self.digest = digest
        self.fingerprint = fingerprint
    }

    /// Its name in the backup: of its content, and for the second copy of a snapshot another one, so that both are kept ([BAK-3]).
    package var storedName: String {
        digest.description + (BackupFileName(name) == .snapshotCopy ? Self.copySuffix : Self.partSuffix)
    }

    /// The digest that a stored file's name tells, or nil if it is not the name of one.
    package static func digest(ofStoredName name: String) -> SHA256Digest? {
        let suffix = name.suffix(partSuffix.count)
        guard suffix == partSuffix || suffix == copySuffix else { return nil }
        return SHA256Digest(hex: name.dropLast(suffix.count))
    }
}

/// The kinds of names that files of a store in a backup can have; nothing else is taken from one ([BAK-6]).
package enum BackupFileName: Equatable, Sendable {
    case segment(SegmentName)
    case snapshot
    case snapshotCopy
    case consumer
    case derivation

    private static let copySuffix = "-copy" + SnapshotName.suffix
    private static let longestConsumerStem = 200

    /// The kind of a name, or nil if no writer gives it. None of them can lead out of a directory.
    package init?(_ name: String) {
        if let segment = SegmentName(fileName: name) {
            guard segment.segmentFile == name else { return nil }
            self = .segment(segment)
        } else if SnapshotName(fileName: name) != nil, Self.isPlain(name) {
            self = .snapshot
        } else if name.hasSuffix(Self.copySuffix),
            SnapshotName(fileName: String(name.dropLast(Self.copySuffix.count)) + SnapshotName.suffix) != nil,
            Self.isPlain(name)
        {
            self = .snapshotCopy
        } else if name.hasSuffix(ConsumerFileName.suffix), Self.isPlain(name),
            (1...Self.longestConsumerStem).contains(name.utf8.count - ConsumerFileName.suffix.utf8.count)
        {
            self = .consumer
        } else if name == DerivationNote.fileName {
            self = .derivation
        } else {
            return nil
        }
    }

    /// Whether a name has only what the writer's names have, and does not begin with a dot.
    private static func isPlain(_ name: String) -> Bool {
        name.utf8.first != UInt8(ascii: ".")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "%"), UInt8(ascii: "~"):
                    true
                default: false
                }
            }
    }
}
