import CWorkload
import Foundation

/// Starts drivers, one at a time, and takes down what they say.
struct Executor {
    let programs: [String]
    let settings: Settings
    let timeoutSeconds: Int

    /// Where a program is; nil if it was not built.
    func path(of program: String) -> String? {
        programs.map { $0 + "/" + program }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs one workload in `directory`. What was written before has reached the disk when its process starts.
    func run(_ peer: Peer, _ workload: Workload, round: Int, in directory: String) throws -> Run {
        guard let program = path(of: peer.program) else { throw Problem("\(peer.program) is not built") }
        sync_file_system(directory)
        let before = ProcessorTime.now()
        let start = ContinuousClock.now
        let said = try launch(program, arguments(peer, workload, directory), mayBeKilled: workload == .kill)
        let elapsed = ContinuousClock.now - start
        guard let line = said.split(separator: "\n").last else { throw Problem("it said nothing") }
        var run = try JSONDecoder().decode(Said.self, from: Data(line.utf8)).run(round, peer.name)
        run.elapsedSeconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        run.foreignSeconds = ProcessorTime.now().foreign(since: before)
        // Both clocks of the kernel tick every 10 ms: less than a few ticks say nothing.
        run.isDisturbed = run.foreignSeconds > max(0.05, settings.disturbedShare * run.elapsedSeconds)
        return run
    }

    private func arguments(_ peer: Peer, _ workload: Workload, _ directory: String) -> [String] {
        let blocks =
            switch workload {
            case .durable: min(settings.durableBlocks, settings.blocks)
            case .kill, .openKilled, .openKilledWritable: settings.killedBlocks
            default: settings.blocks
            }
        return [
            workload.rawValue, "dir=\(directory)", "variant=\(peer.variant)", "blocks=\(blocks)",
            "events=\(settings.eventsPerBlock)", "payload=\(settings.payloadBytes)", "models=\(settings.models)",
            "seed=\(settings.seed)", "lookups=\(settings.lookups)", "undone=\(settings.undoneBlocks)",
            "segment=\(settings.segmentBytes)",
        ]
    }

    private func launch(_ program: String, _ arguments: [String], mayBeKilled: Bool) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let deadline = DispatchWorkItem { [process] in kill(process.processIdentifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(timeoutSeconds), execute: deadline)
        // A driver says a line or two: neither pipe fills while the other is read.
        let said = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        deadline.cancel()
        let isKilled = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
        guard mayBeKilled ? isKilled : process.terminationStatus == 0 && !isKilled else {
            throw Problem(
                complaint.isEmpty
                    ? "it ended with \(process.terminationStatus)"
                    : complaint.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        return String(decoding: said, as: UTF8.self)
    }

    /// Reads all files below `directory` once, so that they are in memory if there is room for them.
    static func warm(_ directory: String) {
        guard let files = FileManager.default.enumerator(atPath: directory) else { return }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        for case let file as String in files {
            let descriptor = open(directory + "/" + file, O_RDONLY)
            guard descriptor >= 0 else { continue }
            while read(descriptor, &buffer, buffer.count) > 0 {}
            close(descriptor)
        }
    }
}

/// The line of a driver.
private struct Said: Decodable {
    var workload: Workload
    var count: Int
    var seconds: Double
    var processorSeconds: Double?
    var p50: Double?
    var p99: Double?
    var bytes: Int?
    var anonymousBytes: Int?
    var lostBlocks: Int?

    func run(_ round: Int, _ peer: String) -> Run {
        Run(
            round: round, peer: peer, workload: workload, count: count, seconds: seconds,
            processorSeconds: processorSeconds, p50: p50, p99: p99,
            bytes: bytes,
            anonymousBytes: anonymousBytes, lostBlocks: lostBlocks)
    }
}
