import AshlarFormat

/// The names of models and types, their ids, and each model's version.
///
/// Invariant: ids are unique; an entry's index never changes while the store is open, so handles stay valid. Indexes are dense, whatever
/// ids a stranger's file may use.
struct Registry: Sendable {
    struct Model: Sendable {
        var id: UInt32
        var name: String
        /// Version of its last canonical event.
        var version: UInt64
        /// Whether the log defines it; until its first use a name is only in memory.
        var isInLog = true
    }

    struct TypeEntry: Sendable {
        var id: UInt32
        var name: String
        var isInLog = true
    }

    private(set) var models: [Model] = []
    private(set) var types: [TypeEntry] = []
    // Keyed by bytes: names are compared byte by byte, and Swift's strings are not.
    private var modelIndexByName: [[UInt8]: Int] = [:]
    /// Index into `models` plus one, by id; likewise for types.
    private var modelIndexByID = SmallIDMap()
    private var typeIndexByName: [[UInt8]: Int] = [:]
    private var typeIndexByID = SmallIDMap()
    private var highestModelID: UInt32 = 0
    private var highestTypeID: UInt32 = 0

    func modelIndex(named name: String) -> Int? { modelIndexByName[Array(name.utf8)] }
    func typeIndex(named name: String) -> Int? { typeIndexByName[Array(name.utf8)] }
    func modelIndex(id: UInt32) -> Int? { Self.index(modelIndexByID[id]) }
    func typeIndex(id: UInt32) -> Int? { Self.index(typeIndexByID[id]) }

    private static func index(_ entry: UInt32) -> Int? { entry == 0 ? nil : Int(entry) - 1 }

    /// Whether the log defines a model or type of this name.
    func isInLog(_ kind: NameKind, named name: String) -> Bool {
        switch kind {
        case .model: modelIndex(named: name).map { models[$0].isInLog } ?? false
        case .type: typeIndex(named: name).map { types[$0].isInLog } ?? false
        }
    }

    /// Notes that the log now defines this id.
    mutating func markInLog(_ kind: NameKind, id: UInt32) {
        switch kind {
        case .model: if let index = modelIndex(id: id) { models[index].isInLog = true }
        case .type: if let index = typeIndex(id: id) { types[index].isInLog = true }
        }
    }

    mutating func setVersion(_ version: UInt64, at index: Int) { models[index].version = version }

    /// Adds a name that the log defines, or checks it against what is known ([PRT-7]).
    mutating func define(_ kind: NameKind, id: UInt32, name bytes: [UInt8], version: UInt64) throws(FormatError) {
        let name = String(decoding: bytes, as: UTF8.self)
        switch kind {
        case .model:
            if let index = modelIndex(id: id) {
                try require(models[index].name.utf8.elementsEqual(bytes), "model \(id) has two names")
            } else {
                try require(modelIndexByName[bytes] == nil, "model \(name) has two ids")
                insertModel(Model(id: id, name: name, version: version))
            }
        case .type:
            if let index = typeIndex(id: id) {
                try require(types[index].name.utf8.elementsEqual(bytes), "type \(id) has two names")
            } else {
                try require(typeIndexByName[bytes] == nil, "type \(name) has two ids")
                insertType(TypeEntry(id: id, name: name))
            }
        }
    }

    private mutating func insertModel(_ model: Model) {
        modelIndexByID[model.id] = UInt32(models.count) + 1
        modelIndexByName[Array(model.name.utf8)] = models.count
        models.append(model)
        highestModelID = max(highestModelID, model.id)
    }

    private mutating func insertType(_ type: TypeEntry) {
        typeIndexByID[type.id] = UInt32(types.count) + 1
        typeIndexByName[Array(type.name.utf8)] = types.count
        types.append(type)
        highestTypeID = max(highestTypeID, type.id)
    }

    /// The model of this name, with a new id if it is new. The log learns of it with its first use.
    mutating func resolveModel(_ name: String) throws(StoreError) -> Int {
        if let index = modelIndex(named: name) { return index }
        try Self.check(name, "model")
        guard highestModelID < .max else { throw .invalidArgument("the store has no model ids left") }
        insertModel(Model(id: highestModelID + 1, name: name, version: 0, isInLog: false))
        return models.count - 1
    }

    mutating func resolveType(_ name: String) throws(StoreError) -> Int {
        if let index = typeIndex(named: name) { return index }
        try Self.check(name, "type")
        guard highestTypeID < Limits.typeID else { throw .invalidArgument("the store has no type ids left") }
        insertType(TypeEntry(id: highestTypeID + 1, name: name, isInLog: false))
        return types.count - 1
    }

    private static func check(_ name: String, _ what: String) throws(StoreError) {
        guard NameDefinition.isValid(Array(name.utf8)) else {
            throw .invalidArgument(
                "a \(what) name must have 1–255 bytes of UTF-8 and no zero byte; this has \(name.utf8.count)")
        }
    }
}
