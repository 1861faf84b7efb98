import Ashlar
import AshlarExport
import AshlarFormat

/// One run of an import: the writer, and how far it is.
struct EasyLayerRun: ~Copyable {
    private let files: EasyLayerFiles
    private let spine: EasyLayerSpine?
    private var outline: EasyLayerOutline
    private var writer: Writer
    private var mark: EasyLayerMark
    private let control: EasyLayerControl
    private var progress: EasyLayerProgress
    /// What the run did.
    private(set) var report = EasyLayerReport()

    /// Finds out how far the store is.
    init(
        _ files: EasyLayerFiles, _ spine: EasyLayerSpine?, _ outline: EasyLayerOutline, _ writer: consuming Writer,
        _ control: EasyLayerControl
    ) throws(EasyLayerError) {
        self.files = files
        self.spine = spine
        self.outline = outline
        self.control = control
        progress = EasyLayerProgress(phase: .blocks, total: outline.rows)
        mark = EasyLayerMark(source: outline.source)
        let sequence = writer.sequence
        let store = writer.store
        self.writer = writer
        let last = try storing { () throws(StoreError) in try store.lastMark() }
        guard let last else {
            guard sequence == 0 else { throw .otherImport("the store has commits that no import wrote") }
            return
        }
        guard let found = EasyLayerMark(last.mark), last.sequence == sequence else {
            throw .otherImport("the store was written by something else than an import; choose another path")
        }
        guard found.source == mark.source else {
            throw .otherImport("the source has changed since this import began; remove the store and begin anew")
        }
        mark = found
        progress.earlier = try storing { () throws(StoreError) in try store.statistics().events }
    }

    /// Makes everything durable, closes the writer, and gives the store for reading.
    consuming func finish() throws(EasyLayerError) -> Store {
        try storing { () throws(StoreError) in try writer.sync() }
        return writer.store
    }

    /// Writes the blocks and rollbacks that are not in the store yet.
    mutating func writeChain() throws(EasyLayerError) {
        var heights = EasyLayerHeights(files, spine, bases: outline.bases.taken, after: mark.height)
        guard let spine else { return try writeStandIns(&heights) }
        let base = outline.baseBlock
        var step: UInt64 = 0
        try spine.forEachStep { (change) throws(EasyLayerError) in
            step += 1
            guard step > mark.steps else { return true }
            guard !isStopped() else { return false }
            if let base, base.step == step, mark.height < base.block.height {
                try writeBaseBlock(base.block, &heights)
                guard !isStopped() else { return false }
            }
            mark.steps = step
            switch change {
            case .clear: try rollBack(to: -1)
            case .rollBack(let height): try rollBack(to: height)
            case .add(let block, let event):
                var events = event.flatMap { $0.isMade ? nil : [(model: spine.model, row: $0)] } ?? []
                if outline.stays(block.height, step: step) {
                    events += try heights.rows(at: block.height)
                    mark.height = block.height
                }
                // An export gives the time of the last block to the microsecond.
                let exact = event.flatMap { $0.isMade ? Timestamp(microseconds: $0.timestamp) : nil }
                let time = exact ?? block.time ?? Timestamp(microseconds: events.first?.row.timestamp ?? 0)
                try append(block, time, events)
            }
            return true
        }
    }

    /// Writes the block below the chain's first one, which has nothing but bases in it.
    private mutating func writeBaseBlock(
        _ block: EasyLayerBlock, _ heights: inout EasyLayerHeights
    ) throws(EasyLayerError) {
        let rows = try heights.rows(at: block.height)
        mark.height = block.height
        try append(block, block.time ?? Timestamp(microseconds: rows.first?.row.timestamp ?? 0), rows)
    }

    /// Writes a block for each height that has rows.
    private mutating func writeStandIns(_ heights: inout EasyLayerHeights) throws(EasyLayerError) {
        let store = writer.store
        let tip = try storing { () throws(StoreError) in try store.view().tip() }
        guard var parent = tip?.block.hash ?? BlockHash([UInt8](repeating: 0, count: 16)) else { return }
        while !isStopped(), let height = try heights.nextHeight() {
            let rows = try heights.rows(at: height)
            // Rows that an earlier file has may have been all there was.
            guard let first = rows.first, let hash = Self.standIn(height, rows) else { continue }
            mark.steps += 1
            mark.height = height
            let block = EasyLayerBlock(height: height, hash: hash, parent: parent)
            try append(block, Timestamp(microseconds: first.row.timestamp), rows)
            parent = hash
        }
    }

