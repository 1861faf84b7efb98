import AshlarFormat
import AshlarStorage
import Foundation

@testable import Ashlar

/// Reads a store as `format-spec/vectors/README.md` describes and says what it found, as JSON objects.
struct StoreDump {
    private let storage: any Storage
    private var names: [String: String] = [:]
    private var commits: [[String: Any]] = []
    private var canonical: [(Int64, UInt64)] = []
    private var state = ChainState()
    private var base = ChainState()
    private var proven: UInt64 = 0
    private var footers: [String: String] = [:]
    /// Where the commits of the last segment walked end, and whether they end in damage.
    private var end: (file: String, offset: Int, isDamaged: Bool) = ("", 0, false)

    init(_ storage: any Storage) { self.storage = storage }

    mutating func run() throws -> [String: Any] {
        var files = try storage.list().compactMap { SegmentName(fileName: $0) }.sorted { $0.number < $1.number }
        let loading = SegmentLoading(storage: storage)
        let note = try LogOpening(storage: storage, horizon: .committed).readNote()
        proven = note?.sequence ?? 0
        let pruned =
            try files.last.map { try loading.header($0, try storage.open($0.segmentFile, .read)).prunedSequence } ?? 0
        try files.removeAll { name in
            try loading.header(name, try storage.open(name.segmentFile, .read)).opening.sequence < pruned
        }
        var storeID: StoreID?
        for name in files {
            let file = try storage.open(name.segmentFile, .read)
            let header = try loading.header(name, file)
            storeID = storeID ?? header.storeID
            if name == files.last { proven = max(proven, header.opening.sequence) }
            if name == files.first { (state, base) = (header.opening, header.opening) }
            try walk(name, header, file, isLast: name == files.last)
            if end.isDamaged { break }
        }
        var result: [String: Any] = [
            "storeId": storeID?.description ?? "", "outcome": try outcome(), "footers": footers,
            "provenSequence": proven, "commits": commits, "canonical": canonical.map { [$0.0, Int64($0.1)] },
        ]
        addState(&result)
        return result
    }

    private func addState(_ result: inout [String: Any]) {
        result["sequence"] = state.sequence
        if base.sequence > 0 {
            result["pruned"] = ["sequence": base.sequence, "height": base.tipHeight] as [String: Any]
        }
        result["chainValue"] = Hex.string(state.chainValue)
        result["tip"] =
            state.tipHeight < 0
            ? NSNull()
            : ["height": state.tipHeight, "hash": "\(state.tipHash)", "timestamp": state.tipTimestamp] as [String: Any]
        result["finalHeight"] = state.finalHeight
        result["canonicalBlocks"] = state.canonicalBlocks
        result["canonicalEvents"] = state.canonicalEvents
        result["events"] = state.events
        result["floatingEvents"] = state.floatingEvents
        result["rollbacks"] = state.rollbacks
        result["undoneBlocks"] = state.undoneBlocks
        result["lastMarkSequence"] = state.lastMarkSequence
    }

    private func outcome() throws -> [String: Any] {
        do throws(StoreError) {
            guard case .opened(let log) = try LogOpening(storage: storage, horizon: .committed).open() else {
                return ["kind": "empty"]
            }
            // Opening trusts what was proven durable; a full check does not.
            if end.isDamaged, state.sequence < log.state.sequence || proven > state.sequence {
                return ["kind": "corrupt", "file": end.file, "offset": end.offset]
            }
            guard case .torn(let file, let offset, let bytes, _) = log.recovery.tail else { return ["kind": "clean"] }
            return ["kind": "tornTail", "file": file, "offset": offset, "bytes": bytes]
        } catch {
            guard case .corrupt(let corruption) = error else { throw error }
            return ["kind": "corrupt", "file": corruption.file, "offset": corruption.offset]
        }
    }

    private mutating func walk(
        _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile, isLast: Bool
    ) throws {
        let size = try file.size()
        var index = SegmentIndex(header: header)
        var walker = CommitWalker(file, header: header, from: SegmentHeader.size, state: header.opening, limit: size)
        var group: [CommitWalker.Found] = []
        var label = "none"
        loop: while true {
            switch try walker.next(provenSequence: 0) {
            case .commit(let found):
                if isLast { proven = max(proven, found.header.durableSequence) }
                group.append(found)
                if found.header.continues { continue }
                for found in group {
                    try index.check(found.header, found.meta, sections: found.sections.span, types: found.types.span)
                    try index.add(
                        found.header, found.meta, offset: found.offset, sections: found.sections.span,
                        types: found.types.span)
                    try take(found, name, header, file)
                }
                group = []
            case .end(let end):
                if end == .footer { label = "bad" }
                self.end = (name.segmentFile, Int(index.summary.endOffset), false)
                if case .damaged = end { self.end.isDamaged = true }
                break loop
            }
        }
        if case .success(let (footer, _)) = try SegmentLoading(storage: storage).footer(header, file, size: size),
            footer.summary.closing == index.summary.closing
        {
            label = "good"
        }
        footers[name.segmentFile] = label
        state = index.summary.closing
        if isLast {
            let end = Int(index.summary.endOffset)
            let evidence = try TailEvidence.search(file, header: header, from: end, limit: size)
            proven = max(proven, evidence.durableSequence)
        }
    }

