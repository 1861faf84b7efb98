import Ashlar
import AshlarExport
import Glibc

/// What an exporter took and what a bare loop took, round by round.
struct ExportTimes {
    private var exporter: [Double] = []
    private var bare: [Double] = []
    private var indexes: [Double] = []
    /// Seconds of the processor: of the exporter's two threads, of the one that talks to the database, of the bare loop.
    private var processor: (all: [Double], database: [Double], bare: [Double]) = ([], [], [])
    private var events = 0

    init() {}

    /// Exports once; the rows count until the indexes begin.
    mutating func export(_ store: Store, into target: any ExportTarget) throws {
        let start = Clocks()
        var rows: Clocks?
        let exporter = Exporter(
            store, into: target, report: { progress in if progress.phase == .indexes { rows = start.elapsed } })
        events = Int(clamping: try exporter.run().events)
        let whole = start.elapsed
        let loaded = rows ?? whole
        self.exporter.append(loaded.wall)
        indexes.append(whole.wall - loaded.wall)
        processor.all.append(loaded.process)
        processor.database.append(loaded.thread)
    }

    /// Runs the bare loop once.
    mutating func load(_ body: () throws -> Void) rethrows {
        let start = Clocks()
        try body()
        let loaded = start.elapsed
        bare.append(loaded.wall)
        processor.bare.append(loaded.process)
    }

    /// Both, and of the exporter how much of the bare loop's speed it has: the median of the ratios within a round, whose turns the machine
    /// treated most alike.
    func measurements(_ name: String, _ bytes: Int) -> [Measurement] {
        var exported = Measurement(name: "export \(name)", seconds: exporter, events: events, bytes: bytes)
        var loop = Measurement(name: "bare \(name)", seconds: bare, events: events, bytes: bytes)
        exported.facts = [
            ("rowsPerSecond", exported.eventsPerSecond),
            ("ratio", Self.median(zip(exporter, bare).map { $1 / max($0, 1e-9) })),
            ("indexSeconds", Self.median(indexes)), ("cpuSeconds", Self.median(processor.all)),
            ("databaseCpuSeconds", Self.median(processor.database)),
        ]
        loop.facts = [("rowsPerSecond", loop.eventsPerSecond), ("cpuSeconds", Self.median(processor.bare))]
        return [exported, loop]
    }

    private static func median(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }
}

/// Time that has passed, and time on a processor: on a machine that does other things, the latter says more.
private struct Clocks {
    var wall = seconds(CLOCK_MONOTONIC)
    var process = seconds(CLOCK_PROCESS_CPUTIME_ID)
    var thread = seconds(CLOCK_THREAD_CPUTIME_ID)

    /// What has passed since this was made.
    var elapsed: Clocks {
        let now = Clocks()
        return Clocks(wall: now.wall - wall, process: now.process - process, thread: now.thread - thread)
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
