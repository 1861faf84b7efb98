import Ashlar
import AshlarEasyLayer

/// What an import says at its end.
struct ImportSummary {
    /// A consumer that was made, or that was there.
    struct Registration {
        var name: String
        var cursor: Cursor
        var isNew: Bool
    }

    let report: EasyLayerReport
    let store: String
    /// How long it took.
    var seconds = 0.0
    /// The consumer, if one was asked for.
    var consumer: Registration?

    init(_ report: EasyLayerReport, store: String) {
        self.report = report
        self.store = store
    }

    private var rate: Int { Int(Double(report.events) / max(seconds, 0.001)) }

    /// Writes it for people.
    func text(_ output: inout Output) {
        output.write(
            text: "\(TextTable.printable(store)): \(report.blocks) blocks, \(report.rollbacks) rollbacks, "
                + "\(report.events) events, \(report.floating) of them floating, "
                + "\(NumberText.decimals(Double(report.bytes) / 1e6, 1)) MB; "
                + "\(NumberText.decimals(seconds, 1)) s, \(NumberText.grouped(rate)) events/s\n")
        for base in report.bases.taken {
            output.write(
                text: "base: \(base.model) starts from its snapshot at height \(base.height), version \(base.version), "
                    + "\(base.payload.count) bytes\n")
        }
        for snapshot in report.bases.unusable {
            output.write(
                text: "not usable: the snapshot of \(snapshot.model) at height \(snapshot.height): \(snapshot.reason)\n"
            )
        }
        for model in report.bases.missing {
            output.write(
                text:
                    "warning: the first events of \(model) are gone, and no snapshot can stand for them: what is there was "
                    + "imported, but gives no state\n")
        }
        guard !report.isStopped else { return }
        table(&output)
        if report.isWhole { output.write("compared: counts and digests are the same in source and store\n") }
        outbox(&output)
        guard let consumer else { return }
        output.write(
            text: "consumer \(TextTable.printable(consumer.name)): "
                + "\(consumer.isNew ? "made at" : "was there already, and stays at") \(consumer.cursor)\n")
    }

    private func table(_ output: inout Output) {
        var table = TextTable([
            .text("model"), .number("rows"), .number("events"), .number("bases"), .number("bytes"), .text("compared"),
        ])
        for model in report.models {
            table.add(
                [
                    model.name, "\(model.source.rows)", "\(model.store.rows)", "\(model.storeBases)",
                    "\(model.store.bytes)", model.isSame ? "same" : "different",
                ], to: &output)
        }
        table.finish(&output)
    }

    private func outbox(_ output: inout Output) {
        guard let outbox = report.outbox else { return }
        guard outbox.rows > 0 else { return output.write("outbox: none\n") }
        output.write(text: "outbox: \(outbox.rows) rows; cursor \(outbox.first.map { "\($0)" } ?? "none")\n")
        if outbox.lost > 0 {
            output.write(text: "outbox: the events of the first \(outbox.lost) rows are not in the source any more\n")
        }
        if let all = outbox.all, outbox.first != nil, all != outbox.first {
            output.write(text: "outbox: others stand before that one in the store; safe cursor \(all)\n")
        }
    }
}

// MARK: - JSON

extension ImportSummary {
    /// Writes it for programs: one object in a line.
    func json(_ output: inout Output) {
        output.write(
            text: "{\"stopped\":\(report.isStopped),\"whole\":\(report.isWhole),\"blocks\":\(report.blocks),"
                + "\"rollbacks\":\(report.rollbacks),\"events\":\(report.events),\"floating\":\(report.floating),"
                + "\"bytes\":\(report.bytes),\"markers\":\(report.markers),\"milliseconds\":\(Int(seconds * 1_000)),"
                + "\"eventsPerSecond\":\(rate),\"models\":[")
        list(report.models, &output) { (model, output) in
            output.write("{\"name\":")
            output.json(model.name)
            output.write(
                text: ",\"rows\":\(model.source.rows),\"events\":\(model.store.rows),\"bases\":\(model.storeBases),"
                    + "\"bytes\":\(model.store.bytes),\"same\":\(model.isSame)}")
        }
        output.write("],\"bases\":[")
        list(report.bases.taken, &output) { (base, output) in
            output.write("{\"model\":")
            output.json(base.model)
            output.write(
                text: ",\"height\":\(base.height),\"version\":\(base.version),\"bytes\":\(base.payload.count)}")
        }
        output.write("],\"unusableSnapshots\":[")
        list(report.bases.unusable, &output) { (snapshot, output) in
            output.write("{\"model\":")
            output.json(snapshot.model)
            output.write(text: ",\"height\":\(snapshot.height),\"reason\":")
            output.json(snapshot.reason)
            output.write("}")
        }
        output.write("],\"withoutBase\":[")
        list(report.bases.missing, &output) { (model, output) in output.json(model) }
        output.write("],\"outbox\":")
        outboxJSON(&output)
        output.write(",\"consumer\":")
        if let consumer {
            output.write("{\"name\":")
            output.json(consumer.name)
            output.write(text: ",\"cursor\":\"\(consumer.cursor)\",\"new\":\(consumer.isNew)}")
        } else {
            output.write("null")
        }
        output.write("}\n")
    }

    private func list<Element>(
        _ elements: [Element], _ output: inout Output, _ body: (Element, inout Output) -> Void
    ) {
        for (index, element) in elements.enumerated() {
            if index > 0 { output.write(",") }
            body(element, &output)
        }
    }

    private func outboxJSON(_ output: inout Output) {
        guard let outbox = report.outbox else { return output.write("null") }
        output.write(text: "{\"rows\":\(outbox.rows),\"lost\":\(outbox.lost),\"cursor\":")
        output.json(outbox.first.map { "\($0)" })
        output.write(",\"safeCursor\":")
        output.json(outbox.all.map { "\($0)" })
        output.write("}")
    }
}
