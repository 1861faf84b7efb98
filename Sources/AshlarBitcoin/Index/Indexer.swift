// Reads block files, keeps the blocks in order, and writes the chain with the most work into a store.
//
// Invariants:
// - A block is appended after its parent, and never twice: what the store has is known from the store itself.
// - The store holds the linked branch with the most work that was seen; of several with the same work the one seen first, as nodes have it.
// - The mark of a commit names a place in the files before which every block is in the log, or can never come into it.

package import Ashlar

/// What a run is to do.
package struct IndexSettings: Sendable {
    /// The store's directory; made if it is not there.
    package var store: String
    /// The directory of the block files, or one file.
    package var blocks: String
    package var network = Network.mainnet
    /// The block to begin an empty store with, where the files do not go back to the first one.
    package var firstBlock: Hash256?
    /// Blocks above this height are left out.
    package var stopAt: Int32 = .max
    /// Whether to go on when everything is read, and wait for more.
    package var follows = false
    /// Whether models are kept, and snapshots of them taken, while blocks are appended.
    package var keepsModels = true
    package var writer = WriterOptions()
    package var showsProgress = false

    package init(store: String, blocks: String) {
        self.store = store
        self.blocks = blocks
    }
}

/// An indexer at work.
package struct Indexer: ~Copyable {
    let settings: IndexSettings
    let shouldStop: @Sendable () -> Bool
    let directory: BlockDirectory
    let root: Hash256
    let names: EventNames
    var writer: Writer
    var chain = ChainTree()
    var files = InputFiles()
    var block = ParsedBlock()
    var encoder = EventEncoder()
    var side = SideReader()
    /// The models, once there is something new for them.
    var keeper: ModelKeeper?
    var summary = IndexSummary()
    var progress: IndexProgress

    /// Opens the store and finds out where the last run ended; `shouldStop` is asked between blocks.
    package static func open(
        _ settings: IndexSettings, shouldStop: @escaping @Sendable () -> Bool
    ) throws(IndexFailure) -> Indexer {
        guard let genesis = Hash256(printed: settings.network.genesis.utf8) else {
            throw .store(.invalidArgument("internal inconsistency: a genesis hash that is none"))
        }
        // The input is looked at first: a mistake there should not leave an empty store behind.
        let (directory, fileNames) = try withInput { () throws(InputProblem) in
            let directory = try BlockDirectory(path: settings.blocks)
            return (directory, try directory.fileNames())
        }
        var options = settings.writer
        options.creation = options.creation ?? CreationOptions()
        let writer = try withStore { () throws(StoreError) in try Writer.open(at: settings.store, options: options) }
        let names = try EventNames(writer)
        var indexer = Indexer(
            settings, shouldStop, directory, root: settings.firstBlock ?? genesis, names, writer)
        indexer.files.add(fileNames)
        try indexer.resume(genesis: genesis)
        return indexer
    }

    private init(
        _ settings: IndexSettings, _ shouldStop: @escaping @Sendable () -> Bool, _ directory: BlockDirectory,
        root: Hash256, _ names: EventNames, _ writer: consuming Writer
    ) {
        self.settings = settings
        self.shouldStop = shouldStop
        self.directory = directory
        self.root = root
        self.names = names
        self.writer = writer
        progress = IndexProgress(isShown: settings.showsProgress)
    }

    /// Takes all blocks that are there, and with `follows` those that come, until it is to stop; closes the store.
    package consuming func run() throws(IndexFailure) -> IndexSummary {
        do throws(IndexFailure) {
            try takeAll()
        } catch {
            progress.clear()
            _ = keeper?.finish(isHurried: true)
            throw error
        }
        if let keeper { for text in keeper.finish(isHurried: shouldStop()) { note(text) } }
        progress.clear()
        finishSummary()
        var summary = summary
        let store = writer.store
        try close()
        summary.durableSequence = store.durableSequence
        return summary
    }

    private consuming func close() throws(IndexFailure) {
        do throws(StoreError) { try writer.close() } catch { throw .store(error) }
    }

    private mutating func takeAll() throws(IndexFailure) {
        var isFirst = true
        while true {
            for number in files.files.indices where !isOver { try scan(number) }
            // Blocks that a run before left undone or aside may be the best there are.
            if isFirst, !isOver, let best = chain.best(notAbove: settings.stopAt) {
                try advance(to: best, hand: nil, RawSpan())
            }
            isFirst = false
            guard settings.follows, !isOver else { return }
            Pause.milliseconds(200)
            let directory = directory
            files.add(try withInput { () throws(InputProblem) in try directory.fileNames() })
        }
    }

    /// Whether nothing more is to be done.
    var isOver: Bool { shouldStop() || chain.tip.map { chain[$0].height >= settings.stopAt } ?? false }

    /// Sees to it that the models take in what was appended.
    mutating func wakeModels() {
        guard settings.keepsModels, keeper == nil else { return }
        do throws(ProjectionError) { keeper = try ModelKeeper(writer.store) } catch {
            note("no models are kept: \(error)")
        }
    }

    /// Tells people something that is no error.
    mutating func note(_ text: String) {
        let most = 20
        if summary.notes.count < most { summary.notes.append(text) }
        if summary.notes.count == most { summary.notes.append("and more of that kind") }
    }

    private mutating func finishSummary() {
        summary.sideBlocks = chain.nodes.count { $0.state == .aside }
        summary.waitingBlocks = chain.waitingCount
        summary.tip = chain.tip.map { (Int64(chain[$0].height), "\(chain[$0].hash)") }
        summary.seconds = progress.seconds
    }
}

/// The models and types of this indexer's events, resolved once.
struct EventNames: Sendable {
    let headers: ModelHandle
    let utxo: ModelHandle
    let blockAdded: TypeHandle
    let outputSpent: TypeHandle
    let outputCreated: TypeHandle

    init(_ writer: borrowing Writer) throws(IndexFailure) {
        do throws(StoreError) {
            headers = try writer.model("headers")
            utxo = try writer.model("utxo")
            blockAdded = try writer.type("block.added")
            outputSpent = try writer.type("output.spent")
            outputCreated = try writer.type("output.created")
        } catch {
            throw .store(error)
        }
    }

    /// Model and type of a kind of events.
    @inline(__always)
    subscript(_ kind: EventKind) -> (ModelHandle, TypeHandle) {
        switch kind {
        case .blockAdded: (headers, blockAdded)
        case .outputSpent: (utxo, outputSpent)
        case .outputCreated: (utxo, outputCreated)
        }
    }
}
