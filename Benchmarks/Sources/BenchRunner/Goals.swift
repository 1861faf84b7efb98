/// What Ashlar has to reach, and whether it did.
struct Goal: Sendable {
    enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    let name: String
    let unit: String
    let bound: Bound
    let estimate: Estimate?

    /// Nil if it was not measured.
    var isMet: Bool? {
        guard let estimate else { return nil }
        switch bound {
        case .atLeast(let limit): return estimate.median >= limit
        case .atMost(let limit): return estimate.median <= limit
        }
    }

    /// The goals that the results tell something about, in the order of the workloads.
    static func all(_ results: Results) -> [Goal] {
        writing(results) + reading(results) + opening(results) + space(results)
    }

    private static func ratio(
        _ name: String, _ results: Results, _ bound: Double, _ workload: Workload, peer: String = "ashlar",
        to other: String, _ otherWorkload: Workload? = nil
    ) -> Goal {
        Goal(
            name: name, unit: "×", bound: .atLeast(bound),
            estimate: results.ratio(peer, workload, to: other, otherWorkload ?? workload))
    }

    private static func writing(_ results: Results) -> [Goal] {
        [
            ratio("append / LMDB blob", results, 1.5, .append, to: "lmdb"),
            ratio("append / raw C", results, 0.9, .append, to: Peer.reference),
            ratio("durable / raw C with zeros ahead", results, 0.9, .durable, to: "raw-prezeroed"),
            ratio("pipelined / durable raw C with zeros ahead", results, 3, .pipelined, to: "raw-prezeroed", .durable),
            ratio("pipelined / bulk raw C", results, 0.8, .pipelined, to: Peer.reference, .bulk),
            ratio("bulk / raw C", results, 0.95, .bulk, to: Peer.reference),
            ratio("append with LZ4 / without", results, 0.25, .append, peer: "ashlar-lz4", to: "ashlar"),
        ]
    }

    private static func reading(_ results: Results) -> [Goal] {
        let p99 = results.estimate([("ashlar", .random), (Peer.reference, .random)]) { round in
            guard let mine = results.run("ashlar", .random, round: round)?.p99,
                let theirs = results.run(Peer.reference, .random, round: round)?.p99, theirs > 0
            else { return nil }
            return mine / theirs
        }
        return [
            ratio("scan / raw C", results, 0.95, .scan, to: Peer.reference),
            ratio("scan on two threads / raw C on one", results, 1.6, .scanTwoThreads, to: Peer.reference, .scan),
            ratio("asynchronous batches / cursor", results, 0.8, .scanAsync, to: "ashlar", .scan),
            ratio("random blocks / raw C", results, 0.95, .random, to: Peer.reference),
            Goal(name: "random blocks, p99 / raw C's", unit: "×", bound: .atMost(1.25), estimate: p99),
            ratio("one model of eight / SQLite's indexed tables", results, 1.5, .model, to: "sqlite-easylayer"),
        ]
    }

    private static func opening(_ results: Results) -> [Goal] {
        // A short tail tells about everything else that opening does.
        let hundredMegabytes = Double(results.settings.unprovenBytes) / 100_000_000
        let perTail = results.estimate([("ashlar", .openKilled)]) { round in
            guard let run = results.run("ashlar", .openKilled, round: round), hundredMegabytes > 0.5 else { return nil }
            return run.value / hundredMegabytes
        }
        let afterCommit = results.estimate([("ashlar", .undoSynced), ("ashlar", .durable)]) { round in
            guard let undo = results.run("ashlar", .undoSynced, round: round),
                let durable = results.run("ashlar", .durable, round: round)
            else { return nil }
            return undo.value - durable.seconds * 1_000 / Double(max(1, results.settings.durableBlocks))
        }
        return [
            Goal(
                name: "open, clean (meant for 1 GB)", unit: "ms", bound: .atMost(3),
                estimate: results.absolute("ashlar", .open)),
            Goal(
                name: "open, killed, for each 100 MB of unproven tail", unit: "ms", bound: .atMost(40),
                estimate: perTail),
            Goal(
                name: "undo 100 blocks and append", unit: "ms", bound: .atMost(0.3),
                estimate: results.absolute("ashlar", .undo)),
            Goal(
                name: "the same, synced, beyond one durable commit", unit: "ms", bound: .atMost(0.2),
                estimate: afterCommit),
        ]
    }

    private static func space(_ results: Results) -> [Goal] {
        // The workload's payloads and what goes with them: 65,536 of each.
        let payloads = Double(65_536 * (results.settings.payloadBytes + 10))
        func memory(_ name: String, _ workload: Workload) -> Goal {
            let estimate = results.estimate([("ashlar", workload)]) { round in
                results.run("ashlar", workload, round: round)?.anonymousBytes.map {
                    (Double($0) - payloads) / 1_048_576
                }
            }
            return Goal(name: name, unit: "MiB", bound: .atMost(64), estimate: estimate)
        }
        return [
            Goal(name: "disk", unit: "bytes/event", bound: .atMost(224), estimate: results.absolute("ashlar", .disk)),
            Goal(
                name: "disk with LZ4", unit: "bytes/event", bound: .atMost(180),
                estimate: results.absolute("ashlar-lz4", .disk)),
            memory("anonymous memory after appending", .append), memory("anonymous memory after scanning", .scan),
        ]
    }
}
