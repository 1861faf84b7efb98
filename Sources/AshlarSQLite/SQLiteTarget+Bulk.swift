package import AshlarExport

extension SQLiteTarget {
    /// What holds outside a first load.
    static var usualPragmas: String {
        """
        PRAGMA synchronous=FULL;
        PRAGMA cache_size=-16384;
        PRAGMA wal_autocheckpoint=1000;
        PRAGMA journal_size_limit=67108864;
        PRAGMA threads=0;
        """
    }

    package func prepareBulkLoad() throws(SQLFailure) {
        try execute("PRAGMA synchronous=NORMAL; PRAGMA cache_size=-131072; PRAGMA threads=2")
    }

    package func finishBulkLoad() throws(SQLFailure) {
        try execute(Self.usualPragmas)
        try execute("PRAGMA analysis_limit=1000; ANALYZE")
        try execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
}
