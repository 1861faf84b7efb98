import Ashlar

/// A sample in the text format that Prometheus reads, for the textfile directory of a node exporter.
struct PrometheusText {
    private var text = ""
    private let store: String

    /// The text of a sample.
    static func of(_ sample: StoreSample) -> String {
        var writer = PrometheusText(sample.storeID)
        writer.log(sample)
        writer.space(sample)
        writer.parts(sample)
        return writer.text
    }

    private init(_ storeID: String) { store = storeID }

    private mutating func log(_ sample: StoreSample) {
        let statistics = sample.statistics
        gauge("sample_timestamp_seconds", "When this was written.", seconds(sample.time))
        gauge("sequence", "Last sequence of the log.", statistics.sequence)
        gauge("durable_sequence", "Last sequence known to survive a power cut.", statistics.durableSequence)
        gauge("unsynced_commits", "Commits not known to be durable.", sample.unsyncedCommits)
        gauge("final_height", "Nothing at or below can be undone; -1 if there is none.", statistics.finalHeight ?? -1)
        gauge("tip_height", "Height of the tip; -1 if there is none.", statistics.tip?.block.height ?? -1)
        if let tip = statistics.tip {
            gauge("tip_timestamp_seconds", "The time that the tip's block says.", seconds(tip.block.timestamp))
        }
        if let last = sample.lastAppend {
            gauge("last_append_timestamp_seconds", "When the last commit was appended.", seconds(last))
        }
        counter("events", "Events appended, undone and floating ones included.", statistics.events)
        counter("floating_events", "Floating events appended.", statistics.floatingEvents)
        counter("rollbacks", "Rollbacks that undid at least one block.", statistics.rollbacks)
        counter("undone_blocks", "Blocks undone, counted each time.", statistics.undoneBlocks)
        gauge("canonical_blocks", "Canonical blocks.", statistics.canonicalBlocks)
        gauge("canonical_events", "Events in canonical blocks.", statistics.canonicalEvents)
    }

    private mutating func space(_ sample: StoreSample) {
        let statistics = sample.statistics
        gauge("segments", "Segment files.", statistics.segments)
        gauge("segment_bytes", "Bytes of the segment files.", statistics.bytes)
        gauge("index_bytes", "Bytes of the index in memory.", statistics.indexBytes)
        gauge("open_seconds", "How long opening took for this sample.", sample.openSeconds)
        gauge("open_clean", "Whether opening found all as a clean close leaves it.", sample.isClean ? 1 : 0)
        if let disk = sample.disk {
            gauge("disk_bytes", "Size of the file system.", disk.totalBytes)
            gauge("disk_free_bytes", "What is free of it.", disk.freeBytes)
        }
        if let growth = sample.growth {
            gauge("growth_bytes_per_day", "By how much the log grows, by its last commits.", growth.bytesPerDay)
            gauge("days_to_full", "Until the disk is full at this rate.", growth.daysToFull)
        }
    }

    private mutating func parts(_ sample: StoreSample) {
        head("model_events", "Events of a model in canonical blocks.", "gauge")
        for model in sample.statistics.models { line("model_events", "model", model.name, "\(model.canonicalEvents)") }
        head("snapshot_height", "Height of a model's highest snapshot.", "gauge")
        for (model, height) in sample.snapshotHeights { line("snapshot_height", "model", model, "\(height)") }
        head(
            "consumer_lag_commits",
            "Commits that a consumer has not acknowledged; NaN if its cursor is not in the log.", "gauge")
        for consumer in sample.consumers {
            line("consumer_lag_commits", "consumer", consumer.name, consumer.lag.map { "\($0.commits)" } ?? "NaN")
        }
        head("consumer_lag_seconds", "For how long the first of it has been in the log.", "gauge")
        for consumer in sample.consumers {
            line("consumer_lag_seconds", "consumer", consumer.name, consumer.lag.map { "\($0.seconds)" } ?? "NaN")
        }
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: some Any) {
        head(name, help, "gauge")
        line(name, nil, "", number(value))
    }

    private mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        head(name + "_total", help, "counter")
        line(name + "_total", nil, "", "\(value)")
    }

    private mutating func head(_ name: String, _ help: String, _ kind: String) {
        text += "# HELP ashlar_\(name) \(help)\n# TYPE ashlar_\(name) \(kind)\n"
    }

    private mutating func line(_ name: String, _ label: String?, _ labelValue: String, _ value: String) {
        let more = label.map { ",\($0)=\"\(Self.escaped(labelValue))\"" } ?? ""
        text += "ashlar_\(name){store=\"\(store)\"\(more)} \(value)\n"
    }

    private func number(_ value: some Any) -> String {
        if let value = value as? Double, value.isInfinite { return "+Inf" }
        return "\(value)"
    }

    private func seconds(_ time: Timestamp) -> Double { Double(time.microseconds) / 1e6 }

    /// Names come from a chain: what would end the value or the line is escaped, as the format says.
    private static func escaped(_ value: String) -> String {
        var result = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
