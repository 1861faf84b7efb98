package import AshlarExport

// `blocks` and `events` in partitions of so many heights each, so that old ones can be detached, moved or vacuumed on their own, and a query
// with a condition on the height reads the partitions it needs.
//
// PostgreSQL wants the height in every unique key of such a table, and no part of a primary key may be null, which the height of a floating
// event is. So where heights may be null, there is no primary key but a unique index over the key and the height; and since nulls are distinct
// in it, the partition with the floating events has a unique index over the key alone. Where every row has a height, it joins the primary key.
// The key alone is then unique because a place in the log has only one height, not because the database sees to it.
//
// The partition for null heights is the default one; a check keeps all others out of it. Rows of heights that nothing was prepared for are
// thus refused, not put where they would be in the way of their partition; and the server, knowing the check, need not read the default
// partition through each time it makes another.

extension PostgresSyntax {
    static let partitionedNames = ["blocks", "events"]
    private static let height = "height"

    func isPartitioned(_ table: Table) -> Bool {
        partitionHeights != nil && Self.partitionedNames.contains(table.name)
            && table.columns.contains { $0.name == Self.height }
    }

    func createPartitioned(_ table: Table) -> String {
        let mayFloat = table.columns.contains { $0.name == Self.height && $0.isOptional }
        let key = table.key.contains(Self.height) ? table.key : table.key + [Self.height]
        let name = quoted(table.name)
        let range = "PARTITION BY RANGE (\(quoted(Self.height)))"
        guard mayFloat else { return "CREATE TABLE \(name) (\(definition(table, key: key))) \(range)" }
        let floating = quoted(table.name + "_floating")
        return """
            CREATE TABLE \(name) (\(definition(table, key: []))) \(range);
            CREATE UNIQUE INDEX \(quoted(table.name + "_key")) ON \(name) (\(Self.list(key)));
            CREATE TABLE \(floating) PARTITION OF \(name) (CHECK (\(quoted(Self.height)) IS NULL)) DEFAULT;
            CREATE UNIQUE INDEX \(quoted(table.name + "_floating_key")) ON \(floating) (\(Self.list(table.key)))
            """
    }
}

extension PostgresTarget {
    /// Most partitions that are made at a time: more means that they are far too small.
    private static let partitionLimit = 10_000

    /// Creates the partitions that cover the heights, as far as they are missing.
    ///
    /// Once every `partitionHeights` blocks this locks the tables until the transaction ends: readers wait for the batch, and the batch
    /// for the queries that run.
    package func prepareHeights(_ heights: ClosedRange<Int64>) throws(SQLFailure) {
        guard let size = partitionHeights else { return }
        let missing = try Self.starts(heights, size).filter { !knownPartitions.contains($0) }
        guard !missing.isEmpty else { return }
        let tables = try rows(
            """
            SELECT relname FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
              AND relname IN ($2, $3) AND relkind = 'p'
            ORDER BY relname
            """, [.text(schemaName)] + PostgresSyntax.partitionedNames.map { .text($0) }
        ).compactMap(\.first?.text)
        guard !tables.isEmpty else {
            let message = "no table of schema \(quoted(schemaName)) is partitioned by height"
            throw SQLFailure(.schema, code: "42P17", message: message)
        }
        for start in missing {
            let (end, isLast) = start.addingReportingOverflow(size)
            for table in tables {
                // With both ends in the name, partitions of another size are in the way, not taken for these.
                let name = "\(table)_\(start)_\(isLast ? .max : end - 1)"
                try execute(
                    """
                    CREATE TABLE IF NOT EXISTS \(quoted(name)) PARTITION OF \(quoted(table))
                    FOR VALUES FROM (\(start)) TO (\(isLast ? "MAXVALUE" : String(end)))
                    """)
            }
            knownPartitions.insert(start)
        }
    }

    /// First heights of the partitions that cover a range.
    private static func starts(_ heights: ClosedRange<Int64>, _ size: Int64) throws(SQLFailure) -> [Int64] {
        let lower = max(heights.lowerBound, 0)
        let upper = max(heights.upperBound, 0)
        guard upper / size - lower / size < Int64(partitionLimit) else {
            throw SQLFailure.unfit(
                "partitions of \(size) heights are too small: heights \(lower) to \(upper) need too many")
        }
        return (lower / size...upper / size).map { $0 * size }
    }
}
