public import AshlarFormat

/// An event as a model meets it: borrowed from the log, good for the one call of `apply` it is passed to.
///
/// Nothing is copied before it is asked for: `payload` points into the block as it was read and checked.
public struct ModelEvent: ~Copyable {
    /// The sequence of its commit.
    public internal(set) var sequence: UInt64 = 0
    /// The chain value of its commit; with `ordinal` a stable identity of the event.
    public internal(set) var chainValue: UInt64 = 0
    /// Its place in its commit, from 0.
    public internal(set) var ordinal = 0
    /// Height of its block; nil for a floating event.
    public internal(set) var height: Int64?
    /// Hash of its block; nil for a floating event.
    public internal(set) var hash: BlockHash?
    /// Time of its block, or of its floating batch.
    public internal(set) var blockTimestamp = Timestamp(microseconds: 0)
    /// Its own time, else that of its block or batch.
    public internal(set) var timestamp = Timestamp(microseconds: 0)
    /// Its number among its model's canonical events, from 1; nil for a floating event.
    public internal(set) var version: UInt64?
    /// Id of its model within the store, for comparing.
    public internal(set) var modelID: UInt32 = 0
    /// Id of its type within the store, for comparing.
    public internal(set) var typeID: UInt32 = 0

    var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What `bytes` points into, if the event is not borrowed from a cursor.
    private var owned: [UInt8] = []
    let names: EventNames

    init(names: EventNames) { self.names = names }

    /// An event made by hand, for trying a model out without a store.
    ///
    /// Its ids are 0; everything else is as in a block of a log. Its model is also its source.
    public init(
        _ event: Event, height: Int64? = 0, hash: BlockHash? = nil, timestamp: Timestamp = Timestamp(microseconds: 0),
        sequence: UInt64 = 1, ordinal: Int = 0
    ) {
        names = EventNames(model: event.model, type: event.type)
        self.sequence = sequence
        self.ordinal = ordinal
        self.height = height
        self.hash = hash
        blockTimestamp = timestamp
        self.timestamp = event.timestamp ?? timestamp
        owned = event.payload
    }

    /// The bytes that were appended; good until `apply` returns.
    public var payload: RawSpan {
        @_lifetime(borrow self)
        get {
            if bytes.baseAddress == nil { return _overrideLifetime(owned.span.bytes, borrowing: self) }
            return _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
        }
    }

    /// The name of its model. Complexity: O(1), no look-up by name.
    public var model: String { names.model(modelID) }

    /// The name of its type. Complexity: O(1), no look-up by name.
    public var type: String { names.type(typeID) }
}

/// The names of models and types by their ids, copied from the registry once, so that telling an event's name takes no lock.
///
/// Used from one thread at a time.
final class EventNames {
    private var models: [String] = []
    private var types: [String] = []
    private var core: StoreCore?

    init(_ core: StoreCore) { self.core = core }

    /// The names of one event made by hand, whose ids are 0.
    init(model: String, type: String) { (models, types) = ([model], [type]) }

    func model(_ id: UInt32) -> String {
        if Int(id) < models.count, !models[Int(id)].isEmpty { return models[Int(id)] }
        return core?.monitor.withLock { log in
            log.registry.modelIndex(id: id).map { Self.keep(log.registry.models[$0].name, id, &models) }
        } ?? ""
    }

    func type(_ id: UInt32) -> String {
        if Int(id) < types.count, !types[Int(id)].isEmpty { return types[Int(id)] }
        return core?.monitor.withLock { log in
            log.registry.typeIndex(id: id).map { Self.keep(log.registry.types[$0].name, id, &types) }
        } ?? ""
    }

    /// Ids are small where Ashlar gave them; a stranger's log may use any, and those are looked up each time.
    private static func keep(_ name: String, _ id: UInt32, _ names: inout [String]) -> String {
        guard id < 4_096 else { return name }
        while names.count <= Int(id) { names.append("") }
        names[Int(id)] = name
        return name
    }
}
