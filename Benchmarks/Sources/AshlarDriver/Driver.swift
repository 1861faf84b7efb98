import Ashlar
import CWorkload
import Dispatch
import Glibc

/// Runs one workload on Ashlar, in a process of its own, through what is public, and prints a line of JSON.
///
/// Options and output are those of `Peers/Driver.c`. Nothing but the work itself is inside the clock: payloads are made before, and what was
/// read is checked behind it.
@main
struct Driver {
    let options: Options
    let workload: Workload

    static func main() {
        do {
            let options = try Options(CommandLine.arguments)
            let workload = workload_make(
                options.blocks, UInt32(options.events), UInt32(options.payload), UInt32(options.models), options.seed)
            nonisolated(unsafe) let driver = Driver(options: options, workload: workload)
            if try driver.run() { return }
            // The others wait for something, and do not keep a thread meanwhile.
            Task { await driver.runAsynchronously() }
            dispatchMain()
        } catch {
            fail(error)
        }
    }

    private static func fail(_ error: any Error) -> Never {
        let message = "\(error)\n"
        write(2, message, message.utf8.count)
        exit(4)
    }

    private func runAsynchronously() async {
        do {
            switch options.workload {
            case "pipelined": try await pipelined()
            case "scan-two-threads": try await scanOnTwoThreads()
            case "scan-async": try await scanBatches()
            default: throw Problem("unknown workload: \(options.workload)")
            }
            exit(0)
        } catch {
            Self.fail(error)
        }
    }

    /// Runs what runs on this thread; false if it is something else.
    private func run() throws -> Bool {
        switch options.workload {
        case "append": try append(.none)
        case "kill": try append(.none, dies: true)
        case "durable": try append(.each)
        case "bulk": try append(.atEnd)
        case "scan": try scan()
        case "model": try model(named: Self.modelName(3), expecting: 3)
        case "absent": try model(named: "absent", expecting: Int32(options.models))
        case "random": try random()
        case "open": try openForWriting()
        case "open-killed": try openForReading()
        case "open-killed-writable": try openForWriting()
        case "disk": try disk()
        case "undo": try undo(.none)
        case "undo-synced": try undo(.each)
        default: return false
        }
        return true
    }

    static func modelName(_ number: Int) -> String { "model.\(number)" }

    func report(_ count: UInt64, _ nanoseconds: UInt64, _ more: String = "") {
        print(
            "{\"workload\":\"\(options.workload)\",\"count\":\(count),\"seconds\":\(Double(nanoseconds) / 1e9)"
                + ",\"processorSeconds\":\(Double(processor_nanoseconds()) / 1e9)"
                + ",\"anonymousBytes\":\(anonymous_bytes())\(more)}")
        fflush(nil)
    }

    /// Throws unless what was read is what blocks `heights` hold, of one model or (−1) of all.
    func require(_ found: Digest, _ heights: Range<UInt64>, model: Int32 = -1) throws {
        try require(
            found,
            withUnsafePointer(to: workload) {
                workload_expected($0, heights.lowerBound, heights.upperBound, model)
            })
    }

    func require(_ found: Digest, _ expected: Digest) throws {
        guard found.events == expected.events, found.sum == expected.sum else {
            throw Problem(
                "read \(found.events) events with the sum \(found.sum), but expected \(expected.events) with \(expected.sum)"
            )
        }
    }
}

/// What a driver was told.
struct Options {
    var workload = ""
    var directory = ""
    var variant = ""
    var blocks: UInt64 = 500
    var lookups: UInt64 = 20_000
    var undone: UInt64 = 100
    var repeats: UInt64 = 5
    var events: UInt64 = 200
    var payload: UInt64 = 200
    var models: UInt64 = 8
    var seed: UInt64 = 1
    var segment: UInt64 = 256 << 20

    private static let numbers: [String: any WritableKeyPath<Options, UInt64> & Sendable] = [
        "blocks": \.blocks, "lookups": \.lookups, "undone": \.undone, "repeats": \.repeats, "events": \.events,
        "payload": \.payload, "models": \.models, "seed": \.seed, "segment": \.segment,
    ]

    init(_ arguments: [String]) throws {
        guard arguments.count > 2 else { throw Problem("usage: \(arguments[0]) WORKLOAD dir=DIR [NAME=VALUE …]") }
        workload = arguments[1]
        for argument in arguments.dropFirst(2) {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw Problem("unknown: \(argument)") }
            if let path = Self.numbers[parts[0]], let value = UInt64(parts[1]) {
                self[keyPath: path] = value
            } else if parts[0] == "dir" {
                directory = parts[1]
            } else if parts[0] == "variant" {
                variant = parts[1]
            } else {
                throw Problem("unknown: \(argument)")
            }
        }
    }
}

/// Why there is no number.
struct Problem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
