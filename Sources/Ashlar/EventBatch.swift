import AshlarFormat

/// The events of one block (or floating batch) while they are being added.
///
/// Each event's payload is copied once and checksummed while it is; adding allocates nothing once the batch has grown to the size of the
/// blocks.
public struct EventBatch: ~Copyable {
    var stage = EventStage()
    private let maxPayloadBytes: Int

    init(maxPayloadBytes: Int) { self.maxPayloadBytes = min(maxPayloadBytes, Limits.contentBytes - 512) }

    /// Number of events added so far.
    public var count: Int { stage.eventCount }

    /// Adds an event whose time and request id are the block's.
    ///
    /// Throws `payloadTooLarge`. Complexity: O(bytes), no allocation.
    public mutating func add(_ model: ModelHandle, _ type: TypeHandle, payload: RawSpan) throws(StoreError) {
        guard payload.byteCount <= maxPayloadBytes else {
            throw .payloadTooLarge(bytes: payload.byteCount, limit: maxPayloadBytes)
        }
        payload.withUnsafeBytes {
            stage.add(model: model.id, type: type.id, payload: $0.baseAddress, count: $0.count)
        }
    }

    /// Adds an event with its own time, its own request id, or both.
    ///
    /// Throws `payloadTooLarge`, or `invalidArgument` for a request id that has not 1–255 bytes. Complexity: O(bytes).
    public mutating func add(
        _ model: ModelHandle, _ type: TypeHandle, payload: RawSpan, timestamp: Timestamp?, requestID: [UInt8]?
    ) throws(StoreError) {
        guard payload.byteCount <= maxPayloadBytes else {
            throw .payloadTooLarge(bytes: payload.byteCount, limit: maxPayloadBytes)
        }
        if let requestID { try Self.check(requestID: requestID) }
        payload.withUnsafeBytes { bytes in
            guard let requestID else {
                stage.add(
                    model: model.id, type: type.id, payload: bytes, timestamp: timestamp?.microseconds, requestID: nil)
                return
            }
            requestID.withUnsafeBytes {
                stage.add(
                    model: model.id, type: type.id, payload: bytes, timestamp: timestamp?.microseconds, requestID: $0)
            }
        }
    }

    static func check(requestID: [UInt8]) throws(StoreError) {
        guard (1...Limits.requestIDBytes).contains(requestID.count) else {
            throw .invalidArgument("a request id must have 1–255 bytes; this has \(requestID.count)")
        }
    }
}
