import AshlarFormat

extension LineParser {
    /// Reads an array of events.
    mutating func readEvents(_ field: String, _ scanner: inout LineScanner) throws(InputError) {
        try scanner.openArray(field)
        var isFirst = true
        while try scanner.nextElement(&isFirst) {
            guard events.count < limits.events else {
                throw .tooManyEvents(scanner.place(scanner.position), limit: limits.events)
            }
            try readEvent(&scanner)
        }
    }

    private mutating func readEvent(_ scanner: inout LineScanner) throws(InputError) {
        let start = scanner.position
        try scanner.openObject("an event")
        eventKeys.reset()
        var model: TextSlice?
        var type: TextSlice?
        var payload: Range<Int>?
        var timestamp: Int64?
        var requestId: TextSlice?
        var isFirst = true
        while let key = try scanner.nextKey(&isFirst) {
            switch try eventKeys.identify(key, scanner, &decoded) {
            case .model: model = try readName("model", &scanner)
            case .type: type = try readName("type", &scanner)
            case .payload: payload = try readPayload(&scanner)
            case .timestamp: timestamp = try readTimestamp(&scanner)
            case .requestId: requestId = try readOptionalText("requestId", &scanner)
            default: _ = try scanner.skipValue()
            }
        }
        guard let model, let type, let payload else {
            let missing = model == nil ? "model" : type == nil ? "type" : "payload"
            throw .missingField(scanner.place(start), field: missing, of: "the event")
        }
        events.append(
            EventLine(
                model: model, type: type, timestamp: timestamp, requestId: requestId,
                payloadStart: UInt32(payload.lowerBound), payloadEnd: UInt32(payload.upperBound)))
    }

    private func readPayload(_ scanner: inout LineScanner) throws(InputError) -> Range<Int> {
        let range = try scanner.skipValue()
        guard range.count <= limits.payload else {
            throw .tooLong(
                scanner.place(range.lowerBound), field: "payload", length: range.count, limit: limits.payload)
        }
        return range
    }

    /// Reads a time in seconds, in microseconds; null means that there is none.
    func readTimestamp(_ scanner: inout LineScanner) throws(InputError) -> Int64? {
        if try scanner.skipNull() { return nil }
        return try scanner.integer("timestamp", in: Self.seconds) * 1_000_000
    }

    /// Reads the name of a model or type.
    private mutating func readName(_ field: String, _ scanner: inout LineScanner) throws(InputError) -> TextSlice {
        let text = try readText(field, &scanner)
        // A byte 0 cannot stand in a JSON string as it is: only an escape makes one.
        if text.isDecoded, decoded[text.range].contains(0) {
            throw .containsNUL(scanner.place(scanner.position - 1), field: field)
        }
        return text
    }

    /// Reads a text that need not be there; null means that it is not.
    mutating func readOptionalText(_ field: String, _ scanner: inout LineScanner) throws(InputError) -> TextSlice? {
        if try scanner.skipNull() { return nil }
        return try readText(field, &scanner)
    }

    /// Reads a text of 1 to `limits.text` bytes.
    private mutating func readText(_ field: String, _ scanner: inout LineScanner) throws(InputError) -> TextSlice {
        let string = try scanner.string(field)
        let text = try TextSlice(string, scanner, &decoded)
        let place = scanner.place(string.range.lowerBound - 1)
        guard text.count > 0 else { throw .empty(place, field: field) }
        guard text.count <= limits.text else {
            throw .tooLong(place, field: field, length: Int(text.count), limit: limits.text)
        }
        return text
    }

    /// Reads and decodes a hash.
    mutating func readHash(_ field: String, _ scanner: inout LineScanner) throws(InputError) -> [UInt8] {
        let string = try scanner.string(field)
        let text = try TextSlice(string, scanner, &decoded)
        let notation = notation ?? settleNotation(self.string(of: text, in: scanner.bytes))
        do throws(HashProblem) {
            return try HashText.decode(bytes(of: text, in: scanner.bytes), as: notation)
        } catch {
            throw .badHash(
                scanner.place(string.range.lowerBound - 1), field: field, notation: notation.description, error)
        }
    }
}
