import Ashlar

/// The row of `ashlar_meta`: whose data a target holds, and up to where.
package struct TargetMeta: Sendable, Hashable {
    /// The store that was exported.
    package var storeID: String
    /// The layout.
    package var schemaVersion: Int64
    /// Where the exporter stands; moved in the transaction that writes the rows.
    package var cursor: String
    /// What of the log is exported.
    package var selection: String
    /// Whether the first load is not over, and indexes are missing.
    package var isLoading: Bool
    /// Wall time of the last batch.
    package var updatedAt: Int64

    /// The target's row; nil if there is no such table, or it is empty.
    package static func read(_ target: any ExportTarget) throws(SQLFailure) -> TargetMeta? {
        guard try target.hasTable(ExportSchema.meta.name) else { return nil }
        let row = try target.rows(
            "SELECT store_id, schema_version, cursor, selection, is_loading, updated_at FROM ashlar_meta WHERE id = 1")
        guard let row = row.first, let store = row[0].text, let version = row[1].integer, let cursor = row[2].text,
            let selection = row[3].text, let isLoading = row[4].integer, let updatedAt = row[5].integer
        else { return nil }
        return TargetMeta(
            storeID: store, schemaVersion: version, cursor: cursor, selection: selection, isLoading: isLoading != 0,
            updatedAt: updatedAt)
    }
}
