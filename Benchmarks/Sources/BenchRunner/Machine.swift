import Foundation

/// Facts that numbers are worthless without.
enum Machine {
    static func facts(directory: String) -> [[String]] {
        [
            ["processor", processor()], ["cores", "\(ProcessInfo.processInfo.activeProcessorCount)"],
            ["memory", "\(ProcessInfo.processInfo.physicalMemory >> 30) GiB"],
            ["file system", fileSystem(of: directory)], ["kernel", output(["uname", "-sr"])],
            ["system", ProcessInfo.processInfo.operatingSystemVersionString],
            [
                "Swift",
                output(["swift", "--version"]).components(separatedBy: "\n").first { $0.contains("Swift version") }
                    ?? "",
            ],
            ["C compiler", output(["cc", "--version"]).components(separatedBy: "\n").first ?? ""],
            ["Ashlar", output(["git", "describe", "--always", "--dirty"])],
        ] + packages()
    }

    private static func processor() -> String {
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? output(["uname", "-m"])
    }

    private static func fileSystem(of directory: String) -> String {
        output(["findmnt", "-n", "-o", "FSTYPE,OPTIONS", "-T", directory])
    }

    private static func packages() -> [[String]] {
        let names = [
            "liblmdb0", "librocksdb7.8", "libleveldb1d", "libsqlite3-0", "postgresql-15", "libpq5", "zlib1g",
            "liblz4-1",
        ]
        return names.compactMap { name in
            let version = output(["dpkg-query", "-W", "-f", "${Version}", name])
            return version.isEmpty ? nil : [name, version]
        }
    }

    /// What a program prints, without the last line's end; empty if it cannot be run or fails.
    private static func output(_ arguments: [String]) -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return "" }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return "" }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// Processor seconds, of the whole machine and of this process with its children.
struct ProcessorTime {
    private let busy: Double
    private let own: Double

    static func now() -> ProcessorTime {
        var own = 0.0
        for who in [RUSAGE_SELF.rawValue, RUSAGE_CHILDREN.rawValue] {
            var usage = rusage()
            getrusage(who, &usage)
            own += Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            own += Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        }
        // user, nice, system, idle, iowait, irq, softirq, steal
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        let ticks = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
        let busy = ticks.enumerated().reduce(0.0) { $1.offset == 3 || $1.offset == 4 ? $0 : $0 + $1.element }
        return ProcessorTime(busy: busy / Double(sysconf(Int32(_SC_CLK_TCK))), own: own)
    }

    /// Seconds that all others used since `earlier`.
    func foreign(since earlier: ProcessorTime) -> Double { max(0, (busy - earlier.busy) - (own - earlier.own)) }
}
