import Ashlar

/// The events of a workload, block by block, over and over.
struct WorkloadFeed {
    private let workload: Workload
    private let models: [ModelHandle]
    private let types: [TypeHandle]
    private var next = 0
    private var start = 0

    /// Resolves the names of models and types.
    init(_ workload: Workload, _ writer: inout Writer) throws(StoreError) {
        self.workload = workload
        var (models, types): ([ModelHandle], [TypeHandle]) = ([], [])
        for number in 0..<workload.shape.models { models.append(try writer.model("model.\(number)")) }
        for number in 0..<workload.shape.types { types.append(try writer.type("type.\(number)")) }
        (self.models, self.types) = (models, types)
    }

    /// Adds the events of the next block.
    mutating func addBlock(to batch: inout EventBatch) throws(StoreError) {
        // The span borrows the workload, not what counts on.
        let workload = workload
        let bytes = workload.bytes.span.bytes
        for _ in 0..<workload.shape.eventsPerBlock {
            let end = workload.ends[next]
            let kind = workload.kinds[next]
            try batch.add(models[kind.model], types[kind.type], payload: bytes.extracting(start..<end))
            start = end
            next += 1
            if next == workload.ends.count { (next, start) = (0, 0) }
        }
    }
}
