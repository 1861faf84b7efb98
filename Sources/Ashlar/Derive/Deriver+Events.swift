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
        event.block = block
        event.sequence = commit.header.sequence
        event.commonTimestamp = commit.meta.block?.timestamp ?? commit.meta.floating?.timestamp ?? 0
        event.commonRequestID = commit.meta.requestID
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
                try hand(row, rule)
            case .replace: try hand(row, rule)
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
    private mutating func hand(_ row: RecordTable.Row, _ rule: DerivationRules.Resolved) throws(StoreError) {
        event.row = row
        event.content = try commit.content(row)
        event.firstVersion = commit.table.sections[Int(row.section)].entry.firstVersion
        if event.pair != rule.pair {
            event.pair = rule.pair
            event.names = rules.names[Int(rule.pair)]
        }
        do throws(FormatError) {
            event.fields = try OwnFields(typeAndFlags: row.typeAndFlags, content: event.content)
        } catch {
            throw commit.damaged(row, error.reason)
        }
        do {
            if event.block == nil {
                try derivation.deriveFloating(event, state.value, &output)
            } else {
                try derivation.derive(event, &state.value, &output)
            }
        } catch {
            throw failed(error, ordinal: Int(row.ordinal))
        }
    }

    /// Asks the derivation for its rule about a pair met for the first time.
    @inline(never)
    private mutating func resolve(_ model: UInt32, _ type: UInt32) throws(StoreError) -> DerivationRules.Resolved {
        let names = source.core.monitor.withLock { log in
            DerivationNames(
                model: log.registry.modelIndex(id: model).map { log.registry.models[$0].name } ?? "",
                type: log.registry.typeIndex(id: type).map { log.registry.types[$0].name } ?? "")
        }
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
        return rules.note(model, type, resolved, names)
    }

    /// The error for what a derivation threw at the loaded commit.
    func failed(_ error: any Error, ordinal: Int?) -> StoreError {
        if case .cancelled? = error as? StoreError { return .cancelled }
        return .derivationFailed(
            sequence: commit.header.sequence, height: commit.meta.block?.height, ordinal: ordinal, reason: "\(error)")
    }
}
