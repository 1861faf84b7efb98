import Ashlar
import AshlarFormat

/// A row of `snapshots`, but for the state.
struct SnapshotRow: Hashable {
    /// What tells one snapshot of a store from another.
    struct Key: Hashable {
        /// The model's name in UTF-8: to Swift, names that differ in bytes alone may be equal.
        var model: [UInt8]
        var height: Int64
        var sequence: Int64
        var schemaVersion: Int64
    }

    /// The columns it is read from, in order.
    static let columns = "model, schema_version, height, sequence, hash, codec, stored_bytes, raw_bytes, taken_at"

    var key: Key
    var hash: [UInt8]
    var codec: [UInt8]
    var storedBytes: Int64
    var rawBytes: Int64
    var takenAt: Int64

    /// The row of a snapshot file; nil if the file cannot be used, whatever the chain is.
    init?(_ entry: SnapshotEntry, _ dialect: SQLDialect) {
        guard let header = entry.header, let trailer = entry.trailer else { return nil }
        let identity = header.identity
        key = Key(
            model: Array(identity.model.utf8), height: identity.height, sequence: Int64(clamping: identity.sequence),
            schemaVersion: Int64(identity.schemaVersion))
        hash = identity.blockHash.bytes
        codec = Array("\(header.codec)".utf8)
        storedBytes = Int64(entry.fileBytes)
        rawBytes = Int64(clamping: trailer.rawBytes)
        takenAt = dialect.stored(time: header.createdTime)
    }

    /// A row as a target has it, of the columns above.
    init(_ row: [SQLValue]) {
        key = Key(
            model: Array((row[0].text ?? "").utf8), height: row[2].integer ?? -1, sequence: row[3].integer ?? -1,
            schemaVersion: row[1].integer ?? -1)
        hash = row[4].bytes ?? []
        codec = Array((row[5].text ?? "").utf8)
        storedBytes = row[6].integer ?? -1
        rawBytes = row[7].integer ?? -1
        takenAt = row[8].integer ?? -1
    }

    /// Appends it to rows of the table.
    func append(to rows: inout RowBuffer, state: String?) {
        rows.append(.text, key.model.span.bytes)
        rows.append(key.schemaVersion)
        rows.append(key.height)
        rows.append(key.sequence)
        rows.append(bytes: hash)
        rows.append(.text, codec.span.bytes)
        rows.append(storedBytes)
        rows.append(rawBytes)
        rows.append(takenAt)
        if let state { rows.append(text: state) } else { rows.appendNull() }
    }
}

extension SnapshotRow.Key {
    /// The values for `condition`.
    var values: [SQLValue] {
        [
            .text(String(decoding: model, as: UTF8.self)), .integer(height), .integer(sequence),
            .integer(schemaVersion),
        ]
    }

    /// The condition that one row alone meets.
    static let condition = "model = $1 AND height = $2 AND sequence = $3 AND schema_version = $4"
}

extension SnapshotRow.Key: CustomStringConvertible {
    var description: String {
        "model \(String(decoding: model, as: UTF8.self)), height \(height), sequence \(sequence), "
            + "schema version \(schemaVersion)"
    }
}

extension SQLDialect {
    /// A time as a target has it: PostgreSQL's begin in 4713 BC, and what is before becomes minus infinity.
    func stored(time microseconds: Int64) -> Int64 {
        self == .postgres && microseconds < -210_866_803_200_000_000 ? .min : microseconds
    }
}
