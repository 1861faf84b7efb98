extension BenchReport {
    /// Writes one JSON object.
    func json(_ output: inout Output) {
        output.write("{\"machine\":")
        machine.json(&output)
        output.write(",\"workload\":{")
        for (index, entry) in workload.enumerated() {
            if index > 0 { output.write(",") }
            output.json(entry.name)
            output.write(":")
            switch entry.value {
            case .text(let text): output.json(text)
            case .number(let number): output.write(text: number.shortText(6))
            }
        }
        output.write("},\"results\":[")
        for (index, result) in results.enumerated() {
            output.write(text: index > 0 ? ",\n " : "\n ")
            result.json(&output)
        }
        output.write("\n],\"warnings\":")
        output.json(warnings)
        output.write("}\n")
    }
}

extension Machine {
    fileprivate func json(_ output: inout Output) {
        let texts = [
            ("processor", processor), ("fileSystem", fileSystem), ("kernel", kernel), ("ashlar", ashlar),
            ("swift", swift),
            ("build", isDebugBuild ? "debug" : "release"),
        ]
        output.write("{\"cores\":")
        output.write(cores)
        output.write(",\"memoryBytes\":")
        output.write(memoryBytes)
        for (name, text) in texts {
            output.write(",")
            output.json(name)
            output.write(":")
            output.json(text)
        }
        output.write("}")
    }
}

extension Measurement {
    fileprivate func json(_ output: inout Output) {
        output.write("{\"name\":")
        output.json(name)
        output.write(text: ",\"events\":\(events),\"bytes\":\(bytes),\"seconds\":[")
        output.write(text: seconds.map { $0.text(6) }.joined(separator: ",") + "]")
        let numbers = [
            ("medianSeconds", median.text(6)), ("minSeconds", min.text(6)), ("maxSeconds", max.text(6)),
            ("spread", spread.text(3)), ("eventsPerSecond", kind == .rate ? eventsPerSecond.text(0) : "null"),
            ("megabytesPerSecond", kind == .rate ? megabytesPerSecond.text(1) : "null"),
            ("otherCores", otherCores?.text(2) ?? "null"),
        ]
        let facts = facts.map { ($0.name, $0.value.shortText(3)) }
        for (name, number) in numbers + facts { output.write(text: ",\"\(name)\":\(number)") }
        if let latencies {
            output.write(text: ",\"latencyNanoseconds\":{\"count\":\(latencies.count)")
            for (name, percentile) in Latencies.shown {
                output.write(text: ",\"\(name)\":\(latencies.nanoseconds(percentile: percentile))")
            }
            output.write("}")
        }
        output.write(",\"warnings\":")
        output.json(BenchWarnings.of(self))
        output.write("}")
    }
}

extension Output {
    /// Writes an array of strings.
    fileprivate mutating func json(_ texts: [String]) {
        write("[")
        for (index, text) in texts.enumerated() {
            if index > 0 { write(",") }
            json(text)
        }
        write("]")
    }
}
