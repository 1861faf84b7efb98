// What the connection asks of SQLite, outside and during the first load.
//
// The first load stays in WAL mode. A rollback journal, which does not write new pages twice, was no faster when
// measured, and lets nobody read while it commits; no journal at all, or `synchronous=OFF`, could leave a torn file behind
// a kill or a power cut. So bulk mode saves only what a load that can be repeated does not need: a sync per commit.
// Whatever ends it, the file is as of some commit, and the cursor in it says which.

package import AshlarExport

extension SQLiteTarget {
    /// A commit is synced when it returns; the log is copied into the file every 4 MiB, and its file cut to 64 MiB where a
    /// reader let it grow further.
    package static var usualPragmas: String {
        """
        PRAGMA synchronous=FULL;
        PRAGMA cache_size=-16384;
        PRAGMA wal_autocheckpoint=1000;
        PRAGMA journal_size_limit=67108864;
        PRAGMA threads=0;
        """
    }

    /// Syncs only when the log is copied into the file, every 64 MiB; a cache in which indexes are sorted, by two more
    /// threads.
    package static var bulkPragmas: String {
        """
        PRAGMA synchronous=NORMAL;
        PRAGMA cache_size=-131072;
        PRAGMA wal_autocheckpoint=16384;
        PRAGMA threads=2;
        """
    }

    /// Makes the first load fast. Not within a transaction.
    ///
    /// After a kill the database is as of the last commit; after a power cut, as of that or an earlier one.
    package func prepareBulkLoad() throws(SQLFailure) {
        try prepare()
        try execute(Self.bulkPragmas)
    }

    /// Puts the usual pragmas back, gathers statistics from about a thousand rows per index, and copies the log into the
    /// file. Not within a transaction.
    ///
    /// When it returns, all commits survive a power cut. A reader that will not end keeps the log from being copied, which
    /// does no harm; a later commit does it. After a failure, of a full disk for example, it may be called again.
    package func finishBulkLoad() throws(SQLFailure) {
        try execute(Self.usualPragmas)
        // A commit that is synced, and so are all before it.
        try execute("PRAGMA analysis_limit=1000; ANALYZE")
        try execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
