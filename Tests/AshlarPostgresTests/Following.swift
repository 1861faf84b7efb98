import Ashlar
import AshlarExport
import AshlarPostgres
import AshlarTestSupport
import Foundation
import Synchronization
import Testing

/// A store made by random steps, in a folder of its own.
func makeStore(seed: UInt64, steps: Int) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-pg-\(UUID().uuidString)").path
    try withStorm(at: path, seed: seed, steps: steps) { _, _ in }
    return path
}

/// Makes a store by random steps, and lends it to go on with them.
func withStorm(
    at path: String, seed: UInt64, steps: Int, _ body: (inout Writer, inout StormChain) throws -> Void
) throws {
    var writer = try Writer.open(at: path, options: Samples.options { $0.segmentBytes = 16 << 10 })
    var storm = StormChain(seed: seed)
    for _ in 0..<steps { try storm.step(&writer) }
    try body(&writer, &storm)
    try writer.close()
}

/// The same in a folder that is gone behind it.
func withStorm(seed: UInt64, steps: Int, _ body: (inout Writer, inout StormChain) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-pg-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try withStorm(at: path, seed: seed, steps: steps, body)
}

/// Whether a target says what the log says, and says anything at all.
func isSound(_ store: Store, _ target: PostgresTarget, _ options: ExportOptions) throws -> Bool {
    var check = try ExportCheck(store, target, options)
    let report = try check.run()
    if !report.isSound { Issue.record("\(report)") }
    return report.isSound && report.events > 0
}

/// An exporter that follows a store on a thread of its own.
final class FollowingExport: Sendable {
    private struct State {
        var progress: UInt64 = 0
        var isOver = false
        var error: (any Error)?
    }

    private let state = Mutex(State())
    private let done = DispatchSemaphore(value: 0)

    /// Starts; `target` connects to the database.
    init(of store: Store, batchEvents: Int, into target: @escaping @Sendable () throws -> PostgresTarget) {
        Thread.detachNewThread { [self] in
            do {
                var options = ExportOptions()
                options.batchEvents = batchEvents
                options.follows = true
                _ = try Exporter(
                    store, into: try target(), options: options, shouldStop: { self.state.withLock { $0.isOver } },
                    report: { progress in self.state.withLock { $0.progress = progress.sequence } }
                ).run()
            } catch {
                state.withLock { $0.error = error }
            }
            done.signal()
        }
    }

    /// The commit up to which it has exported.
    var sequence: UInt64 { state.withLock { $0.progress } }

    /// Waits until it has come to a commit, two minutes at most; throws what it failed with.
    func wait(for sequence: UInt64) throws {
        for _ in 0..<12_000 where self.sequence < sequence {
            if let error = state.withLock({ $0.error }) { throw error }
            usleep(10_000)
        }
        try #require(self.sequence == sequence)
    }

    /// Waits until it has come to the last commit, and stops it.
    func finish(at sequence: UInt64) throws {
        defer { state.withLock { $0.isOver = true } }
        try wait(for: sequence)
        state.withLock { $0.isOver = true }
        done.wait()
        if let error = state.withLock({ $0.error }) { throw error }
    }
}
