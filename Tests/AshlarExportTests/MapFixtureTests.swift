import AshlarExport
import AshlarJSON
import CAshlarZlib
import Foundation
import Testing

@Suite("Typed tables of real events") struct MapFixtureTests {
    static let transfers = """
        {"tables": [{"name": "transfers", "model": "*", "type": "Transfer(address,address,uint256)", "onMisfit": "fail",
          "columns": [
            {"name": "token", "path": "model", "type": "bytes", "index": true},
            {"name": "sender", "path": "$.args.from", "type": "bytes", "index": true},
            {"name": "recipient", "path": "$.args.to", "type": "bytes", "index": true},
            {"name": "value", "path": "$.args.value", "type": "numeric"},
            {"name": "transaction", "path": "$.tx", "type": "bytes"},
            {"name": "log_index", "path": "$.log_index", "type": "bigint"},
            {"name": "third_topic", "path": "$.topics[3]", "type": "bytes"}]}]}
        """

    static let outputs = """
        {"tables": [{"name": "outputs", "model": "utxo", "type": "output.created", "onMisfit": "fail", "columns": [
            {"name": "txid", "path": "$.txid", "type": "bytes", "index": true},
            {"name": "vout", "path": "$.vout", "type": "bigint"},
            {"name": "value", "path": "$.value", "type": "bigint"},
            {"name": "script", "path": "$.script", "type": "bytes"},
            {"name": "coinbase", "path": "$.coinbase", "type": "text"}]}]}
        """

    /// Fills the table of a map with the events of a fixture, and gives the payloads of its rows.
    private func fill(
        _ map: String, from fixture: String, _ dialect: SQLDialect
    ) throws -> (rows: RowBuffer, payloads: [[String: Any]], models: [String]) {
        let mapped = try MapTests.read(map).tables[0]
        var table = TypedTable(mapped, dialect: dialect)
        var rows = RowBuffer(columnCount: table.table.columns.count)
        var (payloads, models): ([[String: Any]], [String]) = ([], [])
        let bytes = try unzipped(fixture)
        for (sequence, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
            let line = Array(line)
            for (ordinal, event) in try events(line).enumerated()
            where mapped.matches(model: event.model, type: event.type) {
                let (payload, model) = (Array(line[event.payload]), Array(event.model.utf8))
                try table.append(
                    payload: payload.span.bytes, model: model.span.bytes, sequence: UInt64(sequence), ordinal: ordinal,
                    height: 1, time: 2, to: &rows)
                payloads.append(try #require(try JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any]))
                models.append(event.model)
            }
        }
        #expect(table.misfitCount == 0)
        return (rows, payloads, models)
    }

    private func events(_ line: [UInt8]) throws(JSONError) -> [(model: String, type: String, payload: Range<Int>)] {
        var events: [(model: String, type: String, payload: Range<Int>)] = []
        var scanner = JSONScanner(line.span.bytes)
        try scanner.openObject("line")
        var isFirst = true
        while let key = try scanner.nextKey(&isFirst) {
            guard try scanner.text(key) == "events" else {
                _ = try scanner.skipValue()
                continue
            }
            try scanner.openArray("events")
            var isFirst = true
            while try scanner.nextElement(&isFirst) { events.append(try event(&scanner)) }
        }
        return events
    }

    private func event(
        _ scanner: inout JSONScanner
    ) throws(JSONError) -> (model: String, type: String, payload: Range<Int>) {
        var (model, type, payload) = ("", "", 0..<0)
        try scanner.openObject("event")
        var isFirst = true
        while let key = try scanner.nextKey(&isFirst) {
            switch try scanner.text(key) {
            case "model": model = try scanner.text(try scanner.string("model"))
            case "type": type = try scanner.text(try scanner.string("type"))
            case "payload": payload = try scanner.skipValue()
            default: _ = try scanner.skipValue()
            }
        }
        return (model, type, payload)
    }

    private func unzipped(_ name: String) throws -> [UInt8] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = try #require(gzopen(folder.appendingPathComponent("Fixtures/\(name)").path, "rb"))
        defer { gzclose(file) }
        var (bytes, chunk): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 1 << 16))
        while true {
            let count = gzread(file, &chunk, UInt32(chunk.count))
            try #require(count >= 0)
            guard count > 0 else { return bytes }
            bytes += chunk[..<Int(count)]
        }
    }

    private func bytes(_ hex: Any?) throws -> SQLValue {
        guard let hex = hex as? String else { return .null }
        var rest = Substring(hex.hasPrefix("0x") ? String(hex.dropFirst(2)) : hex)
        var bytes: [UInt8] = []
        while !rest.isEmpty {
            bytes.append(try #require(UInt8(rest.prefix(2), radix: 16)))
            rest = rest.dropFirst(2)
        }
        return .bytes(bytes)
    }

    @Test("ERC-20 transfers: every value is that of the payload", arguments: [SQLDialect.sqlite, .postgres])
    func mapsTransfers(_ dialect: SQLDialect) throws {
        let (rows, payloads, models) = try fill(
            Self.transfers, from: "mainnet-17686110-17686120.events.jsonl.gz", dialect)
        #expect(rows.rowCount == 2_371 && payloads.count == 2_371)
        for (row, payload) in payloads.enumerated() {
            let arguments = try #require(payload["args"] as? [String: String])
            let topics = try #require(payload["topics"] as? [String])
            #expect(rows.value(row: row, column: 5) == (try bytes(models[row])))
            #expect(rows.value(row: row, column: 6) == (try bytes(arguments["from"])))
            #expect(rows.value(row: row, column: 7) == (try bytes(arguments["to"])))
            #expect(rows.value(row: row, column: 8).text.map(NumericText.plain) == arguments["value"])
            #expect(rows.value(row: row, column: 9) == (try bytes(payload["tx"])))
            #expect(rows.value(row: row, column: 10).integer == (payload["log_index"] as? NSNumber)?.int64Value)
            #expect(rows.value(row: row, column: 11) == (try bytes(topics.count > 3 ? topics[3] : nil)))
        }
    }

    @Test("Bitcoin outputs: every value is that of the payload", arguments: [SQLDialect.sqlite, .postgres])
    func mapsOutputs(_ dialect: SQLDialect) throws {
        let (rows, payloads, _) = try fill(Self.outputs, from: "mainnet-0-4312.events.jsonl.gz", dialect)
        #expect(rows.rowCount == 4_397 && payloads.count == 4_397)
        for (row, payload) in payloads.enumerated() {
            #expect(rows.value(row: row, column: 5) == (try bytes(payload["txid"])))
            #expect(rows.value(row: row, column: 6).integer == (payload["vout"] as? NSNumber)?.int64Value)
            #expect(rows.value(row: row, column: 7).integer == (payload["value"] as? NSNumber)?.int64Value)
            #expect(rows.value(row: row, column: 8) == (try bytes(payload["script"])))
            #expect(rows.value(row: row, column: 9).text == (payload["coinbase"] as? Bool).map { "\($0)" })
        }
    }
}
