import AshlarFormat

extension View {
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
