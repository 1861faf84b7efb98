import Ashlar
import AshlarStorage

extension ReadBenchmarks {
    /// What one thread found and how long each of its blocks took.
    private struct Lookups: Sendable {
        var reading = Reading()
        var latencies = Latencies()
    }

    /// Reads blocks at random heights, each whole: one cursor a thread, as an application would that looks here and there.
    func read() throws -> Measurement {
        let store = try Store.open(at: path)
        let view = try store.view()
        let heights = try randomHeights(store, view)
        var seconds: [Double] = []
        var latencies = Latencies()
        var found: [Lookups] = []
        for _ in 0..<rounds {
            seconds.append(
                try Measurement.seconds {
                    found = try BenchThreads.run(threads) { thread in try Self.look(view, heights[thread]) }
                })
            for one in found { latencies.add(one.latencies) }
        }
        var result = Measurement(
            name: "read", seconds: seconds, events: found.reduce(0) { $0 + $1.reading.events },
            bytes: found.reduce(0) { $0 + $1.reading.bytes })
        result.latencies = latencies
        let blocks = heights.reduce(0) { $0 + $1.count }
        result.facts = [
            ("blocksPerSecond", result.median > 0 ? Double(blocks) / result.median : 0), ("lookups", Double(blocks)),
            ("threads", Double(threads)),
        ]
        return result
    }

    private static func look(_ view: View, _ heights: [Int64]) throws -> Lookups {
        var lookups = Lookups()
        var cursor = try view.cursor()
        var last = SystemCalls.monotonicNanoseconds()
        for height in heights {
            guard try cursor.seek(height: height) else {
                throw StoreError.invalidArgument("there is no canonical block at height \(height)")
            }
            try lookups.reading.add(&cursor)
            let now = SystemCalls.monotonicNanoseconds()
            lookups.latencies.record(nanoseconds: now - last)
            last = now
        }
        return lookups
    }

    /// Heights of canonical blocks for each thread, made before the clock starts.
    private func randomHeights(_ store: Store, _ view: View) throws -> [[Int64]] {
        guard let tip = view.tipHeight, tip >= view.firstHeight else {
            throw CommandError.refused(code: "emptyStore", message: "the store has no blocks that could be read")
        }
        var random = SplitMix(state: seed)
        let lowest = try view.blocks().lowest()?.block.height ?? view.firstHeight
        return try (0..<threads).map { thread in
            let count = lookups / threads + (thread < lookups % threads ? 1 : 0)
            return try (0..<count).map { _ in
                let height = Int64.random(in: lowest...tip, using: &random)
                guard store.allowsHeightGaps else { return height }
                // Where heights are skipped, the next block below a random height.
                var below = view.blocks(lowest...height, descending: true).makeIterator()
                return try below.next()?.get().block.height ?? lowest
            }
        }
    }
}

extension BlockSequence {
    /// The first block; nil if there is none.
    fileprivate func lowest() throws(StoreError) -> StoredBlock? {
        var blocks = makeIterator()
        return try blocks.next()?.get()
    }
}
