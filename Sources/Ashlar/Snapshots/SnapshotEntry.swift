package import AshlarFormat

/// One snapshot file of a store, as its header and trailer tell it.
package struct SnapshotEntry: Sendable {
    package enum Contents: Sendable {
        /// Header and trailer are right.
        case whole(SnapshotHeader, SnapshotTrailer)
        /// It cannot be used, for a reason that lies in the file itself.
        case unusable(SnapshotError)
    }

    package let fileName: String
    package let fileBytes: Int
    package let contents: Contents

    package var header: SnapshotHeader? { if case .whole(let header, _) = contents { header } else { nil } }
    package var trailer: SnapshotTrailer? { if case .whole(_, let trailer) = contents { trailer } else { nil } }
    package var identity: SnapshotIdentity? { header?.identity }

    /// Where in the chain it stands.
    var place: SnapshotPlace? { identity.map { SnapshotPlace(height: $0.height, sequence: $0.sequence) } }
}

/// A place in the chain that snapshots can stand at, lowest first.
struct SnapshotPlace: Hashable, Comparable, Sendable {
    var height: Int64
    var sequence: UInt64

    static func < (left: SnapshotPlace, right: SnapshotPlace) -> Bool {
        (left.height, left.sequence) < (right.height, right.sequence)
    }
}