    /// The hash that stands in for a block's: its height, highest byte first, and a digest of its rows.
    static func standIn(_ height: Int64, _ rows: [(model: String, row: EasyLayerRow)]) -> BlockHash? {
        var digest = EasyLayerDigest()
        for (model, row) in rows {
            digest.add(model)
            digest.add(row)
        }
        return BlockHash(
            [UInt64(bitPattern: height), digest.value].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
            })
    }

    /// Writes the rows without a height that are not in the store yet.
    mutating func writeFloating() throws(EasyLayerError) {
        progress.phase = .floating
        var batch: UInt64 = 0
        for model in files.models {
            for file in files.files.indices {
                let isOfNetwork = model == spine?.model
                // A look into the index spares walking through a table that has none.
                let byHeight = Self.isFloating(isOfNetwork, byID: false)
                guard try files.hasRows(model, in: file, where: byHeight) else { continue }
                var id = Int64.min
                // The sizes of pages are those of batches: the same again when the import goes on.
                var size = EasyLayerPageSize()
                while !isStopped() {
                    let page = try files.page(
                        model, in: file,
                        where: "\(Self.isFloating(isOfNetwork, byID: true)) AND \"id\" > CAST($1 AS bigint)",
                        [.integer(id)], order: "\"id\"", size: &size)
                    if !page.rows.isEmpty {
                        batch += 1
                        if batch > mark.batches { try appendFloating(page.rows, of: model, batch) }
                    }
                    guard !page.isWhole, let last = page.last else { break }
                    id = last.id
                }
            }
        }
    }

    /// The condition, in SQL, that a row has no height; events of the spine are no rows of the store.
    ///
    /// By the index of heights, or `byID`: the sign before the name keeps that index out of a walk along the ids, which would else look up
    /// and sort all rows without a height for each page.
    private static func isFloating(_ isOfNetwork: Bool, byID: Bool) -> String {
        let height = byID ? "+\"blockHeight\"" : "\"blockHeight\""
        let isOther = isOfNetwork ? "NOT \(EasyLayerSpine.isOfSpine)" : "TRUE"
        return "(\(height) IS NULL OR \(height) < 0) AND \(isOther)"
    }
}

extension EasyLayerRun {
    private mutating func append(
        _ block: EasyLayerBlock, _ time: Timestamp, _ rows: [(model: String, row: EasyLayerRow)]
    ) throws(EasyLayerError) {
        let header = Block(
            height: block.height, hash: block.hash, parent: block.parent, timestamp: time, mark: mark.bytes)
        let events = rows.map { Self.event($0.row, of: $0.model, time) }
        do throws(StoreError) { try writer.append(header, events: events) } catch { throw .store(error) }
        report.blocks += 1
        count(rows)
    }

    private mutating func rollBack(to height: Int64) throws(EasyLayerError) {
        // What the source undid is undone, however deep it was.
        do throws(StoreError) {
            try writer.rollback(toHeight: height, belowFinality: true, mark: mark.bytes)
        } catch {
            throw .store(error)
        }
        report.rollbacks += 1
        count([])
    }

    /// Counts what a commit brought, and tells how far the run is.
    private mutating func count(_ rows: [(model: String, row: EasyLayerRow)]) {
        report.events += UInt64(rows.count)
        for (_, row) in rows { report.bytes += UInt64(row.payload.count) }
        progress.rows = report.events
        progress.commits += 1
        control.report(progress)
    }

    private mutating func appendFloating(
        _ rows: [EasyLayerRow], of model: String, _ batch: UInt64
    ) throws(EasyLayerError) {
        mark.batches = batch
        let time = Timestamp(microseconds: rows[0].timestamp)
        let events = rows.map { Self.event($0, of: model, time) }
        do throws(StoreError) {
            try writer.appendFloating(events, timestamp: time, mark: mark.bytes)
        } catch {
            throw .store(error)
        }
        report.floating += UInt64(events.count)
        count(rows.map { (model, $0) })
    }

    private static func event(_ row: EasyLayerRow, of model: String, _ time: Timestamp) -> Event {
        let own = Timestamp(microseconds: row.timestamp)
        return Event(
            model: model, type: row.type, payload: row.payload, timestamp: own == time ? nil : own,
            requestID: row.requestBytes)
    }

    /// Whether the run is to end here; once it is, it stays so.
    private mutating func isStopped() -> Bool {
        if !report.isStopped, control.shouldStop() { report.isStopped = true }
        return report.isStopped
    }
}
