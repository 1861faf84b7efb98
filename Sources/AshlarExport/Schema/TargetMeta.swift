import Ashlar
import AshlarStorage

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
    ///
    /// Of a layout that this program does not know only the number and the store are read: its other columns may be others.
    package static func read(_ target: any ExportTarget) throws(SQLFailure) -> TargetMeta? {
        guard try target.hasTable(ExportSchema.meta.name),
            let head = try target.rows("SELECT schema_version, store_id FROM ashlar_meta WHERE id = 1").first,
            let version = head[0].integer, let store = head[1].text
        else { return nil }
        guard version <= ExportSchema.version else {
            return TargetMeta(
                storeID: store, schemaVersion: version, cursor: "", selection: "", isLoading: false, updatedAt: 0)
        }
        let rows = try target.rows("SELECT cursor, selection, is_loading, updated_at FROM ashlar_meta WHERE id = 1")
        guard let row = rows.first, let cursor = row[0].text, let selection = row[1].text,
            let isLoading = row[2].integer, let updatedAt = row[3].integer
        else { return nil }
        return TargetMeta(
            storeID: store, schemaVersion: version, cursor: cursor, selection: selection, isLoading: isLoading != 0,
            updatedAt: updatedAt)
    }

    /// Moves the target's cursor from where this exporter knows it to stand: a place that another gave it is not overwritten.
    ///
    /// Part of the transaction that is open. Throws `busy` if it stands elsewhere, `schema` if there is none.
    static func moveCursor(_ target: any ExportTarget, from place: String, to cursor: Cursor) throws(SQLFailure) {
        let changed = try target.run(
            "UPDATE ashlar_meta SET cursor = $1, updated_at = \(target.dialect.time("$2")) WHERE id = 1 "
                + "AND cursor = $3",
            [.text("\(cursor)"), .integer(SystemCalls.wallMicroseconds()), .text(place)])
        guard changed != 1 else { return }
        guard try target.value("SELECT id FROM ashlar_meta WHERE id = 1") == nil else {
            throw SQLFailure(.busy, code: "ashlar", message: "another exporter has moved the cursor meanwhile")
        }
        throw SQLFailure(.schema, code: "ashlar", message: "the row of ashlar_meta is gone")
    }
}

extension SQLDialect {
    /// The expression for a parameter of microseconds since 1970 UTC as a time; those of a clock, which no database is out of range for.
    func time(_ parameter: String) -> String {
        switch self {
        case .sqlite: parameter
        case .postgres: "(timestamptz 'epoch' + \(parameter)::bigint * interval '1 microsecond')"
        }
    }
}
