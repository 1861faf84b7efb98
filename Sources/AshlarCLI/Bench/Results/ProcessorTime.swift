import Glibc

/// Processor seconds so far: of the whole machine, and of this process with the children it waited for.
struct ProcessorTime: Sendable {
    private let busy: Double
    private let own: Double

    init(busy: Double, own: Double) { (self.busy, self.own) = (busy, own) }

    static func now() -> ProcessorTime {
        var own = 0.0
        for who in [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue] {
            var usage = rusage()
            getrusage(who, &usage)
            own += Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            own += Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        }
        let ticks = busyTicks(SystemText.read("/proc/stat"))
        return ProcessorTime(busy: ticks / Double(sysconf(Int32(_SC_CLK_TCK))), own: own)
    }

    /// What all processors did that is neither idling nor waiting for a disk, from the first line of `/proc/stat`: user, nice, system, idle,
    /// iowait, irq, softirq, steal. What other virtual machines took is in it.
    static func busyTicks(_ text: String) -> Double {
        let words = text.prefix { $0 != "\n" }.split(separator: " ")
        return words.dropFirst().prefix(8).enumerated().reduce(0) { sum, entry in
            entry.offset == 3 || entry.offset == 4 ? sum : sum + (Double(entry.element) ?? 0)
        }
    }

    /// Seconds that all others used since `earlier`, the kernel's own threads among them.
    func others(since earlier: ProcessorTime) -> Double { max(0, (busy - earlier.busy) - (own - earlier.own)) }
}
