import AshlarFormat
import AshlarStorage

/// The events of one commit of the target while they are being derived.
public struct DerivedEvents: ~Copyable {
    var stage = EventStage()
    private let core: StoreCore
    private let maxPayloadBytes: Int
    /// Own time and request id of the event at hand.
    private var inherited: (timestamp: Int64?, requestID: UnsafeRawBufferPointer?) = (nil, nil)
    private var models: [String: UInt32] = [:]
    private var types: [String: UInt32] = [:]

    init(_ core: StoreCore, maxPayloadBytes: Int) {
        self.core = core
        self.maxPayloadBytes = min(maxPayloadBytes, Limits.contentBytes - 512)
    }

    /// Number of events so far.
    public var count: Int { stage.eventCount }

    /// Adds an event.
    ///
    /// Its time and request id are those given, else those of the event at hand (nil in `endBlock`), else the block's. Throws `payloadTooLarge`,
    /// and `invalidArgument` for a name or request id that has not 1–255 bytes. Complexity: O(bytes), and two look-ups; it allocates nothing
    /// for names used before.
    public mutating func emit(
        model: String, type: String, payload: RawSpan, timestamp: Timestamp? = nil, requestID: [UInt8]? = nil
    ) throws(StoreError) {
        guard payload.byteCount <= maxPayloadBytes else {
            throw .payloadTooLarge(bytes: payload.byteCount, limit: maxPayloadBytes)
        }
        if let requestID { try EventBatch.check(requestID: requestID) }
        let modelID = try modelID(model)
        let typeID = try typeID(type)
        let timestamp = timestamp?.microseconds ?? inherited.timestamp
        payload.withUnsafeBytes { bytes in
            guard let requestID else {
                stage.add(
                    model: modelID, type: typeID, payload: bytes, timestamp: timestamp, requestID: inherited.requestID)
                return
            }
            requestID.withUnsafeBytes {
                stage.add(model: modelID, type: typeID, payload: bytes, timestamp: timestamp, requestID: $0)
            }
        }
    }

    /// What is emitted from now on has the own fields of the event with this content; it must stay where it is meanwhile.
    mutating func inherit(_ fields: OwnFields, of content: UnsafeRawBufferPointer) {
        let requestID = fields.requestID.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: content[fields.requestID])
        inherited = (fields.timestamp, requestID)
    }

    /// The id of a model of the target.
    mutating func modelID(_ name: String) throws(StoreError) -> UInt32 {
        // Two names that Swift takes for equal may differ in their bytes; such a pair is looked up each time.
        if let position = models.index(forKey: name), models[position].key.utf8.elementsEqual(name.utf8) {
            return models[position].value
        }
        let id = try core.monitor.withLock { (log) throws(StoreError) in
            let index = try log.registry.resolveModel(name)
            return log.registry.models[index].id
        }
        models[name] = id
        return id
    }

    /// The id of a type of the target.
    mutating func typeID(_ name: String) throws(StoreError) -> UInt32 {
        if let position = types.index(forKey: name), types[position].key.utf8.elementsEqual(name.utf8) {
            return types[position].value
        }
        let id = try core.monitor.withLock { (log) throws(StoreError) in
            let index = try log.registry.resolveType(name)
            return log.registry.types[index].id
        }
        types[name] = id
        return id
    }
}
