import AshlarStorage
import AshlarTestSupport
import Foundation
import Synchronization
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Switching to a derived store")
struct DeriveSwitchTests {
    @Test("a source that is being written is followed until its writer has gone, and nothing is missing at the switch")
    func live() throws {
        let source = MemoryStorage(path: "source")
        let isDone = Mutex(false)
        var first = try Writer.open(source, options: options(segmentBytes: 8_192, durability: .everyBlock))
        try first.append(0...9)
        try first.sync()
        try first.close()
        let target = MemoryStorage(path: "target")
        let held = Mutex(false)
        let thread = try WorkerThread {
            do {
                var writer = try Writer.open(source, options: options(segmentBytes: 8_192, durability: .everyBlock))
                held.withLock { $0 = true }
                for height in 10..<200 as Range<Int64> {
                    try writer.append(block(height), events: events(height))
                    if height % 7 == 0 {
                        try writer.append(block(height - 2, UInt8(height), on: 0), events: events(1))
                        try writer.rollback(toHeight: height - 3)
                        try writer.append(height - 2...height)
                    }
                    if height % 20 == 0 { SystemCalls.pause(milliseconds: 2) }
                }
                isDone.withLock { $0 = true }
                try writer.close()
            } catch {
                Issue.record("\(error)")
            }
        }
        while !held.withLock({ $0 }) { SystemCalls.pause(milliseconds: 1) }
        var seenBefore = false
        var switches = 0
        let done = Mutex<DerivationReport?>(nil)
        let report = try derive(source, target, options: deriveOptions(end: .withSwitch(waitSeconds: nil))) {
            progress in
            if !isDone.withLock({ $0 }), progress.sequence > 0 { seenBefore = true }
            return .goOn
        } exchange: { () throws(StorageError) in
            switches += 1
        }
        done.withLock { $0 = report }
        thread.join()
        #expect(report.outcome == .switched && switches == 1 && seenBefore && isDone.withLock { $0 })
        #expect(try StoreDump.content(target) == StoreDump.content(source))
        #expect(try !target.list().contains("derivation"))
        #expect(try StoreVerification.run(target).isSound)
    }

    @Test(
        "the two directories change places: the derived store at the source's path, the old one whole at the target's")
    func directories() throws {
        let directory = TemporaryPlace()
        let (source, target) = (directory.path + "/chain", directory.path + "/chain.new")
        var writer = try Writer.create(at: source, options: options(segmentBytes: 4_096))
        try writer.append(0...50)
        try writer.close()
        let before = try Self.files(source)
        let old = try Store.open(at: source)
        var wanted = DerivationOptions()
        wanted.end = .withSwitch(waitSeconds: 0)
        let report = try Store.derive(
            from: source + "/", to: target, transform: ModelSelection(drop: ["balance"]), options: wanted)
        #expect(report.outcome == .switched)
        let new = try Store.open(at: source)
        #expect(new.id == report.targetID && new.sequence == 51)
        #expect(try new.view().events().allSatisfy { $0.model == "utxo" })
        #expect(try Self.files(target) == before)
        #expect(try Store.open(at: target).id == old.id)
        // Readers that were there before go on with the old store.
        #expect(try old.view().events().count == 153)
        #expect(try StoreVerification.run(at: source).isSound && StoreVerification.run(at: target).isSound)
        #expect(!FileManager.default.fileExists(atPath: source + "/derivation"))
        var next = try Writer.open(at: source)
        try next.append(51...52)
        try next.close()
    }

