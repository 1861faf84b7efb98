import Ashlar

extension Benchmarks {
    /// Derives a store from the one that `append` left: all of it, and with one model dropped; written as that was, and synced at the end.
    func derive() throws -> [Measurement] {
        let all = try derive("derive all", ModelSelection())
        return [all, try derive("derive less", ModelSelection(drop: ["model.0"]))]
    }

    private func derive(_ name: String, _ selection: ModelSelection) throws -> Measurement {
        let target = path + ".derived"
        var options = DerivationOptions()
        options.writer.segmentBytes = self.options.segmentBytes
        options.writer.compression = self.options.compression
        var seconds: [Double] = []
        var report: DerivationReport?
        for _ in 0..<rounds {
            defer { try? Self.remove(target) }
            seconds.append(
                try Measurement.seconds {
                    report = try Store.derive(from: path, to: target, transform: selection, options: options)
                })
        }
        var result = Measurement(
            name: name, seconds: seconds, events: Int(clamping: report?.eventsRead ?? 0), bytes: workload.payloadBytes)
        result.facts = [("eventsWritten", Double(report?.eventsWritten ?? 0))]
        return result
    }
}
