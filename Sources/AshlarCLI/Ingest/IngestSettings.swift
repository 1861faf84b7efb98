package import Ashlar
import AshlarFormat

/// What `ashlar ingest` is asked to do.
package struct IngestSettings: Sendable {
    /// What happens with a line whose block links to nothing known.
    package enum UnlinkedPolicy: String, CaseIterable, Sendable {
        /// It is counted and passed over.
        case skip
        /// It ends the run.
        case fail
    }

    /// The store's directory.
    package var store: String
    /// Files to read one after the other; `-` is standard input.
    package var inputs: [String]
    /// When the chain switches to another branch.
    package var rule = ForkChoice.Rule.newest
    /// What happens with unlinked lines.
    package var onUnlinked = UnlinkedPolicy.fail
    /// Whether lines that were taken before are taken anew.
    package var startsOver = false
    /// When blocks become durable; if nil, with every block where acknowledgements are asked for, else every 100 ms or 16 MiB.
    package var durability: Durability?
    /// Whether each durable sequence is told on the standard output.
    package var acknowledges = false
    /// The options of the writer that the command line gives; what is created is settled later.
    package var writer = WriterOptions()
    /// Whether a store that is created allows gaps in heights.
    package var allowsHeightGaps = false
    /// The notation of hashes of a store that is created; if nil, the first block decides.
    package var notation: HashNotation?
    /// Whether the summary is JSON.
    package var printsJSON = false
    /// Where lines for programs go.
    package var outputDescriptor: Int32 = 1
    /// Where notes and progress go.
    package var errorDescriptor: Int32 = 2
    /// Whether progress is shown.
    package var showsProgress = false

    /// Settings with everything else as the command has it by default.
    package init(store: String, inputs: [String]) {
        self.store = store
        self.inputs = inputs
    }

    /// The limits of lines that go with the options.
    var limits: LineLimits {
        LineLimits(payload: writer.maxPayloadBytes, events: Limits.eventsPerCommit, text: Limits.nameBytes)
    }

    /// The options to open the store with.
    var writerOptions: WriterOptions {
        var options = writer
        options.durability = durability ?? (acknowledges ? .everyBlock : .standard)
        return options
    }
}
