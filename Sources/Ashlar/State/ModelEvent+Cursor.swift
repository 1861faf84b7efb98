import AshlarFormat

extension ModelEvent {
    /// Becomes the event a cursor stands at; `isNewCommit` spares reading what all events of a commit share.
    ///
    /// The cursor must neither move nor go while the event is in use.
    mutating func load(from cursor: borrowing EventCursor) {
        if cursor.sequence != sequence || cursor.chainValue != chainValue {
            sequence = cursor.sequence
            chainValue = cursor.chainValue
            (height, hash, blockTimestamp) = (cursor.height, cursor.hash, cursor.commonTimestamp)
        }
        ordinal = cursor.ordinal
        modelID = cursor.modelID
        typeID = cursor.typeID
        version = cursor.version
        timestamp = cursor.hasOwnTimestamp ? cursor.timestamp : blockTimestamp
        bytes = cursor.payloadBytes
    }
}
