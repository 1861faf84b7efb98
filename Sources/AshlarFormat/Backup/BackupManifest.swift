/// What one generation of a backup holds: text, written last; see `format-spec/backup.md`.
package struct BackupManifest: Hashable, Sendable {
    package static let suffix = ".manifest"
    package static let version = 1
    /// The most bytes that a reader takes for a manifest.
    package static let maxBytes = 1 << 26
    /// The largest file that may come under two names: consumers' files may be the same where they are damaged.
    private static let sharedBytes = 1_024

    package var storeID: StoreID
    package var generation: UInt64
    /// Wall time at which it was begun.
    package var createdTime: Int64
    /// The last commit.
    package var sequence: UInt64
    package var chainValue: UInt64
    package var prunedSequence: UInt64
    /// Height of the canonical tip; −1 if there is none.
    package var tipHeight: Int64
    /// Segments first, in ascending order.
    package var files: [BackupFile]

    package init(
        storeID: StoreID, generation: UInt64, createdTime: Int64, sequence: UInt64, chainValue: UInt64,
        prunedSequence: UInt64, tipHeight: Int64, files: [BackupFile]
    ) {
        self.storeID = storeID
        self.generation = generation
        self.createdTime = createdTime
        self.sequence = sequence
        self.chainValue = chainValue
        self.prunedSequence = prunedSequence
        self.tipHeight = tipHeight
        self.files = files
    }

    /// Bytes of all files.
    package var bytes: Int { files.reduce(0) { $0 + $1.size } }

    /// The manifest's name in the backup.
    package var fileName: String { Self.fileName(generation: generation) }

    package static func fileName(generation: UInt64) -> String {
        let digits = String(generation)
        return String(repeating: "0", count: max(0, 10 - digits.utf8.count)) + digits + suffix
    }

    /// The generation whose manifest has this name, or nil if none has.
    package static func generation(ofFileName name: String) -> UInt64? {
        guard name.hasSuffix(suffix), let number = UInt64(name.dropLast(suffix.count)), number > 0,
            fileName(generation: number) == name
        else { return nil }
        return number
    }

    /// The text.
    package func encoded() -> [UInt8] {
        var text = "ashlar backup \(Self.version)\nstore \(storeID)\ngeneration \(generation)\ncreated \(createdTime)\n"
        text += "sequence \(sequence)\nchainvalue \(Hex.string(chainValue))\npruned \(prunedSequence)\n"
        text += "tip \(tipHeight)\nfiles \(files.count)\n"
        for file in files { text += "\(file.digest) \(file.size) \(Hex.string(file.fingerprint)) \(file.name)\n" }
        var bytes = Array(text.utf8)
        bytes += Array("sha256 \(SHA256.digest(of: bytes))\n".utf8)
        return bytes
    }
}

extension BackupManifest {
    /// Length of the last line: `sha256 `, 64 digits, a line feed.
    private static let lastLineBytes = 72

    /// Decodes and checks a manifest ([BAK-4]).
    ///
    /// The digest comes first: a flipped bit is damage, not a newer format.
    package init(decoding bytes: [UInt8]) throws(FormatError) {
        try require(bytes.count > Self.lastLineBytes, "backup manifest: it is too short")
        let body = Array(bytes[..<(bytes.count - Self.lastLineBytes)])
        let last = "sha256 \(SHA256.digest(of: body))\n"
        try require(
            last.utf8.elementsEqual(bytes[body.count...]),
            "backup manifest: its last line is not the digest of the rest")
        var lines = Lines(body)
        try Self.checkVersion(try lines.next("ashlar backup"))
        guard let storeID = StoreID(hex: try lines.next("store")) else { throw .damaged("backup manifest: store") }
        self.init(
            storeID: storeID, generation: try lines.number("generation"), createdTime: try lines.number("created"),
            sequence: try lines.number("sequence"), chainValue: try lines.hex("chainvalue"),
            prunedSequence: try lines.number("pruned"), tipHeight: try lines.number("tip"), files: [])
        let count: Int = try lines.number("files")
        // Each file takes a line: the count needs no bound of its own.
        while let line = lines.rest() { files.append(try Self.file(line)) }
        try require(files.count == count, "backup manifest: \(files.count) files, not \(count)")
        try require(encoded() == bytes, "backup manifest: it is not written as a writer writes it")
        try check()
    }

    private static func checkVersion(_ text: Substring) throws(FormatError) {
        guard let version = Int(text), version >= 1 else { throw .damaged("backup manifest: version") }
        guard version == Self.version else {
            throw .unsupported(
                "the backup has format version \(version); this program reads up to \(Self.version). Use a newer Ashlar"
            )
        }
    }

    private static func file(_ line: Substring) throws(FormatError) -> BackupFile {
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 4, let digest = SHA256Digest(hex: words[0]), let size = Int(words[1]), size >= 0,
            let fingerprint = UInt64(words[2], radix: 16)
        else { throw .damaged("backup manifest: a line that names no file") }
        let name = String(words[3])
        try require(BackupFileName(name) != nil, "backup manifest: a file of a name that no store has")
        return BackupFile(name: name, size: size, digest: digest, fingerprint: fingerprint)
    }

    /// Segments without a gap come first; no name comes twice.
    private func check() throws(FormatError) {
        try require(generation > 0 && tipHeight >= -1, "backup manifest: generation or tip")
        try require(prunedSequence <= sequence, "backup manifest: more was pruned than there was")
        try require(Set(files.map(\.name)).count == files.count, "backup manifest: a name comes twice")
        // One file under many names would make a large store of a small backup.
        var stored: Set<String> = []
        for file in files where !stored.insert(file.storedName).inserted {
            try require(file.size <= Self.sharedBytes, "backup manifest: a large file comes under two names")
        }
        var last: UInt64?
        var isBehind = false
        for file in files {
            guard case .segment(let name) = BackupFileName(file.name) else {
                isBehind = true
                continue
            }
            try require(
                !isBehind && name.generation == 0 && (last.map { name.number == $0 + 1 } ?? true),
                "backup manifest: the segments are not in order")
            last = name.number
        }
        try require(last != nil, "backup manifest: it has no segment")
    }
}

/// The lines of a manifest, one after the other.
private struct Lines {
    private var lines: ArraySlice<Substring>

    init(_ bytes: [UInt8]) {
        lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)[...]
    }

    /// What stands behind `title` in the next line.
    mutating func next(_ title: String) throws(FormatError) -> Substring {
        guard let line = lines.popFirst(), line.hasPrefix(title + " ") else {
            throw .damaged("backup manifest: no line `\(title)` where one belongs")
        }
        return line.dropFirst(title.count + 1)
    }

    mutating func number<Number: FixedWidthInteger>(_ title: String) throws(FormatError) -> Number {
        guard let number = Number(try next(title)) else { throw .damaged("backup manifest: `\(title)` is no number") }
        return number
    }

    mutating func hex(_ title: String) throws(FormatError) -> UInt64 {
        guard let number = UInt64(try next(title), radix: 16) else {
            throw .damaged("backup manifest: `\(title)` is no number")
        }
        return number
    }

    /// The next line, or nil behind the last line feed.
    mutating func rest() -> Substring? { lines.count > 1 ? lines.popFirst() : nil }
}
