/// The tables and views that every target has: format-spec/sql.md describes them for those who query.
package enum ExportSchema {
    /// Number of the layout; a target of a newer one is refused.
    package static let version: Int64 = 2

    /// One row: whose data stands here, and up to where.
    package static let meta = Table(
        "ashlar_meta",
        [
            Column("id", .integer), Column("store_id", .text), Column("store_format", .text),
            Column("schema_version", .integer), Column("cursor", .text), Column("selection", .text),
            Column("is_loading", .integer), Column("updated_at", .timestamp),
        ],
        key: ["id"], checks: ["id = 1"])

    /// One row: the highest canonical block, up to which all tables are complete.
    package static let tip = Table(
        "tip",
        [
            Column("id", .integer), Column("sequence", .integer), Column("height", .integer, optional: true),
            Column("hash", .bytes, optional: true), Column("time", .timestamp, optional: true),
        ],
        key: ["id"], checks: ["id = 1"])

    /// Names of models.
    package static let models = names("models")
    /// Names of types.
    package static let types = names("types")

    /// All blocks, undone ones too.
    package static let blocks = Table(
        "blocks",
        [
            Column("sequence", .integer), Column("height", .integer), Column("hash", .bytes),
            Column("parent", .bytes), Column("time", .timestamp), Column("appended_at", .timestamp),
            Column("chain_value", .integer), Column("request_id", .bytes, optional: true),
            Column("event_count", .integer), Column("undone_by", .integer, optional: true),
        ],
        key: ["sequence"], checks: ["undone_by > sequence"],
        indexes: [
            TableIndex("blocks_height", ["height", "sequence"]), TableIndex("blocks_hash", ["hash"]),
            TableIndex("blocks_time", ["time"]),
            TableIndex("blocks_undone", ["undone_by"], where: "undone_by IS NOT NULL"),
        ])

    /// All events: of blocks, undone ones too, and floating ones, which have neither height nor version.
    package static let events = Table(
        "events",
        [
            Column("sequence", .integer), Column("ordinal", .integer), Column("height", .integer, optional: true),
            Column("model_id", .integer), Column("type_id", .integer), Column("version", .integer, optional: true),
            Column("time", .timestamp), Column("request_id", .bytes, optional: true),
            Column("payload", .json, optional: true), Column("payload_bytes", .bytes, optional: true),
            Column("undone_by", .integer, optional: true),
        ],
        key: ["sequence", "ordinal"],
        checks: ["(payload IS NULL) <> (payload_bytes IS NULL)", "undone_by > sequence"],
        indexes: [
            TableIndex("events_height", ["height", "sequence", "ordinal"], where: "undone_by IS NULL"),
            TableIndex("events_model", ["model_id", "type_id", "height"], where: "undone_by IS NULL"),
            TableIndex("events_request", ["request_id"], where: "request_id IS NOT NULL"),
        ])

    /// What undid blocks.
    package static let rollbacks = Table(
        "rollbacks",
        [
            Column("sequence", .integer), Column("appended_at", .timestamp), Column("to_height", .integer),
            Column("undone_count", .integer),
        ],
        key: ["sequence"])

    /// Which blocks each rollback undid.
    package static let undoneBlocks = Table(
        "undone_blocks",
        [
            Column("sequence", .integer), Column("block_sequence", .integer), Column("height", .integer),
            Column("hash", .bytes),
        ],
        key: ["sequence", "block_sequence"], indexes: [TableIndex("undone_blocks_block", ["block_sequence"])])

    /// Which undone blocks a commit took up again.
    package static let readoptedBlocks = Table(
        "readopted_blocks",
        [Column("sequence", .integer), Column("block_sequence", .integer), Column("height", .integer)],
        key: ["sequence", "block_sequence"],
        indexes: [TableIndex("readopted_blocks_block", ["block_sequence"])])

    /// What tables a map and states have here, and how each was defined when its rows were made.
    package static let ownTables = Table(
        "ashlar_tables",
        [Column("name", .text), Column("kind", .text), Column("definition", .text)],
        key: ["name"], checks: ["kind IN ('map', 'state')"])

    /// The store's snapshots that are valid for the chain as of the cursor.
    package static let snapshots = Table(
        "snapshots",
        [
            Column("model", .text), Column("schema_version", .integer), Column("height", .integer),
            Column("sequence", .integer), Column("hash", .bytes), Column("codec", .text),
            Column("stored_bytes", .integer), Column("raw_bytes", .integer), Column("taken_at", .timestamp),
            Column("state", .json, optional: true),
        ],
        key: ["model", "height", "sequence", "schema_version"],
        indexes: [TableIndex("snapshots_height", ["height"])])

    /// The tables whose rows come from the log, in the order of `LogTable`.
    package static let logTables = [models, types, blocks, events, rollbacks, undoneBlocks, readoptedBlocks]
    /// All tables.
    package static let tables = [meta, tip, ownTables, snapshots] + logTables

    private static func names(_ name: String) -> Table {
        Table(
            name, [Column("id", .integer), Column("name", .text)], key: ["id"],
            indexes: [TableIndex("\(name)_name", ["name"], unique: true)])
    }
}

/// A place in `ExportSchema.logTables`.
package enum LogTable: Int, CaseIterable, Sendable {
    case models, types, blocks, events, rollbacks, undoneBlocks, readoptedBlocks
}
