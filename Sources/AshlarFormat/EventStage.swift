import CAshlarChecksum

/// The events of a commit in the making, in the order they were added.
///
/// Invariants: `heads` has 16 bytes an event, its head as it will be written; `contents` has the contents in the same order without gaps;
/// slots stand in the order of their first event. `runs` divides the events into runs of one model, of which the last still grows: it ends
/// where `heads` does. `current` is its slot and `currentKey` the model and type of the last event, 0 before the first one: no id is 0.
/// Adding an event checks nothing that only a mistake of the caller's could break: the engine has checked lengths and ids.
package struct EventStage: ~Copyable {
    /// The events of one model.
    package struct Slot: BitwiseCopyable {
        package var model: UInt32
        package var count: UInt32 = 0
        package var contentsLength = 0
        package var firstVersion: UInt64 = 0
    }

    /// Events of one model that were added one after the other; it ends where the next one starts.
    package struct Run: BitwiseCopyable {
        package var slot: Int
        /// Index of its first event.
        package var firstEvent: Int
        /// Where the content of its first event starts in `contents`.
        package var contentsStart: Int
    }

    package private(set) var contents = ByteBuffer(capacity: 1 << 16)
    package private(set) var heads = ByteBuffer(capacity: 1 << 13)
    private var slotList = RawList<Slot>()
    private var runList = RawList<Run>()
    private var typeCounter = TypeCounter()
    package private(set) var eventTimes: EventTimes?
    /// Index into `slots` plus one, by model id.
    private var slotOfModel = SmallIDMap()
    private var currentKey: UInt64 = 0
    private var current = 0

    package init() {}

    /// Number of events.
    package var eventCount: Int { heads.count >> 4 }
    /// The models with their events; good until the stage changes.
    package var slots: UnsafeBufferPointer<Slot> { slotList.elements }
    /// The runs of events of one model; good until the stage changes.
    package var runs: UnsafeBufferPointer<Run> { runList.elements }
    /// How many events each type has; good until the stage changes.
    package var types: UnsafeBufferPointer<TypeCount> { typeCounter.counts }

    /// Adds an event that has no fields of its own: `count` bytes at `payload`; `model` and `type` are ids of the registry.
    package mutating func add(model: UInt32, type: UInt32, payload: UnsafeRawPointer?, count: Int) {
        turn(to: model, type, contentsStart: contents.count)
        let length = UInt32(truncatingIfNeeded: count)
        let target = contents.extend(count)
        let crc = ashlar_crc32_copy(ashlar_crc32_length(length), target, payload, count)
        finish(length, crc, type)
    }

    /// Adds an event with a timestamp, a request id or both of its own; `model` and `type` are ids of the registry.
    package mutating func add(
        model: UInt32, type: UInt32, payload: UnsafeRawBufferPointer, timestamp: Int64?,
        requestID: UnsafeRawBufferPointer?
    ) {
        guard timestamp != nil || requestID != nil else {
            add(model: model, type: type, payload: payload.baseAddress, count: payload.count)
            return
        }
        turn(to: model, type, contentsStart: contents.count)
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
        finish(UInt32(content.count), Checksum.record(content), type | flags)
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
        turn(to: model, typeAndFlags & RecordHead.typeMask, contentsStart: start)
        finish(length, crc, typeAndFlags)
        return true
    }

    @inline(never)
    private mutating func widenEventTimes(_ timestamp: Int64) {
        eventTimes = EventTimes(
            earliest: min(eventTimes?.earliest ?? timestamp, timestamp),
            latest: max(eventTimes?.latest ?? timestamp, timestamp))
    }

    @inline(__always)
    private mutating func finish(_ length: UInt32, _ crc: UInt32, _ typeAndFlags: UInt32) {
        let ordinal = UInt32(truncatingIfNeeded: heads.count >> 4)
        RecordHead(length: length, crc: crc, ordinal: ordinal, typeAndFlags: typeAndFlags)
            .store(to: heads.extend(RecordHead.size))
        slotList[current].count &+= 1
        slotList[current].contentsLength &+= Int(length)
        typeCounter.countAgain()
    }

    /// Makes the slot of `model` the one that the next event goes to, whose content starts at `contentsStart`; likewise for its type.
    @inline(__always)
    private mutating func turn(to model: UInt32, _ type: UInt32, contentsStart: Int) {
        let key = UInt64(model) << 32 | UInt64(type)
        if key != currentKey { turnSlowly(to: key, contentsStart) }
    }

    @inline(never)
    private mutating func turnSlowly(to key: UInt64, _ contentsStart: Int) {
        if key >> 32 != currentKey >> 32 { beginRun(UInt32(key >> 32), contentsStart) }
        typeCounter.turn(to: UInt32(truncatingIfNeeded: key))
        currentKey = key
    }

    private mutating func beginRun(_ model: UInt32, _ contentsStart: Int) {
        let slot = slotOfModel[model]
        current = slot != 0 ? Int(slot) - 1 : newSlot(for: model)
        runList.append(Run(slot: current, firstEvent: eventCount, contentsStart: contentsStart))
    }

    private mutating func newSlot(for model: UInt32) -> Int {
        slotList.append(Slot(model: model))
        slotOfModel[model] = UInt32(slotList.count)
        return slotList.count - 1
    }

    /// Numbers the events of slot `index` from `version` on.
    package mutating func setFirstVersion(_ version: UInt64, ofSlot index: Int) {
        slotList[index].firstVersion = version
    }

    /// Forgets all events; memory beyond a few MiB that a huge commit took is given back.
    package mutating func clear() {
        for slot in slotList.elements { slotOfModel[slot.model] = 0 }
        slotList.clear(keeping: 1 << 12)
        runList.clear(keeping: 1 << 16)
        typeCounter.clear()
        contents.clear(keeping: 1 << 22)
        heads.clear(keeping: 1 << 20)
        eventTimes = nil
        currentKey = 0
    }
}
