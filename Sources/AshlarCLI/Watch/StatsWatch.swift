import Ashlar
import Glibc

/// Looks at a store again and again, and shows it or writes it down for Prometheus.
struct StatsWatch {
    /// The store's directory.
    let path: String
    /// Where the numbers go for Prometheus; nil for nowhere.
    let file: String?
    /// How long to wait in between; nil to look once.
    let seconds: Double?

    /// Goes on until a signal comes, or the reader of the output goes away. `show` shows the store to people or programs.
    ///
    /// Each time the store is opened anew: what a reader keeps open would hold files that were pruned, and see no new model.
    func run(
        _ output: inout Output, _ show: (Store, StoreStatistics, inout Output) -> Void
    ) throws(CommandError) {
        if seconds != nil { StopSignal.install() }
        while true {
            let path = path
            let store = try withStore { () throws(StoreError) in try Store.open(at: path, horizon: .committed) }
            let sample = try withStore { () throws(StoreError) in try StoreSample(path: path, store) }
            if let file { try Self.replace(file, with: PrometheusText.of(sample)) }
            if seconds != nil, output.isTerminal { output.write("\u{1B}[H\u{1B}[2J") }
            show(store, sample.statistics, &output)
            output.flush()
            guard let seconds, output.isOpen else { return }
            try wait(seconds, output)
        }
    }

    private func wait(_ seconds: Double, _ output: borrowing Output) throws(CommandError) {
        var left = Int(min(seconds, 86_400) * 10)
        while left > 0 {
            if StopSignal.wasReceived { throw .ended }
            guard !output.isAbandoned else { throw .outputClosed }
            usleep(100_000)
            left -= 1
        }
    }

    /// Writes a file anew so that a reader sees the old one or the new one, whole.
    static func replace(_ path: String, with text: String) throws(CommandError) {
        let draft = path + ".\(getpid()).draft"
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { throw failed("create", draft) }
        var output = Output(descriptor: file)
        output.write(text: text)
        do throws(CommandError) { try output.finish() } catch {
            close(file)
            unlink(draft)
            throw error
        }
        guard close(file) == 0, rename(draft, path) == 0 else {
            let error = failed("write", path)
            unlink(draft)
            throw error
        }
    }

    private static func failed(_ verb: String, _ path: String) -> CommandError {
        .store(.inputOutput(operation: verb, path: path, code: errno))
    }
}
