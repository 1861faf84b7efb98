import Testing

@testable import AshlarCLI

@Suite("bench parts")
struct BenchPartTests {
    @Test("a wide spread and busy strangers are warned of, and nothing else is")
    func warnings() {
        func warnings(_ seconds: [Double], _ others: Double?) -> [String] {
            var result = Measurement(name: "scan", seconds: seconds, events: 1, bytes: 1)
            result.otherCores = others
            return BenchWarnings.of(result)
        }
        #expect(warnings([1, 1.3, 1.1], 0.25).isEmpty)
        #expect(warnings([1], nil).isEmpty)
        #expect(warnings([1.31, 1], 0) == ["the slowest round took 1.31 times as long as the fastest"])
        #expect(warnings([1, 1], 0.3) == ["other programs kept 0.30 cores busy meanwhile"])
        #expect(warnings([1, 2], 1).count == 2)
    }

    @Test("strangers' time is what all processors did, less idling, waiting for disks, and what was our own")
    func processorTime() {
        let text = "cpu  100 20 30 9999 777 4 5 6 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
        #expect(ProcessorTime.busyTicks(text) == 165)
        #expect(ProcessorTime.busyTicks("") == 0)
        let (before, after) = (ProcessorTime(busy: 10, own: 3), ProcessorTime(busy: 14, own: 5))
        #expect(after.others(since: before) == 2)
        #expect(ProcessorTime(busy: 10, own: 4).others(since: before) == 0)
    }

    @Test("a directory's file system is that of the deepest mount above it")
    func mounts() {
        let table = MountTable(
            """
            21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
            30 21 0:25 / /data rw - tmpfs tmpfs rw
            31 30 8:17 / /data/my\\040disk rw,noatime shared:2 master:3 - xfs /dev/sdb1 rw
            32 21 8:18 / /data rw - btrfs /dev/sdc rw
            not a mount
            """)
        #expect(table.kind(at: "/home/x") == "ext4" && table.kind(at: "/data/my disk/store") == "xfs")
        #expect(table.kind(at: "/data/other") == "btrfs" && table.kind(at: "/database") == "ext4")
        #expect(MountTable("").kind(at: "/") == nil)
    }

    @Test("medians, and percentiles by HdrHistogram")
    func numbers() {
        #expect(Measurement(name: "", seconds: [3, 1, 2], events: 0, bytes: 0).median == 2)
        #expect(Measurement(name: "", seconds: [4, 1, 2, 3], events: 0, bytes: 0).median == 2.5)
        var latencies = Latencies()
        #expect(latencies.nanoseconds(percentile: 50) == 0)
        for value in 1...1_000 { latencies.record(nanoseconds: UInt64(value)) }
        var more = Latencies()
        more.record(nanoseconds: 3_600_000_000_000)
        latencies.add(more)
        #expect(latencies.count == 1_001 && latencies.nanoseconds(percentile: 50) == 501)
        #expect(latencies.nanoseconds(percentile: 99) == 991)
        let highest = latencies.nanoseconds(percentile: 100)
        #expect(highest > 3_596_000_000_000 && highest < 3_604_000_000_000)
    }

    @Test(
        "sizes are read with their units",
        arguments: [
            ("1000", 1_000), ("256MiB", 268_435_456), ("1.5 GB", 1_500_000_000), ("2tb", 2_000_000_000_000), ("7B", 7),
        ])
    func sizes(_ text: String, _ bytes: Int) throws {
        #expect(try ByteSize.parse(text).bytes == bytes)
    }

    @Test("what is no size is refused", arguments: ["", "x", "-1", "1XB", "1e30", "99999999PB", "1..2", "MB"])
    func noSizes(_ text: String) {
        #expect(throws: (any Error).self) { try ByteSize.parse(text) }
    }
}
