import AshlarFormat

extension Writer {
    /// Writes down a caller's mark alone, in a commit without events.
    ///
    /// For a producer whose input went on without anything to append, so that it does not look at that part again. Returns the commit's
    /// sequence. Throws `invalidArgument`, `inputOutput`, `poisoned`.
    @discardableResult
    public mutating func note(mark: [UInt8]) throws(StoreError) -> UInt64 {
        try Self.check(mark: mark)
        let sequence = try core.monitor.withLock { (log) throws(StoreError) -> UInt64 in
            try log.checkWritable()
            var meta = CommitMeta()
            meta.control = ControlPart(type: ControlPart.registry)
            meta.mark = mark
            batch.stage.clear()
            try log.commit(.control, meta: meta, stage: &batch.stage, rules: rules, builder: &builder)
            return log.state.sequence
        }
        try afterCommit()
        return sequence
    }
}
