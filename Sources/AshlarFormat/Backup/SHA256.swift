import CAshlarChecksum

/// SHA-256, taken piece by piece: what names and proves the files of a backup; see `format-spec/backup.md`.
package struct SHA256: Sendable {
    private var state = ashlar_sha256()

    package init() { ashlar_sha256_begin(&state) }

    /// Takes more bytes. Complexity: O(*n*), no allocation.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        ashlar_sha256_update(&state, bytes.baseAddress, bytes.count)
    }

    /// The digest of everything taken so far; more can be taken afterwards.
    package var digest: SHA256Digest {
        var copy = state
        var bytes = [UInt8](repeating: 0, count: SHA256Digest.size)
        ashlar_sha256_finish(&copy, &bytes)
        return SHA256Digest(bytes)
    }

    /// The digest of some bytes.
    package static func digest(of bytes: [UInt8]) -> SHA256Digest {
        var hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.digest
    }
}

/// The 32 bytes of a SHA-256.
package struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    package static let size = 32

    package let bytes: [UInt8]

    fileprivate init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The digest that `description` printed, or nil if the text is none.
    package init?(hex text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 2 * Self.size else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let upper = Hex.value(digits[index]), let lower = Hex.value(digits[index + 1]) else { return nil }
            bytes.append(upper << 4 | lower)
        }
        self.init(bytes)
    }

    /// 64 lower-case hex digits.
    package var description: String { Hex.string(bytes) }
}