    private mutating func take(
        _ found: CommitWalker.Found, _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile
    ) throws {
        for entry in found.meta.names {
            names["\(entry.kind)\(entry.id)"] = String(decoding: entry.name, as: UTF8.self)
        }
        if let rollback = found.meta.rollback {
            canonical.removeAll { $0.0 > rollback.toHeight }
            canonical += rollback.readopted.map { ($0.height, $0.sequence) }
        }
        if let block = found.meta.block { canonical.append((block.height, found.header.sequence)) }
        let commit = found.header
        var entry: [String: Any] = [
            "sequence": commit.sequence, "segment": name.number, "offset": found.offset,
            "frameLength": commit.frameLength,
            "kind": "\(commit.kind)", "continues": commit.continues, "epoch": Hex.string(commit.epoch),
            "chainValue": Hex.string(commit.chainValue), "appendTime": commit.appendTime,
            "durableSequence": commit.durableSequence, "finalHeight": commit.finalHeight, "stub": commit.isStub,
        ]
        describe(found.meta, &entry)
        if !commit.isStub { entry["events"] = try events(found, name, header, file) }
        commits.append(entry)
    }

    private func describe(_ meta: CommitMeta, _ entry: inout [String: Any]) {
        if let block = meta.block {
            entry["block"] =
                [
                    "height": block.height, "hash": "\(block.hash)", "parent": "\(block.parent)",
                    "timestamp": block.timestamp,
                ] as [String: Any]
        }
        if let rollback = meta.rollback {
            entry["rollback"] =
                [
                    "toHeight": rollback.toHeight, "undoneBlocks": rollback.undoneBlocks,
                    "undoneEvents": rollback.undoneEvents, "readoptedEvents": rollback.readoptedEvents,
                    "readopted": rollback.readopted.map { [Int64($0.sequence), $0.height] },
                    "models": rollback.models.map { [names["model\($0.model)"] ?? "", $0.version] as [Any] },
                ] as [String: Any]
        }
        if let floating = meta.floating {
            let key: Any = floating.key.isEmpty ? NSNull() : Hex.string(floating.key)
            entry["floating"] = ["timestamp": floating.timestamp, "key": key] as [String: Any]
        }
        if let control = meta.control { entry["control"] = describe(control) }
        if let requestID = meta.requestID { entry["requestId"] = Hex.string(requestID) }
        if let mark = meta.mark { entry["mark"] = Hex.string(mark) }
    }

    private func describe(_ control: ControlPart) -> [String: Any] {
        var entry: [String: Any] = ["type": control.type]
        if let pruned = control.pruned {
            entry["belowHeight"] = pruned.belowHeight
            entry["firstSequence"] = pruned.firstSequence
        }
        return entry
    }

    private func events(
        _ found: CommitWalker.Found, _ name: SegmentName, _ header: SegmentHeader, _ file: any StorageFile
    ) throws -> [[String: Any]] {
        guard found.header.eventCount > 0 else { return [] }
        var commit = LoadedCommit()
        let source = ReadSource(
            file: file, seed: Checksum.headerSeed(store: header.storeID, segment: header.segment), number: name.number,
            end: found.offset + found.header.frameLength, header: header)
        try commit.loadAll(Location(segment: name.number, offset: found.offset), source, height: nil)
        var events: [[String: Any]] = []
        for index in 0..<commit.table.count {
            let row = commit.table[index]
            let content = try commit.content(row)
            let own = try OwnFields(typeAndFlags: row.typeAndFlags, content: content)
            let section = commit.table.sections[Int(row.section)].entry
            let common = found.meta.block?.timestamp ?? found.meta.floating?.timestamp ?? 0
            let requestID = own.requestID.isEmpty ? found.meta.requestID : Array(content[own.requestID])
            events.append([
                "ordinal": row.ordinal, "model": names["model\(section.model)"] ?? "",
                "type": names["type\(row.typeAndFlags & RecordHead.typeMask)"] ?? "",
                "version": section.firstVersion == 0
                    ? NSNull() : section.firstVersion + UInt64(row.indexInSection) as Any,
                "timestamp": own.timestamp ?? common, "requestId": requestID.map { Hex.string($0) } ?? NSNull() as Any,
                "crc": String(Hex.string(UInt64(row.crc)).suffix(8)),
                "payload": Hex.string(content[own.payloadOffset...]),
            ])
        }
        return events
    }
}
