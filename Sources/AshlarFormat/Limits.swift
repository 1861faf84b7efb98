/// The limits of the format; see "Limits" in `format-spec/README.md`.
package enum Limits {
    package static let hashBytes = 64
    package static let nameBytes = 255
    package static let requestIDBytes = 255
    package static let markBytes = 65_535
    package static let idempotencyKeyBytes = 255
    package static let derivationParameterBytes = 65_535
    package static let eventsPerCommit = 1 << 24
    package static let contentBytes = (1 << 30) - 1
    package static let frameBytes = (1 << 31) - 8
    package static let metaBytes = 1 << 28
    package static let typeID: UInt32 = (1 << 28) - 1
    package static let segmentNumber: UInt64 = (1 << 24) - 1
    package static let segmentBytes = 1 << 43
    /// Up to here every commit of a segment starts below the 32 GiB that the offsets column of a footer can tell.
    package static let segmentBytesOfWriter = 1 << 34
    package static let expansion = 255
    /// Raw bytes of a snapshot's chunk, as it is written.
    package static let snapshotChunkBytes = 1 << 20
    /// The largest chunk that a reader takes.
    package static let snapshotChunkBytesOfReader = 1 << 22
    /// The highest height; −1 is "none".
    package static let height = Int64.max - 1
}

/// What decoding found wrong with some bytes.
package enum FormatError: Error, Equatable, Sendable {
    /// The bytes are not what a writer of this format writes.
    case damaged(String)
    /// The bytes are well-formed, but of a version or kind this reader does not know.
    case unsupported(String)

    package var reason: String {
        switch self {
        case .damaged(let reason), .unsupported(let reason): reason
        }
    }
}

/// Throws `damaged` with `reason` unless `condition` holds.
@inline(__always)
package func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(FormatError) {
    if !condition { throw .damaged(reason()) }
}
