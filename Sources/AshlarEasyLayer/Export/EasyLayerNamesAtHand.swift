import Ashlar

/// Types and tables by the ids that a cursor gives, so that a row costs no look-up of a name.
struct EasyLayerNamesAtHand {
    /// What is known of a type.
    struct EventType {
        /// Its name as UTF-8.
        let name: [UInt8]
        /// The digest of its name, which a row's digest goes on from.
        let digest: EasyLayerDigest
        /// Whether it is one of the events that tell the chain.
        let isOfSpine: Bool
    }

    private let fillers: [[UInt8]: EasyLayerTableFiller]
    private let toldModel: [UInt8]?
    private var types: [UInt32: EventType] = [:]
    private var models: [UInt32: (filler: EasyLayerTableFiller, isNetwork: Bool)] = [:]

    /// With the fillers by their models' names, and the name of the model that tells the chain, if one does.
    init(_ fillers: [[UInt8]: EasyLayerTableFiller], toldModel: [UInt8]?) {
        self.fillers = fillers
        self.toldModel = toldModel
    }

    /// The type of the current event.
    mutating func type(of cursor: borrowing EventCursor) -> EventType {
        if let known = types[cursor.typeID] { return known }
        let name = cursor.type
        var digest = EasyLayerDigest()
        digest.add(name)
        let type = EventType(
            name: Array(name.utf8), digest: digest, isOfSpine: EasyLayerNetwork.change(ofType: name) != nil)
        types[cursor.typeID] = type
        return type
    }

    /// The table of the current event's model, and whether that model tells the chain.
    mutating func filler(
        of cursor: borrowing EventCursor
    ) -> (filler: EasyLayerTableFiller, isNetwork: Bool) {
        if let known = models[cursor.modelID] { return known }
        let name = Array(cursor.model.utf8)
        guard let filler = fillers[name] else {
            preconditionFailure("a model with events has no table")
        }
        let found = (filler, name == toldModel)
        models[cursor.modelID] = found
        return found
    }
}
