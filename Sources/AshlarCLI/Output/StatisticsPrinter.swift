import Ashlar
import AshlarFormat

/// The statistics of a store as JSON and as text.
struct StatisticsPrinter {
    private let store: Store

    /// A printer for a store.
    init(_ store: Store) { self.store = store }

    /// Writes one JSON object.
    func json(_ statistics: StoreStatistics, _ output: inout Output) {
        output.write("{\"formatVersion\":")
        output.json(statistics.formatVersion)
        output.write(",\"storeId\":")
        output.json("\(store.id)")
        output.write(",\"hashNotation\":")
        output.json(NotationArgument(store.hashNotation).rawValue)
        output.write(",\"sequence\":")
        output.write(statistics.sequence)
        output.write(",\"durableSequence\":")
        output.write(statistics.durableSequence)
        output.write(",\"tip\":")
        BlockPrinter.tip(statistics.tip, store.hashNotation, &output)
        output.write(",\"finalHeight\":")
        output.json(statistics.finalHeight)
        output.write(",\"prunedSequence\":")
        output.write(statistics.prunedSequence)
        output.write(",\"prunedHeight\":")
        output.json(statistics.prunedHeight)
        jsonCounts(statistics, &output)
        output.write(",\"models\":[")
        for (index, model) in statistics.models.enumerated() {
            if index > 0 { output.write(",") }
            json(model, &output)
        }
        output.write("],\"recovery\":")
        json(store.recovery, &output)
        output.write("}\n")
    }

    private func jsonCounts(_ statistics: StoreStatistics, _ output: inout Output) {
        output.write(",\"canonicalBlocks\":")
        output.write(statistics.canonicalBlocks)
        output.write(",\"canonicalEvents\":")
        output.write(statistics.canonicalEvents)
        output.write(",\"events\":")
        output.write(statistics.events)
        output.write(",\"floatingEvents\":")
        output.write(statistics.floatingEvents)
        output.write(",\"rollbacks\":")
        output.write(statistics.rollbacks)
        output.write(",\"undoneBlocks\":")
        output.write(statistics.undoneBlocks)
        output.write(",\"segments\":")
        output.write(statistics.segments)
        output.write(",\"bytes\":")
        output.write(statistics.bytes)
        output.write(",\"indexBytes\":")
        output.write(statistics.indexBytes)
    }

    private func json(_ model: StoreStatistics.Model, _ output: inout Output) {
        output.write("{\"name\":")
        output.json(model.name)
        output.write(",\"events\":")
        output.write(model.events)
        output.write(",\"canonicalEvents\":")
        output.write(model.canonicalEvents)
        output.write(",\"version\":")
        output.write(model.version)
        output.write(",\"firstHeight\":")
        output.json(model.firstHeight)
        output.write(",\"lastHeight\":")
        output.json(model.lastHeight)
        output.write("}")
    }

    /// What opening found: whether it was clean, the unsynced bytes left out at the end, and all of it in words.
    private func json(_ recovery: Recovery, _ output: inout Output) {
        output.write("{\"clean\":")
        output.json(recovery.isClean)
        output.write(",\"tornBytes\":")
        if case .torn(_, _, let bytes, _) = recovery.tail { output.write(bytes) } else { output.write(0) }
        output.write(",\"description\":")
        output.json("\(recovery)")
        output.write("}")
    }

    /// Writes lines for people, and a table of the models.
    func text(_ statistics: StoreStatistics, _ output: inout Output) {
        let tip = statistics.tip.map {
            "\($0.block.height)  \(HashText.encode($0.block.hash.bytes, as: store.hashNotation))  "
                + TimeText.format($0.block.timestamp)
        }
        var lines: [(String, String)] = [
            ("store", "\(store.id), format \(statistics.formatVersion), hashes in \(store.hashNotation)"),
            ("sequence", "\(statistics.sequence), durable \(statistics.durableSequence)"),
            ("tip", tip ?? "none"),
            ("final height", statistics.finalHeight.map { "\($0)" } ?? "none"),
            ("canonical", "\(statistics.canonicalBlocks) blocks, \(statistics.canonicalEvents) events"),
            ("events", "\(statistics.events), of them \(statistics.floatingEvents) floating"),
            ("rollbacks", "\(statistics.rollbacks), \(statistics.undoneBlocks) blocks undone"),
            ("segments", "\(statistics.segments), \(statistics.bytes) bytes"),
            ("index", "\(statistics.indexBytes) bytes in memory"),
            ("recovery", "\(store.recovery)"),
        ]
        if let height = statistics.prunedHeight {
            lines.insert(("pruned", "up to height \(height), sequence \(statistics.prunedSequence)"), at: 4)
        }
        for (name, value) in lines {
            let padding = String(repeating: " ", count: 14 - name.count)
            output.write(text: name + padding + TextTable.printable(value) + "\n")
        }
        guard !statistics.models.isEmpty else { return }
        output.write("\n")
        var table = TextTable([
            .text("model"), .number("events"), .number("canonical"), .number("version"), .number("first height"),
            .number("last height"),
        ])
        for model in statistics.models {
            let heights = [model.firstHeight, model.lastHeight].map { $0.map { "\($0)" } ?? "-" }
            table.add(
                [model.name, "\(model.events)", "\(model.canonicalEvents)", "\(model.version)"] + heights, to: &output)
        }
        table.finish(&output)
    }
}
