/// The name of a snapshot's file: it sorts by height within a model, and only informs; what counts is the header.
package struct SnapshotName: Hashable, Sendable {
    package static let suffix = ".snapshot"
    private static let prefixBytes = 40

    /// The model's name as far as it can be read in a file name, and 16 hex digits of all of it.
    package let stem: String
    package let height: Int64
    package let sequence: UInt64
    package let schemaVersion: UInt32

    package init(_ identity: SnapshotIdentity) {
        stem = Self.stem(ofModel: identity.model)
        height = identity.height
        sequence = identity.sequence
        schemaVersion = identity.schemaVersion
    }

    /// The parts of a file name, or nil if it is not one that a writer gives.
    package init?(fileName: String) {
        guard Self.isSnapshot(fileName) else { return nil }
        let parts = fileName.dropLast(Self.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[1].utf8.count == 16, let height = Int64(parts[2]),
            let sequence = UInt64(parts[3]), let schemaVersion = UInt32(parts[4])
        else { return nil }
        stem = "\(parts[0])-\(parts[1])"
        self.height = height
        self.sequence = sequence
        self.schemaVersion = schemaVersion
        guard file == fileName else { return nil }
    }

    /// The file's name once the snapshot counts.
    package var file: String { base + Self.suffix }

    /// The name of a second file with the same content ([SNP-16]).
    package var copyFile: String { base + "-copy" + Self.suffix }

    /// The file's name while it is written: of its own for each attempt.
    package func temporaryFile(attempt: UInt64) -> String {
        base + "-" + Hex.string(attempt) + Self.suffix + SegmentName.temporarySuffix
    }

    /// Whether a file of this name is a snapshot.
    package static func isSnapshot(_ fileName: String) -> Bool {
        let (name, suffix) = (fileName.utf8, suffix.utf8)
        return name.count > suffix.count && name.suffix(suffix.count).elementsEqual(suffix)
    }

    /// What the file names of a model's snapshots start with ([SNP-1]).
    package static func stem(ofModel model: String) -> String {
        let readable = model.utf8.prefix(prefixBytes).map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                byte
            default: UInt8(ascii: "_")
            }
        }
        var padded = Array(model.utf8)
        padded.append(contentsOf: repeatElement(0, count: paddedTo8(padded.count) - padded.count))
        let start = ChainValue.fold(0, UInt64(model.utf8.count))
        let hash = padded.withUnsafeBytes { ChainValue.fold(start, $0) }
        return String(decoding: readable, as: UTF8.self) + "-" + Hex.string(hash)
    }

    private var base: String {
        "\(stem)-\(Self.digits(height, 19))-\(Self.digits(sequence, 20))-\(schemaVersion)"
    }

    private static func digits(_ number: some BinaryInteger, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
