import Ashlar
import AshlarFormat
import Glibc

/// One run of `ashlar ingest`: opens or makes the store, takes the inputs one after the other, closes it.
package struct IngestRun: Sendable {
    /// How a run ended.
    package struct Outcome: Sendable {
        /// What it did.
        package var summary: IngestSummary
        /// Why it ended early, if it did.
        package var failure: IngestFailure?
        /// Whether it was asked to stop.
        package var wasStopped = false
        /// What people should know beside the summary: what opening the store found, for example.
        package var notes: [String] = []

        /// The exit code of the command.
        package var exitCode: Int32 { failure?.exitCode ?? (wasStopped ? ExitCodes.interrupted : 0) }
    }

    let settings: IngestSettings
    let shouldStop: @Sendable () -> Bool

    /// Makes a run; `shouldStop` is asked before each line and while waiting for input.
    package init(_ settings: IngestSettings, shouldStop: @escaping @Sendable () -> Bool = { false }) {
        precondition(!settings.inputs.isEmpty)
        self.settings = settings
        self.shouldStop = shouldStop
    }

    /// Runs. What was taken before a failure is kept, and durable unless the store itself failed.
    ///
    /// Throws only if nothing could be begun: the store could not be opened, or not be made from the first input.
    package func run() throws(IngestFailure) -> Outcome {
        var progress = IngestProgress(
            DescriptorOutput(descriptor: settings.errorDescriptor), isShown: settings.showsProgress)
        var outcome = Outcome(summary: IngestSummary())
        guard var opened = try openStore() else {
            outcome.wasStopped = true
            return outcome
        }
        var first = opened.reader.take()
        let recovery = opened.writer.recovery
        if !recovery.isClean { outcome.notes.append("\(recovery)") }
        var ingestor = try Self.makeIngestor(opened, settings)
        do throws(IngestFailure) {
            outcome.wasStopped = try !takeAll(&first, &ingestor, &progress)
        } catch {
            outcome.failure = error
        }
        progress.clear()
        outcome.summary = ingestor.summary
        outcome.notes += ingestor.notes
        let store = ingestor.store
        let acks = ingestor.acks
        do throws(StoreError) { try ingestor.close() } catch { outcome.failure = outcome.failure ?? .store(error) }
        acks?.finish()
        if let code = acks?.failure { outcome.failure = outcome.failure ?? .output(code: code) }
        outcome.summary.durableSequence = store.durableSequence
        outcome.summary.tip = Self.tip(of: store)
        outcome.summary.seconds = progress.seconds
        return outcome
    }

    private static func makeIngestor(
        _ opened: consuming OpenedStore, _ settings: IngestSettings
    ) throws(IngestFailure) -> Ingestor {
        do throws(StoreError) { return try Ingestor(opened.writer, settings: settings) } catch { throw .store(error) }
    }

    /// The tip of the durable chain; nil also if it cannot be read, which has been reported then.
    private static func tip(of store: Store) -> RunCounts.Tip? {
        guard let tip = try? store.view(asOf: store.durableSequence).tip() else { return nil }
        let hash = HashText.encode(tip.block.hash.bytes, as: store.hashNotation)
        return RunCounts.Tip(height: tip.block.height, hash: hash)
    }

    /// Takes all inputs; false if asked to stop.
    private func takeAll(
        _ first: inout LineReader?, _ ingestor: inout Ingestor, _ progress: inout IngestProgress
    ) throws(IngestFailure) -> Bool {
        for (index, input) in settings.inputs.enumerated() {
            guard try take(input, index, first.take(), &ingestor, &progress) else { return false }
        }
        try ingestor.finish()
        return true
    }

    /// Takes one input; false if asked to stop. `opened` is its reader at the first line, if it has one already.
    private func take(
        _ path: String, _ index: Int, _ opened: consuming LineReader?, _ ingestor: inout Ingestor,
        _ progress: inout IngestProgress
    ) throws(IngestFailure) -> Bool {
        var reader: LineReader
        if let opened {
            reader = opened
        } else {
            reader = try open(path)
            guard try advance(&reader) else { return !reader.wasStopped }
        }
        var taken: TakenLines?
        switch try ingestor.begin(path, index, &reader, shouldStop: shouldStop) {
        case .atFirstLine(let lines): taken = lines
        case .behindTaken: guard try advance(&reader) else { return !reader.wasStopped }
        case .stopped: return false
        }
        progress.begin(reader)
        repeat {
            if shouldStop() { return false }
            if taken != nil {
                if try ingestor.passOver(reader.line, &taken) { continue }
                taken = nil
            }
            try ingestor.take(reader.line)
            progress.show(ingestor.summary, tip: ingestor.choice.tip?.height, reader)
        } while try advance(&reader)
        return !reader.wasStopped
    }
}
