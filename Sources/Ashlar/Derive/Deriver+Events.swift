import AshlarFormat

extension Deriver {
    /// Derives the events of the loaded commit into `output`, and brings the state in step with the chain.
    mutating func deriveCommit(_ header: CommitHeader, _ meta: CommitMeta) throws(StoreError) {
        if let rollback = meta.rollback, !FollowedState<D.State>.isStateless {
            try follow(rollback, sequence: header.sequence)
            // Undone blocks were looked at with the same buffers.
            if commit.header.sequence != header.sequence { try reload(header.sequence) }
            output.stage.clear()
        }
        guard let block = meta.block else { return try deriveEvents(nil) }
        try deriveBlock(
            DerivationBlock(
                sequence: header.sequence, height: block.height, hash: block.hash, parent: block.parent,
                timestamp: Timestamp(microseconds: block.timestamp)))
    }

    /// Takes the loaded block into the state, its events into `output`.
    mutating func deriveBlock(_ block: DerivationBlock) throws(StoreError) {
        var undo = state.value.beginBlock()
        try deriveEvents(block)
        do { try derivation.endBlock(block, &state.value, &output) } catch { throw failed(error, ordinal: nil) }
        state.value.endBlock(&undo)
        state.keep(undo, height: block.height)
    }

    private mutating func deriveEvents(_ block: DerivationBlock?) throws(StoreError) {
        event.sequence = commit.header.sequence
        event.chainValue = commit.header.chainValue
        event.height = block?.height
        event.hash = block?.hash
        event.blockTimestamp = Timestamp(
            microseconds: commit.meta.block?.timestamp ?? commit.meta.floating?.timestamp ?? 0)
        for index in 0..<commit.table.count {
            let row = commit.table[index]
            let model = sectionModels[Int(row.section)]
            let type = row.typeAndFlags & RecordHead.typeMask
            let rule: DerivationRules.Resolved
            if let found = rules.find(model, type) { rule = found } else { rule = try resolve(model, type) }
            switch rule.action {
            case .keep: try keep(row, rule)
            case .drop: continue
            case .observe:
                try keep(row, rule)
                try hand(row)
            case .replace: try hand(row)
            }
        }
    }

    /// Takes a record over as it stands.
    @inline(__always)
    private mutating func keep(_ row: RecordTable.Row, _ rule: DerivationRules.Resolved) throws(StoreError) {
        guard let base = commit.base else { throw .viewExpired }
        let isWhole = output.stage.addRecord(
            model: rule.model, typeAndFlags: row.typeAndFlags & ~RecordHead.typeMask | rule.type,
            content: commit.table.content(of: row, base: base), crc: row.crc)
        if !isWhole { throw commit.damaged(row) }
    }

    /// Hands an event to the derivation.
    private mutating func hand(_ row: RecordTable.Row) throws(StoreError) {
        let content = try commit.content(row)
        let fields: OwnFields
        do throws(FormatError) {
            fields = try OwnFields(typeAndFlags: row.typeAndFlags, content: content)
        } catch {
            throw commit.damaged(row, error.reason)
        }
        let firstVersion = commit.table.sections[Int(row.section)].entry.firstVersion
        event.ordinal = Int(row.ordinal)
        event.modelID = sectionModels[Int(row.section)]
        event.typeID = row.typeAndFlags & RecordHead.typeMask
        event.version = firstVersion == 0 ? nil : firstVersion &+ UInt64(row.indexInSection)
        event.timestamp = fields.timestamp.map { Timestamp(microseconds: $0) } ?? event.blockTimestamp
        event.bytes = UnsafeRawBufferPointer(rebasing: content[fields.payloadOffset...])
        output.inherit(fields, of: content)
        do {
            if event.height == nil {
                try derivation.deriveFloating(event, state.value, &output)
            } else {
                try derivation.derive(event, &state.value, &output)
            }
        } catch {
            throw failed(error, ordinal: Int(row.ordinal))
        }
        output.inherit(.none, of: content)
    }

    /// Asks the derivation for its rule about a pair met for the first time.
    @inline(never)
    private mutating func resolve(_ model: UInt32, _ type: UInt32) throws(StoreError) -> DerivationRules.Resolved {
        let names = (model: event.names.model(model), type: event.names.type(type))
        let rule: DerivationRule
        do { rule = try derivation.rule(model: names.model, type: names.type) } catch {
            if let error = error as? StoreError { throw error }
            throw failed(error, ordinal: nil)
        }
        func ids(
            _ action: DerivationRules.Resolved.Action, _ model: String, _ type: String
        ) throws(StoreError) -> DerivationRules.Resolved {
            DerivationRules.Resolved(
                action: action, model: try output.modelID(model), type: try output.typeID(type))
        }
        let resolved =
            switch rule {
            case .keep: try ids(.keep, names.model, names.type)
            case .drop: DerivationRules.Resolved(action: .drop)
            case .rename(let newModel, let newType): try ids(.keep, newModel, newType)
            case .observe: try ids(.observe, names.model, names.type)
            case .replace: DerivationRules.Resolved(action: .replace)
            }
        rules.note(model, type, resolved)
        return resolved
    }

    /// The error for what a derivation threw at the loaded commit.
    func failed(_ error: any Error, ordinal: Int?) -> StoreError {
        if case .cancelled? = error as? StoreError { return .cancelled }
        return .derivationFailed(
            sequence: commit.header.sequence, height: commit.meta.block?.height, ordinal: ordinal, reason: "\(error)")
    }
}
