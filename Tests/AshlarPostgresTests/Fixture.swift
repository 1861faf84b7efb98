import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Testing

/// A target in a schema of the shared server; each test gives it another one.
func makeTarget(_ schema: String, partitionHeights: Int64? = nil) throws -> PostgresTarget {
    try PostgresTarget(PostgresServer.shared().url, schemaName: schema, partitionHeights: partitionHeights)
}

/// Rows of values in one buffer.
func buffer(_ rows: [[SQLValue]]) -> RowBuffer {
    var buffer = RowBuffer(columnCount: rows.first?.count ?? 1)
    for value in rows.joined() { buffer.append(value) }
    return buffer
}

/// The failure an operation ends in.
func failure(_ body: () throws(SQLFailure) -> Void) -> SQLFailure? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}

/// A column of every type, all of them optional but the first.
let everyType = Table(
    "every type",
    [
        Column("number", .integer), Column("text", .text, optional: true), Column("bytes", .bytes, optional: true),
        Column("json", .json, optional: true), Column("time", .timestamp, optional: true),
        Column("amount", .numeric, optional: true),
    ], key: ["number"])

/// Events as an exporter writes them, as far as it matters here.
let events = Table(
    "events",
    [
        Column("sequence", .integer), Column("ordinal", .integer), Column("height", .integer, optional: true),
        Column("payload", .json, optional: true),
    ], key: ["sequence", "ordinal"])
