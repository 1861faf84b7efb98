import AshlarExport
import AshlarExportTestSupport
import AshlarSQLite
import AshlarTestSupport
import Foundation

@testable import Ashlar

/// Exports of the simulator's store into a database in memory, cut off at any call: no row is missing, none is there twice.
///
/// A class, because the simulator is a value that only hands it on.
final class ExportHarness {
    private let folder: String
    private var target: String { folder + "/target.db" }
    /// Up to where the target was seen complete; nil before the first export.
    private var reached: UInt64?
    private var hasBegun = false
    var trace: Simulator.Trace?
    /// The log was pruned before the target had it.
    private var isLeftBehind = false

    init() throws {
        // A file system in memory, where there is one.
        let root = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        folder = root + "/ashlar-simulation-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// After the store was opened again, perhaps with less than before: the target has nothing that the log lacks.
    func open(_ model: ModelChain) throws(StoreError) {
        guard let reached, reached > model.lastSequence else { return }
        throw .invalidArgument("the target has \(reached) commits, the log \(model.lastSequence)")
    }

    /// After an operation: perhaps exports what is durable, perhaps cut off half-way; then the target must be right.
    func check(
        _ store: Store, _ model: ModelChain, durable: UInt64, _ random: inout SplitMix64
    ) throws(StoreError) {
        guard random.chance(6), durable > 0, !isLeftBehind, hasBegun || model.pruned == 0 else { return }
        let cut = random.chance(50) ? random.below(60) : Int.max
        try telling { () throws(ExportError) in
            try export(store, cutAfter: cut, batch: 1 + random.below(20), model)
            try compare(model, atLeast: cut == .max ? durable : 0)
        }
    }

    /// Exports all there is.
    func catchUp(_ store: Store, _ model: ModelChain, durable: UInt64) throws(StoreError) {
        guard hasBegun, !isLeftBehind else { return }
        try telling { () throws(ExportError) in
            try export(store, cutAfter: .max, batch: 100, model)
            try compare(model, atLeast: durable)
        }
    }

    private func export(_ store: Store, cutAfter calls: Int, batch: Int, _ model: ModelChain) throws(ExportError) {
        let connection = try database { () throws(SQLFailure) in try SQLiteTarget(path: target, create: true) }
        defer { connection.close() }
        let cutOff = CutOffTarget(connection, after: calls)
        var options = ExportOptions()
        options.batchEvents = batch
        options.consumer = "export"
        hasBegun = true
        trace?.add("    export\(calls == .max ? "" : ", cut off after \(calls) calls")")
        do throws(ExportError) {
            _ = try Exporter(store, into: cutOff, options: options).run()
        } catch {
            cutOff.rollback()
            if case .database(_, let failure) = error, failure.code == "test" { return }
            if case .store(.pruned(let sequence, _)) = error, reached ?? 0 < sequence {
                isLeftBehind = true
                return
            }
            throw error
        }
    }

    // MARK: - Comparing

    /// What a row of `blocks` should be.
    private struct BlockRow: Equatable {
        var sequence: Int64
        var height: Int64
        var events: Int64
        var isCanonical: Bool
    }

    private func compare(_ model: ModelChain, atLeast durable: UInt64) throws(ExportError) {
        let connection = try database { () throws(SQLFailure) in try SQLiteTarget(path: target, create: true) }
        defer { connection.close() }
        let meta = try database { () throws(SQLFailure) in try TargetMeta.read(connection) }
        guard let meta, !isLeftBehind else { return }
        guard let cursor = Cursor(meta.cursor) else { throw failure("the cursor is \(meta.cursor)") }
        guard cursor.sequence >= max(reached ?? 0, durable), cursor.sequence <= model.lastSequence else {
            throw failure("the target is at \(cursor.sequence), the log at \(model.lastSequence)")
        }
        reached = cursor.sequence
        let commits = model.commits.prefix(Int(cursor.sequence))
        let canonical = Set(commits.last?.after.blocks ?? [])
        var blocks: [BlockRow] = []
        var events: [Int64: Int64] = [:]
        for (index, commit) in commits.enumerated() {
            let sequence = Int64(index) + 1
            if !commit.events.isEmpty { events[sequence] = Int64(commit.events.count) }
            guard let block = commit.block else { continue }
            blocks.append(
                BlockRow(
                    sequence: sequence, height: block.height, events: Int64(commit.events.count),
                    isCanonical: canonical.contains(UInt64(sequence))))
        }
        try database { () throws(SQLFailure) in
            let foundBlocks = try connection.rows(
                "SELECT sequence, height, event_count, undone_by IS NULL FROM blocks ORDER BY sequence"
            ).map {
                BlockRow(
                    sequence: $0[0].integer ?? -1, height: $0[1].integer ?? -1, events: $0[2].integer ?? -1,
                    isCanonical: $0[3].integer == 1)
            }
            let foundEvents = try connection.rows("SELECT sequence, count(*) FROM events GROUP BY sequence")
            guard foundBlocks == blocks else {
                throw SQLFailure(.other, code: "blocks", message: "not the blocks up to \(cursor.sequence)")
            }
            guard
                Dictionary(uniqueKeysWithValues: foundEvents.map { ($0[0].integer ?? -1, $0[1].integer ?? -1) })
                    == events
            else { throw SQLFailure(.other, code: "events", message: "not the events up to \(cursor.sequence)") }
        }
    }

    // MARK: - Errors

    private func failure(_ what: String) -> ExportError { .refused(code: "simulation", message: what) }

    private func database<Result>(_ body: () throws(SQLFailure) -> Result) throws(ExportError) -> Result {
        do throws(SQLFailure) { return try body() } catch { throw .database(target: "the target", error) }
    }

    /// Hands on what the store threw; anything else is a failure, told as an argument that no store accepts.
    private func telling(_ body: () throws(ExportError) -> Void) throws(StoreError) {
        do throws(ExportError) { try body() } catch {
            if case .store(let error) = error { throw error }
            throw .invalidArgument("\(error)")
        }
    }
}
