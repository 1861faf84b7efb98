import Ashlar
import AshlarTestSupport
import Foundation
import Testing

/// What `ashlar plan --json` said.
private struct Plan {
    let members: [String: Any]

    init(_ arguments: [String]) throws {
        let run = try Tool.run(["plan"] + arguments + ["--json"])
        try #require(run.status == 0 && run.error.isEmpty, "\(run.status) \(run.error)")
        members = Tool.object(run.text)
    }

    func number(_ name: String) -> Double { (members[name] as? NSNumber)?.doubleValue ?? -1 }

    /// A number as of a horizon.
    func number(_ name: String, after horizon: String) -> Double {
        let found = (members["horizons"] as? [[String: Any]])?.first { $0["after"] as? String == horizon }
        return (found?[name] as? NSNumber)?.doubleValue ?? -1
    }
}

@Suite("plan")
struct PlanCommandTests {
    struct Shape: Sendable {
        var blocks: Int
        var events: Int
        var payload: Int
        var models: Int
        var segmentBytes: Int
        var compression = Compression.none
        /// How far the prediction may be from the truth.
        var tolerance = 0.01
    }

    /// Makes a store of a shape, a block a minute, and gives the bytes of its segment files.
    private static func make(_ shape: Shape, at path: String) throws -> Int {
        var options = WriterOptions()
        options.creation = CreationOptions()
        options.segmentBytes = shape.segmentBytes
        options.compression = shape.compression
        options.durability = .manual
        var writer = try Writer.open(at: path, options: options)
        var random = SplitMix64(seed: 7)
        func hash(_ height: Int64) throws -> BlockHash {
            try BlockHash(validating: (0..<32).map { UInt8(truncatingIfNeeded: height &* 31 &+ $0) })
        }
        for height in 0..<Int64(shape.blocks) {
            let events = (0..<shape.events).map { _ in
                // Half of each payload can be compressed.
                let bytes = (0..<shape.payload).map {
                    $0 % 2 == 0 ? UInt8(7) : UInt8.random(in: 0...255, using: &random)
                }
                return Event(
                    model: "model.\(Int.random(in: 0..<shape.models, using: &random))",
                    type: "type.\(Int.random(in: 0..<4, using: &random))", payload: bytes)
            }
            let block = Block(
                height: height, hash: try hash(height), parent: try hash(height - 1),
                timestamp: Timestamp(seconds: 1_700_000_000 + height * 60))
            try writer.append(block, events: events)
        }
        try writer.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".segment") }
        return try files.reduce(0) { sum, name in
            let size = try FileManager.default.attributesOfItem(atPath: path + "/" + name)[.size] as? Int
            return sum + (size ?? 0)
        }
    }

    private static func arguments(_ shape: Shape) -> [String] {
        [
            "--events-per-block", "\(shape.events)", "--bytes-per-event", "\(shape.payload)", "--models",
            "\(shape.models)",
            "--types", "4", "--segment-bytes", "\(shape.segmentBytes)",
        ]
    }

    @Test(
        "a store becomes as large as was predicted, in as many segments",
        arguments: [
            Shape(blocks: 300, events: 40, payload: 200, models: 8, segmentBytes: 262_144),
            Shape(blocks: 400, events: 3, payload: 37, models: 20, segmentBytes: 16_384, tolerance: 0.02),
            Shape(blocks: 500, events: 1, payload: 5, models: 1, segmentBytes: 1 << 28),
            Shape(blocks: 200, events: 0, payload: 1, models: 1, segmentBytes: 8_192, tolerance: 0.03),
        ])
    func prediction(_ shape: Shape) throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/chain"
        let bytes = Double(try Self.make(shape, at: path))
        let plan = try Plan(Self.arguments(shape) + ["--blocks-per-day", "\(shape.blocks)"])
        let predicted = plan.number("logBytes", after: "day")
        #expect(abs(predicted - bytes) <= bytes * shape.tolerance, "predicted \(predicted), is \(bytes)")
        let statistics = try Store.open(at: path).statistics()
        #expect(abs(plan.number("segments", after: "day") - Double(statistics.segments)) <= 1)
        #expect(plan.number("indexBytes", after: "day") == Double(statistics.indexBytes))
        #expect(plan.number("blocks", after: "year") == Double(shape.blocks * 365))
    }

    @Test("with the ratio that its payloads are compressed by, too")
    func compressed() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/chain"
        // Half of the bytes are random, and LZ4 makes nothing of single bytes between them: zlib does.
        let shape = Shape(blocks: 100, events: 60, payload: 300, models: 2, segmentBytes: 1 << 20, compression: .zlib)
        let bytes = Double(try Self.make(shape, at: path))
        let ratio = try Self.zlibRatio(shape)
        let plan = try Plan(
            Self.arguments(shape) + ["--blocks-per-day", "\(shape.blocks)", "--compression-ratio", "\(ratio)"])
        let predicted = plan.number("logBytes", after: "day")
        #expect(ratio > 1.3 && abs(predicted - bytes) <= bytes * 0.03, "predicted \(predicted), is \(bytes)")
    }

    /// The ratio that `ashlar bench` finds for payloads half of which are random is not asked for: Python's zlib says it.
    private static func zlibRatio(_ shape: Shape) throws -> Double {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            """
            import os, zlib
            count = \(shape.events / shape.models * shape.payload)
            data = bytes(b if i % 2 else 7 for i, b in enumerate(os.urandom(count)))
            print(len(data) / len(zlib.compress(data)))
            """,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return try #require(Double(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    @Test("a store tells what its next days bring, and is not changed")
    func fromStore() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/chain"
        var shape = Shape(blocks: 300, events: 12, payload: 90, models: 5, segmentBytes: 65_536)
        let bytes = Double(try Self.make(shape, at: path))
        let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        let plan = try Plan(["--store", path, "--segment-bytes", "65536", "--disk", "1GB"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == names)
        #expect(plan.number("eventsPerBlock") == 12 && abs(plan.number("blocksPerDay") - 1_440) < 0.01)
        // Ten times the blocks are ten times the bytes, whoever makes them.
        shape.blocks = 3_000
        let larger = Double(try Self.make(shape, at: directory.path + "/larger"))
        let predicted = bytes + 2_700 * plan.number("bytesPerBlock")
        #expect(abs(predicted - larger) < larger * 0.01, "predicted \(predicted), is \(larger)")
        #expect(abs(plan.number("logBytes", after: "day") - bytes - plan.number("bytesPerDay")) < 2)
        let days = (1e9 - bytes) / plan.number("bytesPerDay")
        #expect(
            abs(plan.number("daysToFull") - days) < 0.1 && abs(plan.number("totalBytes", after: "full") - 1e9) < 1e4)
    }

    @Test("snapshots take their part of the disk")
    func snapshots() throws {
        let arguments = [
            "--events-per-block", "10", "--bytes-per-event", "100", "--blocks-per-day", "2000", "--disk", "10GB",
        ]
        let without = try Plan(arguments)
        let with = try Plan(arguments + ["--state-bytes", "1.5GB", "--snapshot-ratio", "1.5", "--snapshots-kept", "2"])
        #expect(with.number("snapshotBytes") == 3e9 && with.number("snapshotBytesWrittenPerDay") == 2e9)
        #expect(abs(with.number("daysToFull") / without.number("daysToFull") - 0.7) < 0.001)
        let full = try Plan(arguments + ["--state-bytes", "1TB"])
        #expect(full.number("daysToFull") == 0)
    }

    @Test("for people, a table; what does not suffice is refused in one line that says what does")
    func people() throws {
        let run = try Tool.run(
            "plan", "--events-per-block", "6000", "--bytes-per-event", "200", "--blocks-per-day", "144", "--disk", "2TB"
        )
        #expect(run.status == 0 && run.error.isEmpty, "\(run.error)")
        for start in ["a block ", "a segment ", "a day ", "a year ", "disk full ", "after ", "10 years ", "full "] {
            #expect(run.lines.contains { $0.hasPrefix(start) }, "\(start)\n\(run.text)")
        }
        for arguments in [
            [], ["--events-per-block", "1", "--bytes-per-event", "1"],
            ["--events-per-block", "1", "--bytes-per-event", "1", "--blocks-per-day", "0"],
            [
                "--events-per-block", "1", "--bytes-per-event", "1", "--blocks-per-day", "1", "--compression-ratio",
                "0.5",
            ],
            ["--events-per-block", "1", "--bytes-per-event", "1", "--blocks-per-day", "1", "--disk", "big"],
        ] {
            let refused = try Tool.run(["plan"] + arguments)
            #expect(refused.status == 64 && refused.isOneLineError, "\(refused.error)")
        }
        let nowhere = try Tool.run("plan", "--store", "/nowhere", "--json")
        #expect(nowhere.status == 2 && nowhere.errorObject["code"] as? String == "notAStore")
    }
}
