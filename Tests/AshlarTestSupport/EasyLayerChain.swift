package import AshlarSQLite

extension SQLiteTarget {
    /// Fills a database as EasyLayer might have: a network model that reorganises now and then, `balances` with late events and pruned up
    /// to a snapshot, `transfers` with large payloads, `Mem-pool` without heights, and an outbox. The same seed gives the same rows.
    package func fillAsEasyLayer(blocks: Int, seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        try execute("BEGIN")
        for model in ["network", "balances", "transfers", "Mem-pool"] { try createModel(model) }
        try createSharedTables()
        var versions: [String: Int64] = [:]
        func next(_ model: String) -> Int64 {
            versions[model, default: 0] += 1
            return versions[model, default: 0]
        }
        var (height, branch) = (0, 0)
        // The branch that the block of each height is on.
        var branches: [Int] = []
        while height < blocks {
            let count = 1 + Int(random.below(4))
            let below = branches.last ?? 0
            let added = (height..<height + count).map { bitcoinBlock($0, branch, on: $0 == height ? below : nil) }
            branches += Array(repeating: branch, count: count)
            height += count
            try addBlocks(next("network"), added, at: Int64(height - 1), compress: random.below(2) == 0)
            guard height > 20, random.below(20) == 0 else { continue }
            let depth = 1 + Int(random.below(3))
            height -= depth
            branches.removeLast(depth)
            branch = (branch + 1) % 16
            try addReorganisation(next("network"), to: Int64(height - 1))
        }
        for height in 0..<Int64(height) {
            for index in 0..<random.below(4) {
                let version = next("balances")
                // Now and then a version is missing, and an event comes late.
                if random.below(50) == 0 { _ = next("balances") }
                let own = random.below(30) == 0 ? max(0, height - 2) : height
                try add("balances", version: version, height: own, "{\"n\":\(version),\"i\":\(index)}")
            }
            let long = String(repeating: "0123456789", count: Int(random.below(300)))
            try add(
                "transfers", version: next("transfers"), height: height, "{\"data\":\"\(long)\"}",
                compress: long.utf8.count > 500)
            for _ in 0..<random.below(5) {
                let version = next("Mem-pool")
                try add("Mem-pool", version: version, height: random.below(3) == 0 ? -1 : nil, "{\"m\":\(version)}")
            }
        }
        // Transfers have no late events and no holes: they go on from the snapshot at any height.
        let pruned = Int64(height / 3)
        try addSnapshot("transfers", height: pruned, version: pruned + 1, "{\"state\":\(pruned)}", compress: true)
        try prune("transfers", upTo: pruned)
        for (index, version) in (1...3).enumerated() {
            try addToOutbox(Int64(index + 10), "transfers", version: versions["transfers", default: 0] - Int64(version))
        }
        try execute("COMMIT")
    }
}
