import AshlarFormat

/// Names of models and types by small numbers, so that an event takes no look-up under the store's lock.
struct FollowedNames {
    private(set) var models: [String] = []
    private(set) var types: [String] = []
    private var modelNumbers = SmallIDMap()
    private var typeNumbers = SmallIDMap()

    /// The number of the model with this id; the first time its name is looked up.
    @inline(__always)
    mutating func model(_ id: UInt32, _ core: StoreCore) -> UInt32 {
        let number = modelNumbers[id]
        return number != 0 ? number - 1 : newModel(id, core)
    }

    /// The number of the type with this id; the first time its name is looked up.
    @inline(__always)
    mutating func type(_ id: UInt32, _ core: StoreCore) -> UInt32 {
        let number = typeNumbers[id]
        return number != 0 ? number - 1 : newType(id, core)
    }

    @inline(never)
    private mutating func newModel(_ id: UInt32, _ core: StoreCore) -> UInt32 {
        models.append(
            core.monitor.withLock { log in log.registry.modelIndex(id: id).map { log.registry.models[$0].name } ?? "" })
        modelNumbers[id] = UInt32(truncatingIfNeeded: models.count)
        return UInt32(truncatingIfNeeded: models.count - 1)
    }

    @inline(never)
    private mutating func newType(_ id: UInt32, _ core: StoreCore) -> UInt32 {
        types.append(
            core.monitor.withLock { log in log.registry.typeIndex(id: id).map { log.registry.types[$0].name } ?? "" })
        typeNumbers[id] = UInt32(truncatingIfNeeded: types.count)
        return UInt32(truncatingIfNeeded: types.count - 1)
    }
}
