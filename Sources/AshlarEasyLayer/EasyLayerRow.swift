import AshlarExport

/// A row of a model's table.
package struct EasyLayerRow: Sendable, Hashable {
    /// Its number, which orders the rows within a file.
    package var id: Int64
    /// The event's number within its model, as the table has it; may have holes.
    package var version: Int64
    /// Usually a UUID.
    package var requestID: String?
    /// The event's type.
    package var type: String
    /// The payload, inflated.
    package var payload: [UInt8]
    /// The height; nil where the table has none or a negative one, which means an event of no block.
    package var height: Int64?
    /// Microseconds since 1970 UTC.
    package var timestamp: Int64
}

extension EasyLayerRow {
    /// The columns in the order that `init` takes them.
    static let columns = """
        "id", "version", CAST("requestId" AS text), "type", "payload", "blockHeight", \
        CASE WHEN "isCompressed" THEN 1 ELSE 0 END, "timestamp"
        """

    /// Makes a row of what a query for `columns` gave.
    init(_ values: [SQLValue], of table: String, _ payloads: EasyLayerPayload) throws(EasyLayerError) {
        guard values.count == 8, let id = values[0].integer else {
            throw .layout("a row of `\(table)` has no integer `id`")
        }
        func wrong(_ reason: String) -> EasyLayerError { .row(table: table, id: id, reason: reason) }
        guard let version = values[1].integer else { throw wrong("`version` is not an integer") }
        guard values[2].isNull || values[2].text != nil else { throw wrong("`requestId` is not text") }
        guard let type = values[3].text, (1...255).contains(type.utf8.count) else {
            throw wrong("`type` is not text of 1–255 bytes")
        }
        guard let stored = values[4].bytes ?? values[4].text.map({ Array($0.utf8) }) else {
            throw wrong("`payload` is neither bytes nor text")
        }
        guard values[5].isNull || values[5].integer != nil else { throw wrong("`blockHeight` is not an integer") }
        guard let timestamp = values[7].integer else { throw wrong("`timestamp` is not an integer") }
        let requestID = values[2].text.flatMap { $0.isEmpty ? nil : $0 }
        guard requestID.map({ EasyLayerRequestID.bytes(of: $0).count }) ?? 1 <= 255 else {
            throw wrong("`requestId` has more than 255 bytes")
        }
        self.id = id
        self.version = version
        self.requestID = requestID
        self.type = type
        self.timestamp = timestamp
        height = values[5].integer.flatMap { $0 < 0 ? nil : $0 }
        do throws(EasyLayerPayloadProblem) {
            payload = try payloads.plain(stored, isCompressed: values[6] == .integer(1))
        } catch {
            throw wrong("\(error)")
        }
    }
}

extension EasyLayerRow {
    /// The request id as a store has it.
    var requestBytes: [UInt8]? { requestID.map(EasyLayerRequestID.bytes) }

    /// Whether an export made the row of what a store's chain did, so that it stands for no event of a store.
    var isMade: Bool { requestID.map(EasyLayerRequestID.isMade) ?? false }
}

/// The name as it stands in SQL; a model's name has nothing in it to escape.
func quoted(_ model: String) -> String { "\"\(model)\"" }
