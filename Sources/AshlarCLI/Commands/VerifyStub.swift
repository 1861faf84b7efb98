// STUB, TO BE DELETED: stands in until the engine has `StoreVerification`. It has the same names and shape, and finds
// what reading every event finds; the command needs no change when this file goes.

import Ashlar

/// How far a verification is.
struct VerifyProgress: Sendable {
    var bytesDone: Int
    var bytesTotal: Int
}

/// What a verification found.
struct VerifyReport: Sendable {
    var segments = 0
    var commits: UInt64 = 0
    var events: UInt64 = 0
    var bytes = 0
    var durableSequence: UInt64 = 0
    var problems: [Corruption] = []
    var notices: [String] = []
    var isSound: Bool { problems.isEmpty }
}

/// Checks a whole store.
enum StoreVerification {
    /// Reads every event.
    static func run(
        at path: String, threads: Int, progress: @Sendable (VerifyProgress) -> Void
    ) throws(StoreError) -> VerifyReport {
        var report = VerifyReport()
        do throws(StoreError) {
            let store = try Store.open(at: path, horizon: .committed)
            let statistics = try store.statistics()
            report.segments = statistics.segments
            report.bytes = statistics.bytes
            report.durableSequence = store.durableSequence
            if !store.recovery.isClean { report.notices.append("\(store.recovery)") }
            for commit in store.commits() {
                _ = try commit.get()
                report.commits += 1
            }
            var query = EventQuery()
            query.scope = .log
            var cursor = try store.view().cursor(query)
            while try cursor.next() { report.events += 1 }
            progress(VerifyProgress(bytesDone: report.bytes, bytesTotal: report.bytes))
        } catch {
            guard case .corrupt(let corruption) = error else { throw error }
            report.problems.append(corruption)
        }
        return report
    }
}
