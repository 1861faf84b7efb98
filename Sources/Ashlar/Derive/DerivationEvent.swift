import AshlarFormat

/// An event of the source that is handed to a derivation, by reference: good for the call only.
public struct DerivationEvent: ~Copyable {
    /// The block it belongs to; nil for a floating event.
    public internal(set) var block: DerivationBlock?
    /// The sequence of its commit.
    public internal(set) var sequence: UInt64 = 0
    var commonTimestamp: Int64 = 0
    var commonRequestID: [UInt8]?
    var row = RecordTable.Row()
    var firstVersion: UInt64 = 0
    var content = UnsafeRawBufferPointer(start: nil, count: 0)
    var fields = OwnFields.none
    var names = DerivationNames(model: "", type: "")
    /// Which pair of the rules `names` are those of.
    var pair = UInt32.max

    init() {}

    /// The model's name in the source.
    public var model: String { names.model }

    /// The type's name in the source.
    public var type: String { names.type }

    /// Its payload.
    public var payload: RawSpan {
        @_lifetime(borrow self)
        get {
            let bytes = UnsafeRawBufferPointer(rebasing: content[fields.payloadOffset...])
            return _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
        }
    }

    /// Its place in its commit, from 0.
    public var ordinal: Int { Int(row.ordinal) }

    /// Its number among its model's canonical events in the source, from 1; nil for a floating event.
    public var version: UInt64? { firstVersion == 0 ? nil : firstVersion &+ UInt64(row.indexInSection) }

    /// Its own time, else that of its block or batch.
    public var timestamp: Timestamp { Timestamp(microseconds: fields.timestamp ?? commonTimestamp) }

    /// Its own request id, else its commit's, else nil.
    public var requestID: [UInt8]? {
        fields.requestID.isEmpty ? commonRequestID : Array(content[fields.requestID])
    }
}

/// The names of a model and a type.
struct DerivationNames: Sendable {
    var model: String
    var type: String
}
