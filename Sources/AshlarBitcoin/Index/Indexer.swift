// Reads block files, keeps the blocks in order, and writes the chain with the most work into a store.
//
// Invariants:
// - A block is appended after its parent, and never twice: what the store has is known from the store itself.
// - The store holds the linked branch with the most work that was seen; of several with the same work the one seen first, as nodes have it.
// - The mark of a commit names a place in the files before which every block is in the log, or can never come into it.

package import Ashlar
package import AshlarCLI
import Glibc

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
    /// How many blocks below the final height are known from the start; older ones are looked up in the log when files have them again.
    package var window: Int64 = 8_192

    package init(store: String, blocks: String) { (self.store, self.blocks) = (store, blocks) }
}

/// An indexer at work.
package struct Indexer: ~Copyable {
    let settings: IndexSettings
    let shouldStop: @Sendable () -> Bool
    let genesis: Hash256
    let directory: BlockDirectory
    var files: [InputFile] = []
    /// How many files were begun.
    var begun = 0
    var chain = ChainTree()
    var writer: Writer
    /// The models and types of this indexer's events, resolved once: by the kind of event.
    let handles: [(ModelHandle, TypeHandle)]
    var encoder = EventEncoder()
    /// The block that was read last, the node of it, and the file that blocks are read from again.
    var block = ParsedBlock()
    var held: NodeIndex?
    var side: (number: Int32, file: BlockFile)?
    var commitsSinceMark = 0
    /// How many bytes of the files earlier runs have taken.
    private(set) var firstSeen: Int64 = 0
    /// The models, once there is something new for them.
    private var keeper: ModelKeeper?
    var summary = IndexSummary()
    let progress: StepProgress

    /// Opens the store and finds out where the last run ended; `shouldStop` is asked between blocks.
    package static func open(
        _ settings: IndexSettings, shouldStop: @escaping @Sendable () -> Bool
    ) throws(CommandError) -> Indexer {
        guard let genesis = Hash256(printed: settings.network.genesis.utf8) else {
            throw .store(.invalidArgument("internal inconsistency: a genesis hash that is none"))
        }
        // The input is looked at first: a mistake there should not leave an empty store behind.
        let directory = try BlockDirectory(path: settings.blocks)
        let names = try directory.fileNames()
        var options = settings.writer
        options.creation = options.creation ?? CreationOptions()
        let writer = try withStore { () throws(StoreError) in try Writer.open(at: settings.store, options: options) }
        var handles: [(ModelHandle, TypeHandle)] = []
        do throws(StoreError) {
            for kind in EventKind.allCases {
                handles.append((try writer.model(kind.names.model), try writer.type(kind.names.type)))
            }
        } catch {
            throw .store(error)
        }
        var indexer = Indexer(
            settings: settings, shouldStop: shouldStop, genesis: genesis, directory: directory, writer: writer,
            handles: handles, progress: StepProgress(isVisible: settings.showsProgress && isatty(STDERR_FILENO) == 1))
        try indexer.add(names)
        try indexer.resume()
        indexer.firstSeen = indexer.files.reduce(0) { $0 + $1.seen }
        return indexer
    }

    /// Takes all blocks that are there, and with `follows` those that come, until it is to stop; closes the store.
    package consuming func run() throws(CommandError) -> IndexSummary {
        do throws(CommandError) {
            try takeAll()
        } catch {
            progress.clear()
            _ = keeper?.finish(isHurried: true)
            throw error
        }
        for text in keeper?.finish(isHurried: shouldStop()) ?? [] { note(text) }
        progress.clear()
        summary.sideBlocks = chain.nodes.count { $0.state == .aside }
        summary.waitingBlocks = chain.nodes.count { $0.state == .waiting }
        summary.seconds = progress.seconds
        var summary = summary
        let store = writer.store
        do throws(StoreError) {
            let tip = try store.view().tip()?.block
            summary.tip = tip.map { RunCounts.Tip(height: $0.height, hash: "\($0.hash)") }
            try writer.close()
        } catch {
            throw .store(error)
        }
        summary.durableSequence = store.durableSequence
        return summary
    }

    private mutating func takeAll() throws(CommandError) {
        var isFirst = true
        while true {
            for number in files.indices where !isOver { try scan(number) }
            // Blocks that a run before left undone or aside may be the best there are.
            if isFirst, !isOver, let best = chain.best(notAbove: settings.stopAt) { try advance(to: best) }
            isFirst = false
            guard settings.follows, !isOver else { return }
            usleep(200_000)
            try add(directory.fileNames())
        }
    }

    /// Takes up the files that are new. Some may have names that stand before others: they are simply read later.
    private mutating func add(_ names: [String]) throws(CommandError) {
        let known = Set(files.map(\.name))
        for name in names where !known.contains(name) {
            files.append(InputFile(name: name, size: try directory.status(of: name).size))
        }
    }

    /// Whether nothing more is to be done.
    var isOver: Bool { shouldStop() || chain.tip.map { chain[$0].height >= settings.stopAt } ?? false }

    /// Sees to it that the models take in what was appended.
    mutating func wakeModels() {
        guard settings.keepsModels, keeper == nil else { return }
        do throws(ProjectionError) { keeper = try ModelKeeper(writer.store, models: StoreCommand.models) } catch {
            note("no models are kept: \(error)")
        }
    }

    /// Tells people something that is no error.
    mutating func note(_ text: String) {
        let most = 20
        if summary.notes.count < most { summary.notes.append(text) }
        if summary.notes.count == most { summary.notes.append("and more of that kind") }
    }
}