    @Test("a writer that stays is named, and the target is gone on with later")
    func writerStays() throws {
        let source = MemoryStorage(path: "source")
        var writer = try Writer.open(source, options: options())
        try writer.append(0...9)
        try writer.sync()
        let target = MemoryStorage(path: "target")
        for wait in [0, 0.02] {
            let error = failure { () throws(StoreError) in
                _ = try derive(source, target, options: deriveOptions(end: .withSwitch(waitSeconds: wait)))
            }
            guard case .inUse("source", _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        try writer.append(10...11)
        // Not synced: a follower does not take it, the switch does.
        try writer.flush()
        #expect(try derive(source, target).sequence == 10)
        try writer.close()
        let report = try derive(source, target, options: deriveOptions(end: .withSwitch(waitSeconds: 0)))
        #expect(report.sequence == 12 && report.resumedAt == 10 && report.outcome == .switched)
    }

    @Test("what the source holds beyond its durable sequence is there after the switch")
    func unproven() throws {
        let disk = SimulatedDisk(seed: 4, path: "source")
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...4)
        try writer.sync()
        try writer.append(5...9)
        try writer.flush()
        // Its process dies; the machine goes on.
        let source = disk.copy()
        let target = MemoryStorage()
        #expect(try derive(source, target).sequence == 5)
        let failing = failure { () throws(StoreError) in
            _ = try switching(source, target) {
                () throws(StorageError) in
                throw StorageError(operation: "exchange", path: "source", code: SystemCalls.inputOutput)
            }
        }
        #expect(failing != nil)
        // The target is ahead of what is proven, and is gone on with all the same.
        #expect(try Store.open(target).sequence == 10)
        #expect(try derive(source, target).resumedAt == 10)
        let report = try derive(source, target, options: deriveOptions(end: .withSwitch(waitSeconds: 0)))
        #expect(report.outcome == .switched && report.sequence == 10)
    }

    @Test("a crash around the switch leaves the state before it or after it; the next run finishes")
    func crashes() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...20) }
        let wanted = try StoreDump.content(source)
        let end = deriveOptions(end: .withSwitch(waitSeconds: 0))
        for change in 1...40 {
            let disk = SimulatedDisk(seed: UInt64(change), path: "target")
            disk.cutPower(atChange: change)
            var isSwitched = false
            var durable: [String]?
            let error = failure { () throws(StoreError) in
                _ = try switching(source, disk) { () throws(StorageError) in
                    isSwitched = true
                    // At this moment nothing may hang on the memory of the machine.
                    durable = disk.onlyDurable().fileNames
                }
            }
            let left = disk.powerCut(seed: UInt64(change))
            if isSwitched {
                #expect(try StoreDump.content(left) == wanted)
                #expect(try Store.open(left).sequence == 21)
                #expect(durable?.contains("derivation") == true)
                // The run that comes next finds the two changed over.
                let hasNote = left.fileNames.contains("derivation")
                #expect((try DerivationRun.switchedBefore(left, source, ModelSelection()) != nil) == hasNote)
                #expect(try !left.list().contains("derivation"))
            } else {
                #expect(error != nil)
                #expect(try derive(source, left, options: end).outcome == .switched)
                #expect(try StoreDump.content(left) == wanted)
            }
            if error == nil { break }
        }
    }

    @Test("a file system or a place that cannot be exchanged is told, and the target is whole")
    func cannot() throws {
        let source = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...3) }
        for (code, text) in [(SystemCalls.crossesDevices, "one file system"), (SystemCalls.invalid, "move")] {
            let target = MemoryStorage()
            let error = failure { () throws(StoreError) in
                _ = try switching(source, target) {
                    () throws(StorageError) in throw StorageError(operation: "exchange", path: "a", code: code)
                }
            }
            guard case .unsupported(let what) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(what.contains(text) && what.contains("durable"))
            #expect(try StoreDump.content(target) == StoreDump.content(source))
        }
    }

    @Test("source and target must be two places, neither in the other")
    func places() throws {
        let directory = TemporaryPlace()
        let source = directory.path + "/chain"
        try Writer.create(at: source, options: options()).close()
        try FileManager.default.createSymbolicLink(atPath: directory.path + "/link", withDestinationPath: source)
        for (target, text) in [
            (source, "same directory"), (directory.path + "/link", "same directory"),
            (source + "/new", "inside the source"),
            (directory.path + "/link/new", "inside the source"), (directory.path, "inside the target"),
        ] {
            let error = failure { () throws(StoreError) in
                _ = try Store.derive(from: source, to: target, transform: ModelSelection())
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains(text), "\(target)")
        }
        #expect(try Self.files(source).keys.sorted() == ["0000000001-0000.segment", "durable", "lock"])
        let nothing = failure { () throws(StoreError) in
            _ = try Store.derive(from: directory.path, to: directory.path + "2", transform: ModelSelection())
        }
        #expect(nothing == .notAStore(path: directory.path))
        #expect(!FileManager.default.fileExists(atPath: directory.path + "2"))
    }

    private static func files(_ path: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            files[name] = FileManager.default.contents(atPath: path + "/" + name)
        }
        return files
    }
}

/// Derives with a switch at the end.
private func switching(
    _ source: any Storage, _ target: any Storage, _ exchange: () throws(StorageError) -> Void
) throws(StoreError) -> DerivationReport {
    try derive(source, target, options: deriveOptions(end: .withSwitch(waitSeconds: 0)), exchange: exchange)
}

/// A directory that goes with the test.
private final class TemporaryPlace {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-derive-\(UUID().uuidString)").path

    init() { try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
