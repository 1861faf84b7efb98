import AshlarStorage
import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

extension Simulator {
    /// Reads the whole log as it is now and compares it with the model.
    ///
    /// What the log has must be the model's commits up to some point that includes everything acknowledged as durable, whole groups only
    /// ([REC-7]); the model then forgets what came after.
    mutating func verify(_ when: String) throws {
        let log: LogContents
        do throws(StoreError) {
            log = try LogContents(disk)
        } catch {
            guard case .notAStore = error, storeID == nil, model.commits.isEmpty || acknowledged == 0 else {
                throw fail("\(when): \(error)")
            }
            model.cut(to: 0)
            return
        }
        if let storeID, storeID != log.storeID { throw fail("\(when): it is another store") }
        guard log.state.sequence >= acknowledged else {
            throw fail("\(when): \(acknowledged) was durable, the log ends at \(log.state.sequence); \(log.recovery)")
        }
        guard log.state.sequence <= model.lastSequence else {
            throw fail("\(when): the log has \(log.state.sequence) commits, the model \(model.lastSequence)")
        }
        for notice in log.recovery.notices {
            if case .rebuiltFooter = notice { throw fail("\(when): \(log.recovery)") }
        }
        model.cut(to: log.state.sequence)
        try comparePruned(log, when)
        for (index, stored) in log.commits.enumerated() {
            try compare(stored, index + Int(model.pruned), when)
            model.commits[index + Int(model.pruned)].chainValue = stored.header.chainValue
        }
        try compareState(log, when)
        try verifyDurablePrefix(log, when)
        try verifySnapshots(when)
    }

    private func compare(_ stored: StoredCommit, _ index: Int, _ when: String) throws {
        let wanted = model.commits[index]
        func differs(_ what: String) -> Failure { fail("\(when): commit \(index + 1): \(what)") }
        guard stored.header.sequence == UInt64(index) + 1 else { throw differs("sequence") }
        guard stored.header.kind == wanted.kind, stored.header.continues == wanted.continues else {
            throw differs("kind")
        }
        let part = wanted.block.map {
            BlockPart(height: $0.height, timestamp: $0.timestamp.microseconds, hash: $0.hash, parent: $0.parent)
        }
        guard stored.meta.block == part else { throw differs("block") }
        var rollback = stored.meta.rollback
        rollback?.models = []
        guard rollback == wanted.rollback else { throw differs("rollback") }
        guard stored.meta.mark == wanted.mark else { throw differs("mark") }
        guard stored.meta.requestID == wanted.block?.requestID else { throw differs("request id") }
        guard stored.meta.floating?.key == wanted.key else { throw differs("key") }
        guard stored.events == wanted.events else { throw differs("events") }
        guard stored.header.finalHeight == wanted.after.finalHeight else { throw differs("final height") }
        guard stored.header.durableSequence < stored.header.sequence else { throw differs("durable sequence") }
        // The chain value covers identity and meta of everything before.
        guard wanted.chainValue == nil || wanted.chainValue == stored.header.chainValue else {
            throw differs("chain value")
        }
        guard index + 1 < model.commits.count || !wanted.continues else { throw differs("half a group") }
    }

    /// Every snapshot that has its name is whole, unless somebody damaged it, and as of a commit that the log has.
    private func verifySnapshots(_ when: String) throws {
        guard let states else { return }
        let catalog = SnapshotCatalog(disk)
        for entry in try catalog.entries() where !states.damaged.contains(entry.fileName) {
            guard let identity = entry.identity else { throw fail("\(when): \(entry.fileName): \(entry.contents)") }
            guard identity.sequence <= model.lastSequence else {
                throw fail("\(when): \(entry.fileName) is ahead of the log, which ends at \(model.lastSequence)")
            }
            let found = model.commits[Int(identity.sequence) - 1].chainValue
            guard found == nil || found == identity.chainValue else {
                throw fail("\(when): \(entry.fileName) is of a commit that the log does not have")
            }
            do throws(SnapshotError) { try catalog.open(entry).verify() } catch {
                throw fail("\(when): \(entry.fileName): \(error)")
            }
        }
    }

