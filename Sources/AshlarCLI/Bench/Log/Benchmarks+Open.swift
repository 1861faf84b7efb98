import Ashlar
import AshlarStorage

extension Benchmarks {
    /// Opens the store: after a clean close, after its writer was killed, and without any footers; each until the highest block is there.
    ///
    /// Comes last: it takes the footers off the store that `append` left.
    func open() throws -> [Measurement] {
        var results = [try ReadBenchmarks.open("open clean", path, .durable, rounds: rounds)]
        results += try openKilled()
        let removed = try StoreCopy.removeFooters(of: path)
        var bare = try ReadBenchmarks.open("open no footers", path, .durable, rounds: rounds)
        try requireWhole(bare)
        bare.facts.append(("footersRemoved", Double(removed)))
        return results + [bare]
    }

    /// Opens what a kill behind the last append left: for reading all that is valid, and for writing, which also puts the end in order.
    private func openKilled() throws -> [Measurement] {
        let tail = try tailBytes()
        var reading = try ReadBenchmarks.open("open killed", killedPath, .committed, rounds: rounds)
        try requireWhole(reading)
        let (all, durable) = (try Store.open(at: killedPath, horizon: .committed), try Store.open(at: killedPath))
        reading.facts += [
            ("tailBytes", Double(tail)), ("unprovenCommits", Double(all.sequence) - Double(durable.sequence)),
        ]
        var seconds: [Double] = []
        let copy = directory + "/bench-reopened.ashlar"
        for _ in 0..<rounds {
            try StoreCopy.make(of: killedPath, at: copy)
            defer { try? Self.remove(copy) }
            let start = SystemCalls.monotonicNanoseconds()
            let writer = try Writer.open(at: copy, options: options)
            seconds.append(Double(SystemCalls.monotonicNanoseconds() - start) / 1e9)
            try writer.close()
        }
        var writing = reading
        (writing.name, writing.seconds) = ("open killed rw", seconds)
        return [reading, writing]
    }

    /// Bytes of the last segment of the killed store, which no footer speaks for.
    private func tailBytes() throws -> Int {
        let storage = try FileStorage(path: killedPath)
        guard let last = try storage.list().filter({ $0.hasSuffix(".segment") }).max() else { return 0 }
        return try storage.open(last, .read).size()
    }

    /// A kill loses nothing that went to the file, nor does a lost footer: anything else would be measured wrongly.
    private func requireWhole(_ opened: Measurement) throws {
        guard opened.events == events else {
            throw StoreError.invalidArgument("\(opened.name): \(opened.events) events are there, not \(events)")
        }
    }
}
