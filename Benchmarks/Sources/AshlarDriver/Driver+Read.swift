import Ashlar
import CWorkload

extension Driver {
    /// Takes what a query gives into a digest: the height and each payload byte of every event.
    static func read(_ view: View, _ query: EventQuery = EventQuery()) throws(StoreError) -> Digest {
        var digest = Digest()
        var cursor = try view.cursor(query)
        while try cursor.next() {
            let height = UInt64(cursor.height ?? 0)
            cursor.payload.withUnsafeBytes { digest_add(&digest, height, $0.baseAddress, $0.count) }
        }
        return digest
    }

    /// Reads one block with a cursor that is kept.
    static func read(_ cursor: inout EventCursor, _ height: UInt64) throws(StoreError) -> Digest {
        var digest = Digest()
        guard try cursor.seek(height: Int64(height)) else { return digest }
        while try cursor.next() {
            let height = UInt64(cursor.height ?? 0)
            cursor.payload.withUnsafeBytes { digest_add(&digest, height, $0.baseAddress, $0.count) }
        }
        return digest
    }

    /// Reads one block.
    static func read(_ view: View, _ height: UInt64) throws(StoreError) -> Digest {
        var cursor = try view.cursor()
        return try read(&cursor, height)
    }

    /// Reads everything with the cursor.
    func scan() throws {
        let view = try Store.open(at: path).view()
        let start = clock_start()
        let found = try Self.read(view)
        let end = clock_stop()
        try require(found, 0..<options.blocks)
        report(found.events, end - start)
    }

    /// Reads everything with two cursors, each over half of the heights, on two threads.
    func scanOnTwoThreads() async throws {
        let view = try Store.open(at: path).view()
        let middle = Int64(options.blocks / 2)
        let start = clock_start()
        let found = try await withThrowingTaskGroup(of: Digest.self) { group in
            for heights in [0...max(middle - 1, 0), middle...Int64(options.blocks)] {
                group.addTask {
                    var query = EventQuery()
                    query.heights = heights
                    return try Self.read(view, query)
                }
            }
            var sum = Digest()
            for try await half in group {
                sum.events += half.events
                sum.sum &+= half.sum
            }
            return sum
        }
        let end = clock_stop()
        try require(found, 0..<options.blocks)
        report(found.events, end - start)
    }

    /// Reads everything as an asynchronous sequence of batches.
    func scanBatches() async throws {
        let store = try Store.open(at: path)
        var following = SubscriptionOptions()
        following.stopsAtEnd = true
        var digest = Digest()
        let start = clock_start()
        for try await batch in try store.subscribe(options: following) {
            for step in batch.steps {
                for event in step.events {
                    let height = UInt64(event.height ?? 0)
                    event.payload.withUnsafeBytes { digest_add(&digest, height, $0.baseAddress, $0.count) }
                }
            }
        }
        let end = clock_stop()
        try require(digest, 0..<options.blocks)
        report(digest.events, end - start)
    }

    /// Reads one model's events.
    func model(named name: String, expecting model: Int32) throws {
        let view = try Store.open(at: path).view()
        var query = EventQuery()
        query.models = [name]
        let start = clock_start()
        let found = try Self.read(view, query)
        let end = clock_stop()
        try require(found, 0..<options.blocks, model: model)
        report(found.events, end - start)
    }

    /// Reads blocks at random heights.
    func random() throws {
        let view = try Store.open(at: path).view()
        var state = options.seed + 77
        let heights = (0..<options.lookups).map { _ in workload_random(&state) % options.blocks }
        var taken: [UInt64] = []
        taken.reserveCapacity(heights.count)
        var found = Digest()
        let start = clock_start()
        var cursor = try view.cursor()
        var last = start
        for height in heights {
            let one = try Self.read(&cursor, height)
            found.events += one.events
            found.sum &+= one.sum
            let now = clock_nanoseconds()
            taken.append(now - last)
            last = now
        }
        _ = clock_stop()
        var expected = Digest()
        for height in heights {
            let one = withUnsafePointer(to: workload) { workload_expected($0, height, height + 1, -1) }
            expected.events += one.events
            expected.sum &+= one.sum
        }
        try require(found, expected)
        taken.sort()
        let (p50, p99) = (taken[taken.count / 2], taken[taken.count * 99 / 100])
        report(options.lookups, last - start, ",\"p50\":\(Double(p50) / 1e9),\"p99\":\(Double(p99) / 1e9)")
    }

    /// How long it takes until the store has shown its highest block and can be appended to.
    func openForWriting() throws {
        let start = clock_start()
        let writer = try Writer.open(at: path, options: writerOptions(.none))
        try finishOpening(try writer.store.view(), start)
        try writer.close()
    }

    /// How long it takes until the store has shown its highest block, for a reader; after a kill, all that is valid.
    func openForReading() throws {
        let start = clock_start()
        let store = try Store.open(at: path, horizon: .committed)
        try finishOpening(try store.view(), start)
    }

    private func finishOpening(_ view: View, _ start: UInt64) throws {
        guard let tip = view.tipHeight else { throw Problem("it is empty") }
        let found = try Self.read(view, UInt64(tip))
        let end = clock_stop()
        guard UInt64(tip) + 1 == options.blocks else { throw Problem("\(tip + 1) blocks, not \(options.blocks)") }
        try require(found, UInt64(tip)..<UInt64(tip) + 1)
        report(options.blocks, end - start, ",\"lostBlocks\":0")
    }

    /// What the store takes.
    func disk() throws {
        try Writer.open(at: path, options: writerOptions(.none)).close()
        report(options.blocks * options.events, 0, ",\"bytes\":\(directory_bytes(options.directory))")
    }
}
