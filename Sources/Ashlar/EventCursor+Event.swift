public import AshlarFormat

extension EventCursor {
    /// The current event's payload; good until the next call of `next`.
    public var payload: RawSpan {
        @_lifetime(borrow self)
        get {
            let bytes = UnsafeRawBufferPointer(rebasing: content[fields.payloadOffset...])
            return _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
        }
    }

    /// The sequence of its commit.
    public var sequence: UInt64 { commit.reader.header.sequence }

    /// The chain value of its commit.
    public var chainValue: UInt64 { commit.reader.header.chainValue }

    /// Its place in its commit, from 0.
    public var ordinal: Int { Int(row.ordinal) }

    /// Height of its block; nil for a floating event.
    public var height: Int64? { commit.reader.meta.block?.height }

    /// Hash of its block; nil for a floating event.
    public var hash: BlockHash? { commit.reader.meta.block?.hash }

    /// Its number among its model's canonical events, from 1; nil for a floating event.
    public var version: UInt64? {
        guard let first = entry?.firstVersion else { return nil }
        return first == 0 ? nil : first &+ UInt64(row.indexInSection)
    }

    /// Its own time, else that of its block or batch.
    public var timestamp: Timestamp {
        let meta = commit.reader.meta
        return Timestamp(
            microseconds: fields.timestamp ?? meta.block?.timestamp ?? meta.floating?.timestamp ?? 0)
    }

    /// Its own request id, else its commit's, else nil.
    public var requestID: [UInt8]? {
        let range = fields.requestID
        return range.isEmpty ? commit.reader.meta.requestID : Array(content[range])
    }

    /// Id of its model, for comparing; `model` gives the name.
    public var modelID: UInt32 { entry?.model ?? 0 }

    /// The directory entry of the current event's section; nil before the first event and behind the last.
    private var entry: DirectoryEntry? {
        let sections = commit.table.sections
        return Int(row.section) < sections.count ? sections[Int(row.section)].entry : nil
    }

    /// Id of its type, for comparing; `type` gives the name.
    public var typeID: UInt32 { row.typeAndFlags & RecordHead.typeMask }

    /// The name of its model. Complexity: one look-up under the store's lock.
    public var model: String {
        view.core.monitor.withLock { log in
            log.registry.modelIndex(id: modelID).map { log.registry.models[$0].name } ?? ""
        }
    }

    /// The name of its type. Complexity: one look-up under the store's lock.
    public var type: String {
        view.core.monitor.withLock { log in
            log.registry.typeIndex(id: typeID).map { log.registry.types[$0].name } ?? ""
        }
    }

    /// Where the current event stands, for going on behind it with `EventQuery.after`; meaningful once `next` has returned true.
    public var pageToken: PageToken {
        PageToken(
            asOf: view.sequence, sequence: sequence, ordinal: row.ordinal, key: sortKey,
            query: compiled.query.fingerprint(view.core.storeID))
    }

    /// The current event by value.
    public var event: StoredEvent {
        let payload = payload
        return StoredEvent(
            sequence: sequence, ordinal: ordinal, height: height, hash: hash, model: model, type: type,
            version: version,
            timestamp: timestamp, requestID: requestID, payload: payload.bytes(0..<payload.byteCount))
    }

    /// Height, hash and time of the commit: what its events share.
    var place: (height: Int64?, hash: BlockHash?, timestamp: Timestamp) {
        let meta = commit.reader.meta
        return (
            meta.block?.height, meta.block?.hash,
            Timestamp(microseconds: meta.block?.timestamp ?? meta.floating?.timestamp ?? 0)
        )
    }

    /// Whether the current event has a time of its own.
    var hasOwnTimestamp: Bool { row.typeAndFlags & RecordHead.ownTimestamp != 0 }

    /// The current event's payload; good until the next call of `next`.
    var payloadBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: content[fields.payloadOffset...])
    }

    /// Where its commit is.
    var location: Location { commit.reader.location }

    /// The fields in front of the payload. The CRC has been checked, so a split that fails means a writer's mistake: then there are none.
    private var fields: OwnFields {
        guard row.typeAndFlags & (RecordHead.ownTimestamp | RecordHead.ownRequestID) != 0 else { return OwnFields.none }
        return (try? OwnFields(typeAndFlags: row.typeAndFlags, content: content)) ?? OwnFields.none
    }
}
