import AshlarExport

/// The statements that create EasyLayer's tables, for each of the two databases.
///
/// In PostgreSQL keys, indexes and sequences come after the rows, which is faster and lets them have names that no table has. In SQLite the
/// rows come in the order of the keys, and only the index on heights is made afterwards.
struct EasyLayerTables {
    let dialect: SQLDialect

    /// A model's table for inserting; its columns in the order of `EasyLayerTableFiller`'s cells.
    static func model(_ name: String) -> Table {
        Table(
            name,
            [
                Column("id", .integer), Column("version", .integer32), Column("requestId", .text),
                Column("type", .text), Column("payload", .bytes), Column("blockHeight", .integer32, optional: true),
                Column("isCompressed", .boolean), Column("timestamp", .integer),
            ], key: ["id"])
    }

    /// Creates a model's table without what `finish` adds.
    func create(_ name: String) -> String {
        switch dialect {
        case .sqlite:
            """
            CREATE TABLE \(quoted(name)) ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, \
            "version" int NOT NULL DEFAULT (0), "requestId" varchar NOT NULL, "type" varchar NOT NULL, \
            "payload" blob NOT NULL, "blockHeight" int, "isCompressed" boolean DEFAULT (0), \
            "timestamp" bigint NOT NULL, \
            CONSTRAINT \(quoted(EasyLayerNames.uniqueName(name))) UNIQUE ("version", "requestId"))
            """
        case .postgres:
            """
            CREATE TABLE \(quoted(name)) ("id" bigint NOT NULL, "version" integer NOT NULL DEFAULT 0, \
            "requestId" character varying NOT NULL, "type" character varying NOT NULL, "payload" bytea NOT NULL, \
            "blockHeight" integer, "isCompressed" boolean DEFAULT false, "timestamp" bigint NOT NULL)
            """
        }
    }

    /// Makes a model's keys and indexes once its rows are there; `last` is the highest id.
    func finish(_ name: String, last: Int64) -> [String] {
        let index = "CREATE INDEX \(quoted(EasyLayerNames.indexName(name))) ON \(quoted(name)) (\"blockHeight\")"
        guard dialect == .postgres else { return [index] }
        return [
            "ALTER TABLE \(quoted(name)) ADD CONSTRAINT \(quoted(EasyLayerNames.keyName(name))) PRIMARY KEY (\"id\")",
            """
            ALTER TABLE \(quoted(name)) ADD CONSTRAINT \(quoted(EasyLayerNames.uniqueName(name))) \
            UNIQUE ("version", "requestId")
            """,
            index,
        ] + numbering(name, EasyLayerNames.sequenceName(name), last: last)
    }

    /// The sequence that the ids of new rows come from, as a column of type `bigserial` has it.
    private func numbering(_ table: String, _ sequence: String, last: Int64) -> [String] {
        [
            "CREATE SEQUENCE \(quoted(sequence)) OWNED BY \(quoted(table)).\"id\"",
            "ALTER TABLE \(quoted(table)) ALTER COLUMN \"id\" SET DEFAULT nextval('\(quoted(sequence))')",
            "SELECT setval('\(quoted(sequence))', \(max(last, 1)), \(last > 0))",
        ]
    }

    /// Creates `snapshots` and `outbox`, empty.
    func createOthers() -> [String] {
        switch dialect {
        case .sqlite:
            [
                """
                CREATE TABLE "snapshots" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, \
                "aggregateId" varchar NOT NULL, "blockHeight" int NOT NULL DEFAULT (0), \
                "version" int NOT NULL DEFAULT (0), "payload" blob NOT NULL, "isCompressed" boolean DEFAULT (0), \
                "createdAt" datetime NOT NULL DEFAULT (CURRENT_TIMESTAMP))
                """,
                """
                CREATE TABLE "outbox" ("id" integer PRIMARY KEY NOT NULL, "aggregateId" varchar NOT NULL, \
                "eventType" varchar NOT NULL, "eventVersion" bigint NOT NULL, "requestId" varchar NOT NULL, \
                "blockHeight" int, "payload" blob NOT NULL, "timestamp" bigint NOT NULL, \
                "isCompressed" boolean DEFAULT (0), "uncompressedBytes" integer NOT NULL)
                """,
            ]
        case .postgres:
            [
                """
                CREATE TABLE "snapshots" ("id" bigint CONSTRAINT "PK_snapshots" PRIMARY KEY, \
                "aggregateId" character varying NOT NULL, "blockHeight" integer NOT NULL DEFAULT 0, \
                "version" integer NOT NULL DEFAULT 0, "payload" bytea NOT NULL, \
                "isCompressed" boolean DEFAULT false, "createdAt" timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)
                """,
                """
                CREATE TABLE "outbox" ("id" bigint CONSTRAINT "PK_outbox" PRIMARY KEY, \
                "aggregateId" character varying NOT NULL, "eventType" character varying NOT NULL, \
                "eventVersion" bigint NOT NULL, "requestId" character varying NOT NULL, "blockHeight" integer, \
                "payload" bytea NOT NULL, "timestamp" bigint NOT NULL, "isCompressed" boolean DEFAULT false, \
                "uncompressedBytes" bigint NOT NULL)
                """,
            ] + numbering("snapshots", "snapshots_id_seq", last: 0)
        }
    }

    /// Makes the indexes of `snapshots` and `outbox`.
    func indexOthers() -> [String] {
        statements(EasyLayerNames.snapshotIndexes, on: "snapshots")
            + statements(EasyLayerNames.outboxIndexes, on: "outbox")
    }

    private func statements(_ indexes: [TableIndex], on table: String) -> [String] {
        indexes.map { index in
            let columns = index.columns.map { quoted($0) }.joined(separator: ", ")
            if index.isUnique, dialect == .postgres {
                return "ALTER TABLE \(quoted(table)) ADD CONSTRAINT \(quoted(index.name)) UNIQUE (\(columns))"
            }
            let kind = index.isUnique ? "UNIQUE INDEX" : "INDEX"
            return "CREATE \(kind) \(quoted(index.name)) ON \(quoted(table)) (\(columns))"
        }
    }
}