    /// A prune is in force once it was told, and may be once it was begun; the model takes over what the log says.
    private mutating func comparePruned(_ log: LogContents, _ when: String) throws {
        let found = log.base.sequence
        guard found == model.pruned || found == beginningPrune else {
            throw fail("\(when): pruned up to \(found), not \(model.pruned) or \(beginningPrune ?? 0)")
        }
        (model.pruned, beginningPrune) = (found, nil)
        guard log.base.tipHeight == model.prunedHeight else { throw fail("\(when): pruned height") }
    }

    private func compareState(_ log: LogContents, _ when: String) throws {
        let chain = model.chain
        let kept = chain.blocks.filter { $0 > model.pruned }
        guard log.canonical.map(\.sequence) == kept else {
            throw fail("\(when): canonical \(log.canonical.map(\.sequence)), not \(chain.blocks)")
        }
        guard log.canonical.map(\.height) == kept.map({ model.block($0)?.height ?? -1 }) else {
            throw fail("\(when): heights")
        }
        guard log.versions.filter({ $0.value > 0 }) == chain.versions.filter({ $0.value > 0 }) else {
            throw fail("\(when): versions \(log.versions), not \(chain.versions)")
        }
        guard Set(log.versions.keys) == chain.models else {
            throw fail("\(when): models \(log.versions.keys), not \(chain.models)")
        }
        let state = log.state
        guard state.tipHeight == model.tipHeight, state.tipHash == model.tip?.hash ?? .none,
            state.finalHeight == chain.finalHeight, state.canonicalBlocks == UInt64(chain.blocks.count),
            state.canonicalEvents == chain.blocks.reduce(0, { $0 + UInt64(model.events($1).count) }),
            state.events == model.commits.reduce(0, { $0 + UInt64($1.events.count) }),
            state.undoneBlocks == model.commits.reduce(0, { $0 + UInt64($1.rollback?.undoneBlocks ?? 0) }),
            state.lastMarkSequence == UInt64((model.commits.lastIndex { $0.mark != nil } ?? -1) + 1)
        else { throw fail("\(when): state \(state)") }
    }

    /// A reader of the durable part sees a prefix, never more than there is.
    private func verifyDurablePrefix(_ log: LogContents, _ when: String) throws {
        let durable: LogContents
        do throws(StoreError) {
            durable = try LogContents(disk, horizon: .durable)
        } catch {
            throw fail("\(when), reading the durable part: \(error)")
        }
        guard durable.commits == Array(log.commits.prefix(durable.commits.count)) else {
            throw fail("\(when): the durable part is no prefix")
        }
    }

    /// A reader in another process, beside the writer: what it sees under the durable horizon must outlive every power cut.
    mutating func readDurable() throws(StoreError) {
        let seen = try LogContents(disk, horizon: .durable).state.sequence
        guard seen <= model.lastSequence else {
            throw .invalidArgument("a reader sees \(seen) commits, the model has \(model.lastSequence)")
        }
        acknowledged = max(acknowledged, seen)
        note("a reader sees \(seen) durable commits")
    }

    /// Rot in what is proven durable is reported, or changes nothing; it is never taken for the end of the log.
    mutating func verifyRot() throws {
        random = SplitMix64(seed: seed ^ 0x207)
        let rotten = disk.copy()
        guard let name = rotten.segments.randomElement(using: &random), var bytes = rotten[name], !bytes.isEmpty
        else { return }
        let offset = random.below(bytes.count)
        bytes[offset] ^= UInt8(1 << random.below(8))
        rotten[name] = bytes
        let log: LogContents
        do throws(StoreError) { log = try LogContents(rotten) } catch {
            switch error {
            case .corrupt, .unsupported: return
            default: throw fail("rot at \(offset) of \(name): \(error)")
            }
        }
        let sound = try LogContents(disk)
        guard log.state.sequence >= sound.proven.sequence, log.commits == Array(sound.commits.prefix(log.commits.count))
        else {
            throw fail("rot at \(offset) of \(name): the log ends at \(log.state.sequence); \(log.recovery)")
        }
    }
}
