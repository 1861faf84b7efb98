public import AshlarFormat

extension EventCursor {
    /// The current event's payload; good until the next call of `next` or `seek`.
    @inlinable
    public var payload: RawSpan {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            let offset = hasOwnFields ? ownFieldsLength : 0
            let start = run.pointee.contents + (Int(row.pointee.contentOffset) + offset)
            return _overrideLifetime(
                RawSpan(_unsafeStart: start, byteCount: Int(row.pointee.length) - offset), borrowing: self)
        }
    }

    /// The sequence of its commit.
    @inlinable
    public var sequence: UInt64 { run.pointee.sequence }

    /// The chain value of its commit.
    @inlinable
    public var chainValue: UInt64 { run.pointee.chainValue }

    /// Its place in its commit, from 0.
    @inlinable
    public var ordinal: Int { Int(row.pointee.ordinal) }

    /// Height of its block; nil for a floating event.
    @inlinable
    public var height: Int64? { run.pointee.height >= 0 ? run.pointee.height : nil }

    /// Hash of its block; nil for a floating event.
    public var hash: BlockHash? { runs.hash }

    /// Its number among its model's canonical events, from 1; nil for a floating event.
    @inlinable
    public var version: UInt64? { run.pointee.version(row.pointee) }

    /// Its own time, else that of its block or batch.
    @inlinable
    public var timestamp: Timestamp {
        Timestamp(microseconds: hasOwnTimestamp ? ownTimestamp : run.pointee.timestamp)
    }

    /// Its own request id, else its commit's, else nil.
    public var requestID: [UInt8]? { runs.requestID(row.pointee, content) }

    /// Id of its model, for comparing; `model` gives the name.
    @inlinable
    public var modelID: UInt32 { run.pointee.entry(row.pointee)?.pointee.model ?? 0 }

    /// Id of its type, for comparing; `type` gives the name.
    @inlinable
    public var typeID: UInt32 { row.pointee.typeAndFlags & RecordHead.typeMask }

    /// The name of its model. Complexity: O(1), no look-up by name.
    public var model: String { runs.names.model(modelID) }

    /// The name of its type. Complexity: O(1), no look-up by name.
    public var type: String { runs.names.type(typeID) }

    /// Where the current event stands, for going on behind it with `EventQuery.after`; meaningful once `next` has returned true, and still
    /// when it has returned false at the query's limit.
    public var pageToken: PageToken {
        PageToken(
            asOf: runs.view.sequence, sequence: sequence, ordinal: row.pointee.ordinal,
            key: runs.sortKey(row.pointee, content, run.pointee),
            query: runs.compiled.query.fingerprint(runs.view.core.storeID))
    }

    /// The current event by value.
    public var event: StoredEvent {
        let payload = payload
        return StoredEvent(
            sequence: sequence, ordinal: ordinal, height: height, hash: hash, model: model, type: type,
            version: version,
            timestamp: timestamp, requestID: requestID, payload: payload.bytes(0..<payload.byteCount))
    }

    /// Whether the current event has a time of its own.
    @inlinable
    var hasOwnTimestamp: Bool { row.pointee.typeAndFlags & RecordHead.ownTimestamp != 0 }

    /// The time of the current event's block or batch.
    var commonTimestamp: Timestamp { Timestamp(microseconds: run.pointee.timestamp) }

    private var content: UnsafeRawBufferPointer { run.pointee.content(row.pointee) }

    /// The current event's payload; good until the next call of `next`.
    var payloadBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: content[(hasOwnFields ? ownFieldsLength : 0)...])
    }

    /// Where its commit is.
    var location: Location { runs.commit.reader.location }

    /// Bytes of its commit in the log.
    var frameLength: Int { runs.commit.reader.header.frameLength }

    @inlinable
    var hasOwnFields: Bool { row.pointee.typeAndFlags & (RecordHead.ownTimestamp | RecordHead.ownRequestID) != 0 }

    /// Bytes in front of the payload.
    @usableFromInline
    var ownFieldsLength: Int { OwnFields(row.pointee, content).payloadOffset }

    @usableFromInline
    var ownTimestamp: Int64 { OwnFields(row.pointee, content).timestamp ?? run.pointee.timestamp }
}

extension OwnFields {
    /// The fields of a record whose CRC has been checked, so a split that fails means a writer's mistake: then there are none.
    init(_ row: RecordTable.Row, _ content: UnsafeRawBufferPointer) {
        self = (try? OwnFields(typeAndFlags: row.typeAndFlags, content: content)) ?? .none
    }
}
