import Ashlar

/// The handles of the models and types that lines name, each resolved once.
struct EventNames: ~Copyable {
    private var models = NameTable<ModelHandle>()
    private var types = NameTable<TypeHandle>()
    /// The handles of the events of the present line, in order.
    private var handles: [(model: ModelHandle, type: TypeHandle)] = []

    /// Resolves the names of a line's events.
    ///
    /// - Complexity: O(*n*) in the events; a name costs a `String` the first time only.
    mutating func resolve(
        _ parser: borrowing LineParser, _ line: RawSpan, _ writer: borrowing Writer
    ) throws(StoreError) {
        handles.removeAll(keepingCapacity: true)
        let count = parser.events.count
        handles.reserveCapacity(count)
        for index in 0..<count {
            let event = parser.events[index]
            let model: ModelHandle
            if let known = models.find(parser.bytes(of: event.model, in: line)) {
                model = known
            } else {
                model = try writer.model(parser.string(of: event.model, in: line))
                models.insert(parser.bytes(of: event.model, in: line), model)
            }
            let type: TypeHandle
            if let known = types.find(parser.bytes(of: event.type, in: line)) {
                type = known
            } else {
                type = try writer.type(parser.string(of: event.type, in: line))
                types.insert(parser.bytes(of: event.type, in: line), type)
            }
            handles.append((model, type))
        }
    }

    /// Adds the events of the line whose names were resolved last.
    func fill(_ batch: inout EventBatch, _ parser: borrowing LineParser, _ line: RawSpan) throws(StoreError) {
        for index in 0..<handles.count {
            let event = parser.events[index]
            let payload = line.extracting(event.payload)
            if event.timestamp == nil, event.requestId == nil {
                try batch.add(handles[index].model, handles[index].type, payload: payload)
            } else {
                try batch.add(
                    handles[index].model, handles[index].type, payload: payload,
                    timestamp: event.timestamp.map(Timestamp.init(microseconds:)),
                    requestID: event.requestId.map { [UInt8](parser.bytes(of: $0, in: line)) })
            }
        }
    }
}

extension LineParser {
    /// The bytes of a text of the last line, copied.
    func copy(_ text: TextSlice?, _ line: RawSpan) -> [UInt8]? {
        guard let text else { return nil }
        return [UInt8](bytes(of: text, in: line))
    }

    /// The events of the last line, by value.
    func copyEvents(_ line: RawSpan) -> [Event] {
        events.map { event in
            Event(
                model: string(of: event.model, in: line), type: string(of: event.type, in: line),
                payload: [UInt8](line.extracting(event.payload)),
                timestamp: event.timestamp.map(Timestamp.init(microseconds:)), requestID: copy(event.requestId, line))
        }
    }
}
