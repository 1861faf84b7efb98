/// How far an import is.
package struct EasyLayerProgress: Sendable, Hashable {
    /// What it does.
    package enum Phase: Sendable, Hashable {
        /// Reads the chain that the source tells of, before anything is written.
        case outline
        /// Writes blocks and rollbacks.
        case blocks
        /// Writes events without a height.
        case floating
        /// Adds up the rows of the source.
        case source
        /// Adds up the events of the store.
        case store
    }

    /// What it does.
    package var phase: Phase
    /// Rows done by this run in this phase; while it writes, in both phases of writing.
    package var rows: UInt64 = 0
    /// Rows that an earlier run wrote.
    package var earlier: UInt64 = 0
    /// Rows there are, or a few less, since some may not count; 0 before it is known.
    package var total: UInt64
    /// Commits written by this run.
    package var commits: UInt64 = 0
}

/// What an import asks and tells while it runs.
struct EasyLayerControl {
    /// Whether to stop; asked at least before each commit and at each page of rows.
    let shouldStop: () -> Bool
    /// Told how far it is.
    let report: (EasyLayerProgress) -> Void
}
