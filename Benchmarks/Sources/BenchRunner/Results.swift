import Foundation

/// How large a measurement is. Part of the results.
struct Settings: Codable, Sendable {
    var events = 5_000_000
    var eventsPerBlock = 200
    var payloadBytes = 200
    var models = 8
    var durableBlocks = 2_000
    var lookups = 20_000
    var segmentBytes = 256 << 20
    var seed = 1
    var rounds = 9
    var slowRounds = 3
    /// A run is disturbed if other programs used more than this share of one core meanwhile.
    var disturbedShare = 0.25

    var blocks: Int { max(1, events / eventsPerBlock) }

    /// Blocks undone at a time: 100, or fewer where ten times that would be more than there are.
    var undoneBlocks: Int { max(1, min(100, (blocks - 1) / 10)) }

    /// Bytes that a block takes in Ashlar's log, near enough for filling a segment.
    private var blockBytes: Int { eventsPerBlock * (payloadBytes + 17) + 250 }

    /// Blocks of the store that is killed: where it fills segments, so many that Ashlar's last one is 90 % full.
    var killedBlocks: Int {
        let segments = max(0, blocks * blockBytes / segmentBytes - 1)
        let wanted = (segments * segmentBytes + segmentBytes / 10 * 9) / blockBytes
        return wanted <= blocks ? wanted : blocks
    }

    /// Bytes that Ashlar has to check when it opens the killed store.
    var unprovenBytes: Int { killedBlocks * blockBytes % segmentBytes }
}

/// What one driver measured in one round.
struct Run: Codable, Sendable {
    var round: Int
    var peer: String
    var workload: Workload
    /// Operations done.
    var count: Int
    var seconds: Double
    /// What the processors spent in all threads of the driver meanwhile.
    var processorSeconds: Double?
    /// Seconds of one operation, where each was timed.
    var p50: Double?
    var p99: Double?
    /// Bytes on disk, where they were measured.
    var bytes: Int?
    /// Anonymous memory of the driver's process at the end, the workload's payloads included.
    var anonymousBytes: Int?
    /// Blocks that a kill took away.
    var lostBlocks: Int?
    /// Processor seconds that others used meanwhile, the kernel's own threads included.
    var foreignSeconds = 0.0
    /// How long the process ran.
    var elapsedSeconds = 0.0
    var isDisturbed = false

    /// In the unit of the workload.
    var value: Double {
        switch workload.measure {
        case .rate(_, let scale): seconds > 0 ? Double(count) / seconds * scale : 0
        case .milliseconds: seconds * 1_000
        case .bytesPerEvent: count > 0 ? Double(bytes ?? 0) / Double(count) : 0
        }
    }

    /// Greater is better, in whatever unit.
    var merit: Double {
        if case .rate = workload.measure { return value }
        return value > 0 ? 1 / value : 0
    }
}

/// All that was measured, and where.
struct Results: Codable, Sendable {
    var date: String
    /// Name and value, in the order to show them.
    var machine: [[String]]
    var settings: Settings
    var runs: [Run]
    /// What did not run, and why.
    var failures: [String]

    func run(_ peer: String, _ workload: Workload, round: Int) -> Run? {
        runs.first { $0.peer == peer && $0.workload == workload && $0.round == round }
    }

    func runs(_ peer: String, _ workload: Workload) -> [Run] {
        runs.filter { $0.peer == peer && $0.workload == workload }
    }

    static func load(_ path: String) throws -> Results {
        guard FileManager.default.fileExists(atPath: path) else { throw Problem("there is no file \(path)") }
        return try JSONDecoder().decode(Results.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    func save(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // A line a run: then a difference between two files can be read.
        let text = String(decoding: try encoder.encode(self), as: UTF8.self)
            .replacingOccurrences(of: "},{", with: "},\n{")
        try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path))
    }
}
