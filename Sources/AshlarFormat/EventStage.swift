import CAshlarChecksum

/// The events of a commit in the making, in the order they were added.
///
/// Invariants: `heads` has 16 bytes an event (its head, with the slot in place of the ordinal, which is its index); `contents` has the
/// contents in the same order without gaps; slots stand in the order of their first event. Adding an event checks nothing that only a
/// mistake of the caller's could break: the engine has checked lengths and ids.
package struct EventStage: ~Copyable {
    /// The events of one model.
    package struct Slot {
        package var model: UInt32
        package var count: UInt32 = 0
        package var contentsLength = 0
        package var firstVersion: UInt64 = 0
    }

    package private(set) var contents = ByteBuffer(capacity: 1 << 16)
    package private(set) var heads = ByteBuffer(capacity: 1 << 13)
    package private(set) var slots: [Slot] = []
    private var typeCounter = TypeCounter()
    package private(set) var eventTimes: EventTimes?
    /// Index into `slots` plus one, by model id.
    private var slotOfModel = SmallIDMap()

    package init() {}

    package var eventCount: Int { heads.count / RecordHead.size }
    package var types: [TypeCount] { typeCounter.counts }

    /// Adds an event; `model` and `type` are ids of the registry.
    @inline(__always)
    package mutating func add(
        model: UInt32, type: UInt32, payload: UnsafeRawBufferPointer, timestamp: Int64?,
        requestID: UnsafeRawBufferPointer?
    ) {
        let slot = slot(for: model)
        typeCounter.count(type)
        guard timestamp == nil && requestID == nil else {
            addWithOwnFields(slot, type, payload, timestamp, requestID)
            return
        }
        let length = UInt32(truncatingIfNeeded: payload.count)
        let target = contents.extend(payload.count)
        let crc = ashlar_crc32_copy(ashlar_crc32_length(length), target, payload.baseAddress, payload.count)
        finish(slot, length, crc, type)
    }

    /// Adds a record as it stands in another commit, own fields included; false, and nothing added, if its CRC does not match.
    ///
    /// The content is copied and checked in one pass, and keeps its CRC.
    @inline(__always)
    package mutating func addRecord(
        model: UInt32, typeAndFlags: UInt32, content: UnsafeRawBufferPointer, crc: UInt32
    ) -> Bool {
        let length = UInt32(truncatingIfNeeded: content.count)
        let start = contents.count
        let target = contents.extend(content.count)
        guard ashlar_crc32_copy(ashlar_crc32_length(length), target, content.baseAddress, content.count) == crc else {
            contents.truncate(to: start)
            return false
        }
        if typeAndFlags & RecordHead.ownTimestamp != 0, content.count >= 8 {
            widenEventTimes(Int64(littleEndian: content.loadUnaligned(as: Int64.self)))
        }
        typeCounter.count(typeAndFlags & RecordHead.typeMask)
        finish(slot(for: model), length, crc, typeAndFlags)
        return true
    }

    @inline(never)
    private mutating func widenEventTimes(_ timestamp: Int64) {
        eventTimes = EventTimes(
            earliest: min(eventTimes?.earliest ?? timestamp, timestamp),
            latest: max(eventTimes?.latest ?? timestamp, timestamp))
    }

    @inline(never)
    private mutating func addWithOwnFields(
        _ slot: Int, _ type: UInt32, _ payload: UnsafeRawBufferPointer, _ timestamp: Int64?,
        _ requestID: UnsafeRawBufferPointer?
    ) {
        let start = contents.count
        var flags: UInt32 = 0
        if let timestamp {
            contents.append(timestamp)
            flags |= RecordHead.ownTimestamp
            widenEventTimes(timestamp)
        }
        if let requestID {
            contents.append(UInt8(requestID.count))
            contents.append(requestID)
            flags |= RecordHead.ownRequestID
        }
        contents.append(payload)
        let content = UnsafeRawBufferPointer(rebasing: contents.bytes[start...])
        finish(slot, UInt32(content.count), Checksum.record(content), type | flags)
    }

    @inline(__always)
    private mutating func finish(_ slot: Int, _ length: UInt32, _ crc: UInt32, _ typeAndFlags: UInt32) {
        let head = RecordHead(
            length: length, crc: crc, ordinal: UInt32(truncatingIfNeeded: slot), typeAndFlags: typeAndFlags)
        head.store(to: heads.extend(RecordHead.size))
        slots[slot].count += 1
        slots[slot].contentsLength += Int(length)
    }

    @inline(__always)
    private mutating func slot(for model: UInt32) -> Int {
        let slot = slotOfModel[model]
        return slot != 0 ? Int(slot) - 1 : newSlot(for: model)
    }

    @inline(never)
    private mutating func newSlot(for model: UInt32) -> Int {
        slots.append(Slot(model: model))
        slotOfModel[model] = UInt32(slots.count)
        return slots.count - 1
    }

    /// Numbers the events of slot `index` from `version` on.
    package mutating func setFirstVersion(_ version: UInt64, ofSlot index: Int) {
        slots[index].firstVersion = version
    }

    /// Forgets all events; memory beyond a few MiB that a huge commit took is given back.
    package mutating func clear() {
        for slot in slots { slotOfModel[slot.model] = 0 }
        slots.removeAll(keepingCapacity: true)
        typeCounter.clear()
        contents.clear(keeping: 1 << 22)
        heads.clear(keeping: 1 << 20)
        eventTimes = nil
    }
}
