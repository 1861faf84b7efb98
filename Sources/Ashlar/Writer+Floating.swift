import AshlarFormat
import AshlarStorage

extension Writer {
    /// Appends events that belong to no block, atomically.
    ///
    /// With `key` (1–255 bytes) a repeat within the last 1,024 keyed batches changes nothing, also after a restart. `timestamp` is that of all
    /// events without their own; now if nil. Throws what `append` throws.
    @discardableResult
    public mutating func appendFloating(
        _ events: [Event], key: [UInt8]? = nil, timestamp: Timestamp? = nil, requestID: [UInt8]? = nil,
        mark: [UInt8]? = nil
    ) throws(StoreError) -> FloatingOutcome {
        try stage(events)
        return try appendFloatingStaged(key: key, timestamp: timestamp, requestID: requestID, mark: mark)
    }

    /// Appends the events that `fill` adds as a floating batch; see `appendFloating(_:key:timestamp:requestID:mark:)`.
    @discardableResult
    public mutating func appendFloating(
        key: [UInt8]? = nil, timestamp: Timestamp? = nil, requestID: [UInt8]? = nil, mark: [UInt8]? = nil,
        _ fill: (inout EventBatch) throws(StoreError) -> Void
    ) throws(StoreError) -> FloatingOutcome {
        batch.stage.clear()
        try fill(&batch)
        return try appendFloatingStaged(key: key, timestamp: timestamp, requestID: requestID, mark: mark)
    }

    private mutating func appendFloatingStaged(
        key: [UInt8]?, timestamp: Timestamp?, requestID: [UInt8]?, mark: [UInt8]?
    ) throws(StoreError) -> FloatingOutcome {
        if let key, !(1...Limits.idempotencyKeyBytes).contains(key.count) {
            throw .invalidArgument("an idempotency key must have 1–255 bytes; this has \(key.count)")
        }
        if let requestID { try EventBatch.check(requestID: requestID) }
        try Self.check(mark: mark)
        try waitForRoom()
        let outcome = try core.monitor.withLock { (log) throws(StoreError) -> FloatingOutcome in
            try log.checkWritable()
            if let key {
                try log.loadKeys(&reader)
                if let sequence = log.keyRing?[key] { return .repeated(sequence: sequence) }
            }
            var meta = CommitMeta()
            meta.floating = FloatingPart(
                timestamp: timestamp?.microseconds ?? SystemCalls.wallMicroseconds(), key: key ?? [])
            meta.requestID = requestID
            meta.mark = mark
            meta.eventTimes = batch.stage.eventTimes
            try log.commit(.floating, meta: meta, stage: &batch.stage, rules: rules, builder: &builder)
            if let key { log.keyRing?.append(key, sequence: log.state.sequence) }
            return .appended(sequence: log.state.sequence)
        }
        try afterCommit()
        return outcome
    }

    /// Makes names known before they are first used, in a commit of its own; what is known already is left alone.
    ///
    /// So that a store lists its models even while they have no events. Returns the sequence of the log's last commit.
    @discardableResult
    public mutating func declare(models: [String], types: [String] = []) throws(StoreError) -> UInt64 {
        let sequence = try core.monitor.withLock { (log) throws(StoreError) -> UInt64 in
            try log.checkWritable()
            var meta = CommitMeta()
            meta.control = ControlPart(type: ControlPart.registry)
            for name in models where !log.registry.isInLog(.model, named: name) {
                let index = try log.registry.resolveModel(name)
                let id = log.registry.models[index].id
                guard !meta.names.contains(where: { $0.kind == .model && $0.id == id }) else { continue }
                meta.names.append(NameDefinition(kind: .model, id: id, version: 0, name: Array(name.utf8)))
            }
            for name in types where !log.registry.isInLog(.type, named: name) {
                let index = try log.registry.resolveType(name)
                let id = log.registry.types[index].id
                guard !meta.names.contains(where: { $0.kind == .type && $0.id == id }) else { continue }
                meta.names.append(NameDefinition(kind: .type, id: id, version: 0, name: Array(name.utf8)))
            }
            guard !meta.names.isEmpty else { return log.state.sequence }
            batch.stage.clear()
            try log.commit(.control, meta: meta, stage: &batch.stage, rules: rules, builder: &builder)
            return log.state.sequence
        }
        try afterCommit()
        return sequence
    }
}

extension LogState {
    /// Finds the keys of the last keyed batches, once, when the first keyed batch of a session comes.
    fileprivate mutating func loadKeys(_ reader: inout CommitReader) throws(StoreError) {
        guard keyRing == nil else { return }
        if storage.isSeeded(.keysForgotten) {
            keyRing = KeyRing()
            return
        }
        var sequences: [UInt64] = []
        if let active {
            sequences = active.index.keyed.reversed().map { active.header.opening.sequence + 1 + UInt64($0) }
        }
        for segment in sealed.reversed() where sequences.count < KeyRing.capacity {
            let column = segment.summary[.keyed]
            guard column.length > 0 else { continue }
            let bytes = try storing { () throws(StorageError) in
                try segment.footer.bytes(at: Int(column.offset), count: Int(column.length))
            }
            let span = bytes.span.bytes
            for position in stride(from: bytes.count - 4, through: 0, by: -4) {
                sequences.append(segment.header.opening.sequence + 1 + UInt64(span.u32(position)))
            }
        }
        var ring = KeyRing()
        for sequence in sequences.prefix(KeyRing.capacity).reversed() {
            guard let location = try location(ofSequence: sequence) else { continue }
            try loadMeta(location, &reader)
            if let key = reader.meta.floating?.key, !key.isEmpty { ring.append(key, sequence: sequence) }
        }
        keyRing = ring
    }
}
