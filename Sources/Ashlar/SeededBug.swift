import AshlarStorage

/// The ways to break the engine on purpose: the simulator shows that it finds each of them.
///
/// A bug is a property of the storage that a store works on, so that stores without it can run beside. Only debug builds have the switches
/// (`SEEDED_BUGS` in `Package.swift`): in a release build `isSeeded` is the constant false, and neither it nor this type leaves a trace in the
/// object code, which `make seeded-bugs` checks.
enum SeededBug: UInt8, CaseIterable, Sendable {
    // What is durable, and who is told.
    case acknowledgeBeforeSync
    case failedSyncRetried
    case failedSyncForgotten
    case noteAheadOfSync
    case durableReaderSeesTail
    case holeAfterFailedWrite

    // Segments.
    case segmentNotInDirectory
    case headerNotSynced
    case footerBeforeData
    case nextSegmentBeforeSync
    case zerosLeftBehindFooter
    case footerTrustedUnproven
    case footerWithoutRollbacks

    // Recovery.
    case checksumsSkipped
    case tailCutTooFar
    case tailCutTooShort
    case keptTailNotSynced
    case keptTailNotRewritten
    case groupKeptInPart

    // What a commit says, and what follows from it in memory.
    case rollbackLost
    case staleVersionsAfterRollback
    case staleHistoryAfterRollback
    case keysForgotten

    // Cursors, consumers, exporters.
    case chainValueUnchecked
    case consumerNotSynced
    case consumerRenamedBeforeSync
    case exporterCursorMovedAlone

    // Snapshots and pruning.
    case snapshotRenamedBeforeSync
    case snapshotAheadOfLog
    case undoneSnapshotAccepted
    case pruneBeforeRecord
    case markLostInPrune
    case namesLostInPrune
}

extension Storage {
    /// Whether whoever works on this storage is to have `bug`.
    @inline(__always)
    func isSeeded(_ bug: SeededBug) -> Bool {
        #if SEEDED_BUGS
            seededBug == bug.rawValue
        #else
            false
        #endif
    }
}

extension StorageFile {
    /// Whether whoever works on this file is to have `bug`.
    @inline(__always)
    func isSeeded(_ bug: SeededBug) -> Bool {
        #if SEEDED_BUGS
            seededBug == bug.rawValue
        #else
            false
        #endif
    }
}

#if SEEDED_BUGS
    extension Store {
        /// Whether an exporter of this store is to move its cursor in a transaction of its own.
        package var movesExportCursorAlone: Bool { core.storage.isSeeded(.exporterCursorMovedAlone) }
    }
#endif
