import Ashlar
import AshlarFormat

/// Events as JSON Lines, CSV or a table, straight from a cursor.
///
/// Names and the hash of the block at hand are kept as they are printed, so that an event costs no allocation but for rare fields.
struct EventPrinter {
    /// A name as it stands in JSON and in CSV.
    private struct Name {
        var json: [UInt8]
        var csv: [UInt8]
    }

    private let notation: HashNotation
    private let format: RowFormat
    private var models: [UInt32: Name] = [:]
    private var types: [UInt32: Name] = [:]
    private var hash: [UInt8] = []
    private var hashSequence: UInt64 = 0
    private var table = TextTable([
        .number("sequence"), .number("height"), .text("model"), .number("version"), .text("type"), .text("time"),
        .text("payload"),
    ])

    /// A printer of the events of a store.
    init(_ notation: HashNotation, _ format: RowFormat) {
        self.notation = notation
        self.format = format
    }

    /// Writes what stands in front of the first event.
    func begin(_ output: inout Output) {
        guard format == .csv else { return }
        output.write("sequence,ordinal,height,hash,model,type,version,timestamp,")
        output.write("requestId,requestIdBase64,payload,payloadBase64\n")
    }

    /// Writes the event a cursor stands at.
    mutating func print(_ cursor: borrowing EventCursor, _ output: inout Output) {
        switch format {
        case .jsonLines: json(cursor, &output)
        case .csv: csv(cursor, &output)
        case .table: row(cursor, &output)
        }
    }

    /// Writes what was held back.
    mutating func finish(_ output: inout Output) {
        if format == .table { table.finish(&output) }
    }

    private mutating func json(_ cursor: borrowing EventCursor, _ output: inout Output) {
        output.write("{\"sequence\":")
        output.write(cursor.sequence)
        output.write(",\"ordinal\":")
        output.write(cursor.ordinal)
        output.write(",\"height\":")
        output.json(cursor.height)
        updateHash(cursor)
        if hash.isEmpty {
            output.write(",\"hash\":null,\"model\":")
        } else {
            output.write(",\"hash\":\"")
            output.write(hash)
            output.write("\",\"model\":")
        }
        output.write(model(cursor).json)
        output.write(",\"type\":")
        output.write(type(cursor).json)
        output.write(",\"version\":")
        output.json(cursor.version)
        output.write(",\"timestamp\":")
        output.write(cursor.timestamp.microseconds)
        output.write(",")
        output.json("requestId", bytes: cursor.requestID)
        let payload = cursor.payload
        if JSONText.isLine(payload) {
            output.write(",\"payload\":")
            payload.withUnsafeBytes { output.write($0) }
            output.write("}\n")
        } else {
            output.write(",\"payloadBase64\":\"")
            payload.withUnsafeBytes { output.write(Base64.encode($0)) }
            output.write("\"}\n")
        }
    }

    private mutating func csv(_ cursor: borrowing EventCursor, _ output: inout Output) {
        output.write(cursor.sequence)
        output.write(",")
        output.write(cursor.ordinal)
        output.write(",")
        output.csv(cursor.height)
        output.write(",")
        updateHash(cursor)
        output.write(hash)
        output.write(",")
        output.csv(bytes: model(cursor).csv)
        output.write(",")
        output.csv(bytes: type(cursor).csv)
        output.write(",")
        output.csv(cursor.version)
        output.write(",")
        output.write(cursor.timestamp.microseconds)
        output.write(",")
        output.csv(textOrBase64: cursor.requestID)
        output.write(",")
        let payload = cursor.payload
        if JSONText.isValue(payload) {
            payload.withUnsafeBytes { output.csv($0) }
            output.write(",\n")
        } else {
            output.write(",")
            payload.withUnsafeBytes { output.write(Base64.encode($0)) }
            output.write("\n")
        }
    }

    private mutating func row(_ cursor: borrowing EventCursor, _ output: inout Output) {
        let payload = cursor.payload.withUnsafeBytes { String(decoding: $0.prefix(512), as: UTF8.self) }
        table.add(
            [
                "\(cursor.sequence)", cursor.height.map { "\($0)" } ?? "floating", cursor.model,
                cursor.version.map { "\($0)" } ?? "-", cursor.type, TimeText.format(cursor.timestamp),
                TextTable.cut(payload, to: 72),
            ], to: &output)
    }

    private mutating func updateHash(_ cursor: borrowing EventCursor) {
        guard cursor.sequence != hashSequence else { return }
        hashSequence = cursor.sequence
        hash = cursor.hash.map { Array(HashText.encode($0.bytes, as: notation).utf8) } ?? []
    }

    private mutating func model(_ cursor: borrowing EventCursor) -> Name {
        if let known = models[cursor.modelID] { return known }
        let name = cursor.model
        let made = Name(json: JSONText.quoted(name.utf8), csv: Array(name.utf8))
        models[cursor.modelID] = made
        return made
    }

    private mutating func type(_ cursor: borrowing EventCursor) -> Name {
        if let known = types[cursor.typeID] { return known }
        let name = cursor.type
        let made = Name(json: JSONText.quoted(name.utf8), csv: Array(name.utf8))
        types[cursor.typeID] = made
        return made
    }
}
