import Ashlar
import AshlarExport

/// A row on its way into a model's table.
struct EasyLayerExportRow: ~Escapable {
    /// The digest of its type, which the row's digest goes on from.
    let typeDigest: EasyLayerDigest
    /// The event's type as UTF-8.
    let type: [UInt8]
    /// The request id as a store has it.
    let requestID: [UInt8]?
    /// Whether the row is made of what happened to the chain, and its request id says so.
    let isMade: Bool
    /// The height of its block; nil for a floating event.
    let height: Int64?
    /// Its time.
    let timestamp: Timestamp
    /// The payload as it is in the store.
    let payload: RawSpan

    @_lifetime(copy payload)
    init(
        typeDigest: EasyLayerDigest, type: [UInt8], requestID: [UInt8]?, isMade: Bool = false, height: Int64?,
        timestamp: Timestamp, payload: RawSpan
    ) {
        self.typeDigest = typeDigest
        self.type = type
        self.requestID = requestID
        self.isMade = isMade
        self.height = height
        self.timestamp = timestamp
        self.payload = payload
    }
}

/// Fills the table of one model, some rows at a time, and adds up what went into it.
///
/// Invariant: `last` rows were appended, with ids and versions from 1 to `last`.
final class EasyLayerTableFiller {
    /// The table.
    let table: Table
    /// The model's name in the store; nil if the rows are made from the store's blocks.
    let model: String?
    /// Rows that are not sent yet.
    private(set) var rows = RowBuffer(columnCount: 8)
    /// The id and version of the last row.
    private(set) var last: Int64 = 0
    /// What the rows add up to.
    private(set) var sum = EasyLayerSum()

    /// The bytes at which a table's rows are sent.
    static let batchBytes = 4 << 20
    /// The number of rows at which they are sent, however small they are.
    static let batchRows = 16_384

    init(table: String, model: String?) {
        self.table = EasyLayerTables.model(table)
        self.model = model
    }

    /// Whether it is time to send the rows.
    var isFull: Bool { rows.bytes.count >= Self.batchBytes || rows.rowCount >= Self.batchRows }

    /// Appends a row; its payload is compressed from the database's threshold on.
    func append(
        _ row: borrowing EasyLayerExportRow, _ deflater: EasyLayerDeflater, _ dialect: SQLDialect
    ) throws(EasyLayerExportError) {
        last += 1
        rows.append(last)
        rows.append(last)
        let requestID = (row.isMade ? row.requestID : row.requestID.map(EasyLayerRequestID.text)) ?? []
        rows.append(.text, requestID.span.bytes)
        rows.append(.text, row.type.span.bytes)
        let isCompressed = row.payload.byteCount >= EasyLayerDeflater.threshold(dialect)
        if isCompressed {
            let deflated: [UInt8]
            do throws(EasyLayerPayloadProblem) { deflated = try deflater.deflated(row.payload) } catch {
                throw .refused(code: "payload", "a payload cannot be compressed: \(error)")
            }
            rows.append(.bytes, deflated.span.bytes)
        } else {
            rows.append(.bytes, row.payload)
        }
        rows.append(row.height)
        rows.append(Int64(isCompressed ? 1 : 0))
        rows.append(row.timestamp.microseconds)
        var digest = row.typeDigest
        digest.add(
            requestID: row.requestID, timestamp: row.timestamp.microseconds, height: row.height, payload: row.payload)
        sum.add(digest, bytes: row.payload.byteCount)
        if dialect == .postgres, last > Int32.max || row.height ?? 0 > Int32.max { throw tooHigh(row.height) }
    }

    /// EasyLayer's columns have 32 bits in PostgreSQL.
    private func tooHigh(_ height: Int64?) -> EasyLayerExportError {
        let what = last > Int32.max ? "more than \(Int32.max) rows" : "an event at height \(height ?? 0)"
        return .refused(
            code: "tooHigh",
            "`\(table.name)` would have \(what), and EasyLayer's columns in PostgreSQL hold 32 bits; export into SQLite"
        )
    }

    /// Sends the rows.
    func flush(to connection: any SQLConnection) throws(EasyLayerExportError) {
        guard !rows.isEmpty else { return }
        try writing { () throws(SQLFailure) in try connection.insert(rows, into: table) }
        rows.removeAll()
    }
}
