import Foundation

/// Goes through the rounds: in each, every workload is run by one peer after the other, so that whoever is compared ran within the same minute.
struct Rounds {
    let executor: Executor
    let peers: [Peer]
    let workloads: Set<Workload>
    let directory: String
    let progress: (String) -> Void
    private(set) var runs: [Run] = []
    private(set) var failures: [String] = []

    init(
        _ executor: Executor, peers: [Peer], workloads: Set<Workload>, directory: String,
        progress: @escaping (String) -> Void
    ) {
        self.executor = executor
        self.peers = peers
        self.workloads = workloads
        self.directory = directory
        self.progress = progress
    }

    mutating func run() throws {
        for round in 0..<executor.settings.rounds {
            // Nobody is always the first.
            let present = peers.filter { !$0.isSlow || round < executor.settings.slowRounds }
            let turn = present.isEmpty ? 0 : round * 3 % present.count
            let order = Array(present[turn...] + present[..<turn])
            try appended(round, order)
            try fresh(round, order)
            try killed(round, order)
        }
    }

    private mutating func appended(_ round: Int, _ order: [Peer]) throws {
        let reading = Workload.onAppendedStore.filter(workloads.contains)
        guard workloads.contains(.append) || !reading.isEmpty else { return }
        var stores: [String: String] = [:]
        defer { stores.values.forEach(remove) }
        for peer in order where peer.workloads.contains(.append) {
            let store = try makeDirectory(peer, "append")
            stores[peer.name] = store
            if !attempt(peer, .append, round, store) { stores[peer.name] = nil }
        }
        for workload in reading {
            for peer in order where peer.workloads.contains(workload) {
                guard let store = stores[peer.name] else { continue }
                Executor.warm(store)
                attempt(peer, workload, round, store)
            }
        }
    }

    private mutating func fresh(_ round: Int, _ order: [Peer]) throws {
        for workload in Workload.onFreshStore where workloads.contains(workload) {
            for peer in order where peer.workloads.contains(workload) {
                let store = try makeDirectory(peer, workload.rawValue)
                attempt(peer, workload, round, store)
                remove(store)
            }
        }
    }

    private mutating func killed(_ round: Int, _ order: [Peer]) throws {
        let opening = Workload.onKilledStore.filter(workloads.contains)
        guard !opening.isEmpty else { return }
        for peer in order where peer.workloads.contains(.kill) {
            let store = try makeDirectory(peer, "kill")
            if attempt(peer, .kill, round, store) {
                for workload in opening where peer.workloads.contains(workload) {
                    Executor.warm(store)
                    attempt(peer, workload, round, store)
                }
            }
            remove(store)
        }
    }

    private func makeDirectory(_ peer: Peer, _ purpose: String) throws -> String {
        let path = directory + "/\(purpose)-\(peer.name)"
        remove(path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    private mutating func attempt(_ peer: Peer, _ workload: Workload, _ round: Int, _ store: String) -> Bool {
        do {
            let run = try executor.run(peer, workload, round: round, in: store)
            runs.append(run)
            progress(
                "round \(round + 1)  \(workload.title), \(peer.title): \(run.value.shown)"
                    + (run.isDisturbed ? "  (others: \(run.foreignSeconds.shown) s)" : ""))
            return true
        } catch {
            let failure = "round \(round + 1), \(workload.rawValue), \(peer.name): \(error)"
            failures.append(failure)
            progress("FAILED " + failure)
            return false
        }
    }
}
