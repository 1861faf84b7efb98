import AshlarExport
import AshlarFormat

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
    ///
    /// SQLite keeps text as whatever bytes came, so it is asked for the bytes: none is replaced on the way.
    static func columns(_ dialect: SQLDialect) -> String {
        let (requestID, type, payload) =
            switch dialect {
            case .sqlite:
                (
                    #"CAST("requestId" AS BLOB)"#, #"CASE typeof("type") WHEN 'text' THEN CAST("type" AS BLOB) END"#,
                    #"CASE typeof("payload") WHEN 'text' THEN CAST("payload" AS BLOB) ELSE "payload" END"#
                )
            case .postgres: (#"CAST("requestId" AS text)"#, #"CAST("type" AS text)"#, #""payload""#)
            }
        return """
            "id", "version", \(requestID), \(type), \(payload), "blockHeight", \
            CASE WHEN "isCompressed" THEN 1 ELSE 0 END, "timestamp"
            """
    }

    /// Makes a row of what a query for `columns` gave.
    init(_ values: [SQLValue], of table: String, _ payloads: EasyLayerPayload) throws(EasyLayerError) {
        guard values.count == 8, let id = values[0].integer else {
            throw .layout("a row of `\(table)` has no integer `id`")
        }
        func wrong(_ reason: String) -> EasyLayerError { .row(table: table, id: id, reason: reason) }
        guard let version = values[1].integer else { throw wrong("`version` is not an integer") }
        guard values[2].isNull || values[2].utf8Text != nil else { throw wrong("`requestId` is not text in UTF-8") }
        guard let type = values[3].utf8Text, (1...255).contains(type.utf8.count), !type.utf8.contains(0) else {
            throw wrong("`type` is not text of 1–255 bytes in UTF-8 without a zero character")
        }
        guard let stored = values[4].bytes ?? values[4].text.map({ Array($0.utf8) }) else {
            throw wrong("`payload` is neither bytes nor text")
        }
        guard values[5].isNull || values[5].integer.map({ $0 <= Limits.height }) == true else {
            throw wrong("`blockHeight` is not an integer up to \(Limits.height)")
        }
        guard let timestamp = values[7].integer else { throw wrong("`timestamp` is not an integer") }
        let requestID = values[2].utf8Text.flatMap { $0.isEmpty ? nil : $0 }
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

extension SQLValue {
    /// The text, also where it came as the bytes of one.
    var utf8Text: String? { text ?? bytes.flatMap { String(validating: $0, as: UTF8.self) } }
}

extension EasyLayerRow {
    /// The request id as a store has it.
    var requestBytes: [UInt8]? { requestID.map(EasyLayerRequestID.bytes) }

    /// Whether an export made the row of what a store's chain did, so that it stands for no event of a store.
    var isMade: Bool { requestID.map(EasyLayerRequestID.isMade) ?? false }
}

/// The name as it stands in SQL; a model's name has nothing in it to escape.
func quoted(_ model: String) -> String { "\"\(model)\"" }
