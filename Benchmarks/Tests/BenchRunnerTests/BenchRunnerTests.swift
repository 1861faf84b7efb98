import Foundation
import Testing

@testable import bench_runner

@Suite struct EstimateTests {
    @Test(arguments: [([3.0], 3.0, 3.0, 3.0), ([4, 1, 3, 2], 2.5, 1, 4), ([9, 1, 8, 2, 7, 3, 6, 4, 5], 5, 2, 8)])
    func medianAndInterval(values: [Double], median: Double, low: Double, high: Double) throws {
        let estimate = try #require(Estimate(values))
        #expect(estimate.median == median)
        #expect(estimate.low == low)
        #expect(estimate.high == high)
    }

    @Test func nineRoundsGive96Percent() throws {
        // 1 − 2 · (1 + 9) / 2⁹
        #expect(try #require(Estimate(Array(1...9).map(Double.init))).confidence == 1 - 20.0 / 512)
        #expect(try #require(Estimate([1])).confidence == 0)
        #expect(Estimate([]) == nil)
    }
}

@Suite struct ResultsTests {
    /// Rounds in which Ashlar takes the seconds given for 1,000 events, and raw C takes one.
    private func results(_ seconds: [Double], disturbed: Set<Int> = []) -> Results {
        var settings = Settings()
        settings.rounds = seconds.count
        var runs: [Run] = []
        for (round, seconds) in seconds.enumerated() {
            var mine = Run(round: round, peer: "ashlar", workload: .scan, count: 1_000, seconds: seconds)
            mine.isDisturbed = disturbed.contains(round)
            runs.append(mine)
            runs.append(Run(round: round, peer: Peer.reference, workload: .scan, count: 1_000, seconds: 1))
        }
        return Results(
            date: "2026-01-02", machine: [["processor", "one"]], settings: settings, runs: runs, failures: [])
    }

    @Test func lessTimeIsAGreaterRatio() throws {
        let ratio = try #require(results([0.5, 0.5]).ratio("ashlar", .scan, to: Peer.reference, .scan))
        #expect(ratio.median == 2)
        #expect(!ratio.isDisturbed)
    }

    @Test func disturbedRoundsAreLeftOut() throws {
        let ratio = try #require(
            results([0.5, 0.5, 4], disturbed: [2]).ratio("ashlar", .scan, to: Peer.reference, .scan))
        #expect(ratio.rounds == 2)
        #expect(ratio.low == 2)
    }

    @Test func tooManyDisturbedRoundsCountAndAreMarked() throws {
        let ratio = try #require(
            results([0.5, 4, 4], disturbed: [1, 2]).ratio("ashlar", .scan, to: Peer.reference, .scan))
        #expect(ratio.rounds == 3)
        #expect(ratio.isDisturbed)
    }

    @Test func goalsAreJudged() throws {
        let met = try #require(Goal.all(results([0.5])).first { $0.name == "scan / raw C" })
        let missed = try #require(Goal.all(results([2])).first { $0.name == "scan / raw C" })
        let absent = try #require(Goal.all(results([2])).first { $0.name == "append / raw C" })
        #expect(met.isMet == true)
        #expect(missed.isMet == false)
        #expect(absent.isMet == nil)
    }

    @Test func savingAndLoadingKeepsEverything() throws {
        let path = NSTemporaryDirectory() + "bench-runner-\(UUID()).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let saved = results([1, 2], disturbed: [1])
        try saved.save(path)
        let loaded = try Results.load(path)
        #expect(loaded.runs.map(\.seconds) == saved.runs.map(\.seconds))
        #expect(loaded.runs.map(\.isDisturbed) == saved.runs.map(\.isDisturbed))
        #expect(loaded.machine == saved.machine)
    }

    @Test func theReadmeKeepsWhatStandsAroundTheMarks() throws {
        let path = NSTemporaryDirectory() + "bench-runner-\(UUID()).md"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let table = SpeedTable(Report(results([0.5])))
        let text = "before\n\(SpeedTable.begin)\nold\n\(SpeedTable.end)\nbehind\n"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        for _ in 0..<2 { try table.replace(in: path, link: "results/2026-01-02.json") }
        let now = try String(contentsOfFile: path, encoding: .utf8)
        #expect(now.hasPrefix("before\n\(SpeedTable.begin)\n| "))
        #expect(now.hasSuffix("\n\(SpeedTable.end)\nbehind\n"))
        #expect(now.contains("| Ashlar | 0.0020 |"))
        #expect(!now.contains("old"))
        try "no marks".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: Problem.self) { try table.replace(in: path, link: "results/2026-01-02.json") }
    }
}

@Suite struct SettingsTests {
    @Test func theKilledStoresLastSegmentIs90PercentFull() {
        let settings = Settings()
        #expect(settings.killedBlocks < settings.blocks)
        #expect(abs(Double(settings.unprovenBytes) / Double(settings.segmentBytes) - 0.9) < 0.01)
    }

    @Test func aSmallStoreIsKilledWhole() {
        var settings = Settings()
        settings.events = 24_000
        #expect(settings.killedBlocks == settings.blocks)
        #expect(settings.undoneBlocks * 10 < settings.blocks)
    }
}
