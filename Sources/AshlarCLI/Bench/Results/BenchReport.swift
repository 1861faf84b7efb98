/// What a run of `ashlar bench` came to, with what its numbers are worthless without.
struct BenchReport {
    /// What a run was told or found: a text or a number.
    enum Value {
        case text(String)
        case number(Double)

        var text: String {
            switch self {
            case .text(let text): text
            case .number(let number): number.shortText()
            }
        }
    }

    let machine: Machine
    /// What was measured with, in the order to show it.
    let workload: [(name: String, value: Value)]
    let results: [Measurement]

    /// All that makes numbers of this run doubtful.
    var warnings: [String] { BenchWarnings.of(machine, results) }
}

extension BenchReport {
    /// Writes tables for people; machine, workload and warnings stand at the foot.
    func text(_ output: inout Output) {
        timesTable(&output)
        latencyTable(&output)
        for result in results where !result.facts.isEmpty {
            let facts = result.facts.map { "\($0.name) \($0.value.shortText())" }.joined(separator: ", ")
            output.write(text: "\(result.name): \(facts)\n")
        }
        output.write("\n")
        output.write(text: "machine: \(machine.line)\n")
        let words = workload.map { "\($0.name) \(TextTable.printable($0.value.text))" }.joined(separator: ", ")
        output.write(text: "workload: \(words)\n")
        for warning in warnings { output.write(text: "warning: \(warning)\n") }
    }

    private func timesTable(_ output: inout Output) {
        var table = TextTable([
            .text("measured"), .number("median ms"), .number("min ms"), .number("max ms"), .number("M events/s"),
            .number("MB/s"),
        ])
        for result in results where result.kind != .facts {
            let times = [result.median, result.min, result.max].map { ($0 * 1_000).text(2) }
            let isRate = result.kind == .rate
            table.add(
                [result.name] + times + [
                    isRate ? (result.eventsPerSecond / 1e6).text(2) : "",
                    isRate && result.bytes > 0 ? result.megabytesPerSecond.text(0) : "",
                ], to: &output)
        }
        table.finish(&output)
        output.write("\n")
    }

    private func latencyTable(_ output: inout Output) {
        let timed = results.filter { $0.latencies != nil }
        guard !timed.isEmpty else { return }
        var table = TextTable(
            [.text("one at a time, µs")] + Latencies.shown.map { .number($0.name == "p999" ? "p99.9" : $0.name) }
                + [.number("timed")])
        for result in timed {
            guard let latencies = result.latencies else { continue }
            let values = Latencies.shown.map {
                (Double(latencies.nanoseconds(percentile: $0.percentile)) / 1_000).text(1)
            }
            table.add([result.name] + values + ["\(latencies.count)"], to: &output)
        }
        table.finish(&output)
        output.write("\n")
    }
}

extension Machine {
    /// All facts in one line.
    var line: String {
        let memory = (Double(memoryBytes) / Double(1 << 30)).text(0)
        let build = isDebugBuild ? "debug build" : "release build"
        return TextTable.printable(
            "\(processor), \(cores) cores, \(memory) GiB, \(fileSystem), \(kernel), Ashlar \(ashlar), Swift \(swift), \(build)"
        )
    }
}
