import AshlarFormat

extension View {
    /// Whether none of the events that these models have in canonical blocks was pruned: their versions begin with 1 in what is left.
    func hasAllEvents(of models: [String]) throws(StoreError) -> Bool {
        let present = try Store(core).view()
        for model in models {
            var query = EventQuery()
            query.models = [model]
            query.limit = 1
            var cursor = try present.cursor(query)
            if try cursor.next() {
                guard cursor.version == 1 else { return false }
            } else {
                let version = core.monitor.withLock { log in
                    log.registry.modelIndex(named: model).map { log.registry.models[$0].version } ?? 0
                }
                guard version == 0 else { return false }
            }
        }
        return true
    }

    /// Hands out the events of blocks in these commits, whether the blocks are canonical or not, in the order of the log and as models meet them.
    ///
    /// With `models`, only those of these models. An error of `body` ends it; it is thrown as `model`, with `name` for the model that failed.
    package func eachBlockEvent(
        in sequences: ClosedRange<UInt64>, of models: [String]?, for name: String,
        _ body: (borrowing ModelEvent) throws -> Void
    ) throws(ProjectionError) {
        var query = EventQuery()
        query.scope = .log
        query.models = models
        query.sequences = sequences
        let asked = query
        var cursor = try reading { () throws(StoreError) in try self.cursor(asked) }
        var event = ModelEvent(names: EventNames(core))
        while true {
            do throws(StoreError) { guard try cursor.next() else { return } } catch { throw .store(error) }
            event.load(from: cursor)
            guard event.height != nil else { continue }
            do { try body(event) } catch {
                throw .model(
                    name: name, height: event.height, sequence: event.sequence, ordinal: event.ordinal, cause: error)
            }
        }
    }
}
