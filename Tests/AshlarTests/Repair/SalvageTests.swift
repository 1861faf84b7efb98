import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Salvage")
struct SalvageTests {
    @Test(
        "an undamaged store comes out as it is",
        arguments: ["every-kind", "fork", "two-segments", "zero-tail", "pruned", "bad-footer"])
    func undamaged(vector: String) throws {
        let harness = try SalvageHarness(SalvageHarness.vector(vector))
        let report = try harness.check(harness.disk, vector)
        #expect(report.isWhole && report.parts.count == 1 && report.lost.isEmpty, "\(report)")
        let saved = try LogContents(SalvagedStorage(SalvagePlan(harness.disk).parts[0], of: harness.disk))
        #expect(saved.commits == harness.whole.commits && saved.canonical == harness.whole.canonical)
        #expect(saved.versions == harness.whole.versions && saved.state == harness.whole.state)
    }

    @Test("damage in any place of any commit costs that commit alone", arguments: [Compression.none, .lz4])
    func everyCommit(compression: Compression) throws {
        let harness = try SalvageHarness.recorded(compression)
        for file in harness.disk.segments {
            let offsets = try harness.offsets(file)
            for (offset, end) in zip(offsets, offsets.dropFirst()) {
                // Header, its checksum, meta, and the last byte of the records.
                for place in [8, 70, 101, 106, end - offset - 9] where place < end - offset {
                    let damaged = harness.disk.copy()
                    damaged[file]?[offset + place] ^= 0x10
                    let report = try harness.check(damaged, "\(file) \(offset) + \(place)")
                    let told = report.lost.count + report.emptied.count + report.unplaced.count
                    #expect(told > 0, "\(file) \(offset) + \(place)")
                    #expect(report.lost.allSatisfy { ($0.sequences?.count ?? 0) <= 1 })
                    for range in report.lost { #expect(range.file == file && range.bytes == offset..<end) }
                }
            }
        }
    }

    @Test("records that are damaged leave the commit's block, and the log in one piece")
    func emptied() throws {
        let harness = try SalvageHarness.recorded(.none)
        let file = harness.disk.segments[0]
        let offsets = try harness.offsets(file)
        let damaged = harness.disk.copy()
        damaged[file]?[offsets[4] - 20] ^= 1
        let report = try harness.check(damaged, "records")
        #expect(report.parts.count == 1 && report.lost.isEmpty && report.emptied.map(\.sequence) == [4])
        let store = try DegradedStore(damaged).parts[0]
        let view = try store.view()
        #expect(try view.block(height: 3)?.block.hash == blockHash(3))
        #expect(failure { () throws(StoreError) in _ = try view.events() } == .removed(sequence: 4))
    }

    @Test("a whole segment that is zeroed, cut off, or missing is lost, and nothing else")
    func segments() throws {
        let harness = try SalvageHarness.recorded(.lz4)
        let files = harness.disk.segments
        for (index, file) in files.enumerated() {
            let size = try #require(harness.disk[file]).count
            for kind in 0..<4 {
                let damaged = harness.disk.copy()
                switch kind {
                case 0: damaged[file] = [UInt8](repeating: 0, count: size)
                case 1: damaged[file] = Array(damaged[file]?.prefix(size / 2) ?? [])
                case 2: damaged[file]?[100] ^= 1
                default: damaged[file] = nil
                }
                let report = try harness.check(damaged, "\(file) \(kind)")
                // A header holds nothing that its neighbours do not say.
                if kind == 2 { #expect(report.isWhole, "\(file): \(report)") }
                if kind == 3, index > 0 { #expect(report.lost.count == 1, "\(file): \(report)") }
            }
        }
    }

    @Test("bytes damaged at random are lost or harmless, never wrong", arguments: 0..<40)
    func random(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let harness = try SalvageHarness.recorded([.none, .lz4, .zlib][Int(seed % 3)])
        let damaged = harness.disk.copy()
        for _ in 0...random.below(6) {
            let file = damaged.segments[random.below(damaged.segments.count)]
            let size = try #require(damaged[file]).count
            let start = random.below(size)
            for offset in start..<min(size, start + 1 + random.below(random.chance(30) ? 2_000 : 4)) {
                damaged[file]?[offset] = UInt8(truncatingIfNeeded: random.next())
            }
        }
        try harness.check(damaged, "seed \(seed)")
    }

    private static func query(_ heights: ClosedRange<Int64>) -> EventQuery {
        var query = EventQuery()
        query.heights = heights
        return query
    }

    @Test("behind a loss versions and ids go on, and the part can be written to")
    func goesOn() throws {
        let disk = try SimulatedDisk.store(options()) { (writer) throws(StoreError) in try writer.append(0...20) }
        let harness = try SalvageHarness(disk)
        let damaged = disk.copy()
        let offsets = try harness.offsets(damaged.segments[0])
        damaged[damaged.segments[0]]?[offsets[5] + 8] ^= 1
        let plan = try SalvagePlan(damaged)
        #expect(plan.report.parts.map(\.sequences) == [1...5, 7...21])
        #expect(plan.report.lost.map(\.heights) == [5...5])
        let target = SimulatedDisk(seed: 2)
        try StoreSalvage.write(plan.parts[1], of: damaged, into: target)
        var writer = try Writer.open(target, options: options())
        try writer.append(21...22)
        try writer.append(block(22, 3, on: 0), events: events(22, 3))
        #expect(
            failure { () throws(StoreError) in try writer.rollback(toHeight: 4, belowFinality: true) }
                == .pruned(sequence: 5, height: 5))
        #expect(
            failure { () throws(StoreError) in _ = try writer.store.view().events(Self.query(5...9)) }
                == .pruned(sequence: 5, height: 5))
        try writer.close()
        let found = try LogContents(target)
        #expect(found.heights == Array(6...22))
        // Three events a block, two of them of `utxo`.
        #expect(found.versions["utxo"] == 46)
    }

    @Test("snapshots and consumers go with the part whose log proves them")
    func sidefiles() throws {
        let disk = SimulatedDisk(seed: 1)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...20)
        try writer.sync()
        try writer.store.consumer("search").ack(try writer.store.cursor(at: .sequence(12)))
        try writer.close()
        let offsets = try SalvageHarness(disk).offsets(disk.segments[0])
        disk[disk.segments[0]]?[offsets[5] + 8] ^= 1
        let plan = try SalvagePlan(disk)
        #expect(plan.parts[0].keys.filter { $0.hasSuffix(".consumer") }.isEmpty)
        #expect(plan.parts[1].keys.filter { $0.hasSuffix(".consumer") } == ["search.consumer"])
    }

    @Test("what is killed half-way leaves nothing that opens, and nothing is written to the original")
    func killed() throws {
        let harness = try SalvageHarness.recorded(.none)
        let plan = try SalvagePlan(harness.disk)
        let complete = SimulatedDisk(seed: 3)
        try StoreSalvage.write(plan.parts[0], of: harness.disk, into: complete)
        let changes = SimulatedDisk.Operation.allCases.filter(\.isChange).reduce(0) { $0 + complete.count($1) }
        for change in 1...changes {
            let target = SimulatedDisk(seed: UInt64(change))
            target.cutPower(atChange: change)
            #expect(
                failure { () throws(StoreError) in try StoreSalvage.write(plan.parts[0], of: harness.disk, into: target)
                } != nil)
            for left in [target.powerCut(seed: 1), target.powerCut(seed: 2)] {
                guard failure({ () throws(StoreError) in _ = try Store.open(left) }) == nil else { continue }
                // All renamed, the last directory sync apart: then it is the store.
                #expect(try LogContents(left).commits == harness.whole.commits)
            }
        }
    }
}

@Suite("Salvage on the file system")
struct SalvageFileTests {
    private func withStore(_ body: (String, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("salvage-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let disk = try SalvageHarness.vector("corrupt-middle")
        try FileManager.default.createDirectory(atPath: folder + "/store", withIntermediateDirectories: true)
        for name in disk.fileNames {
            try Data(disk[name] ?? []).write(to: URL(fileURLWithPath: folder + "/store/" + name))
        }
        try body(folder + "/store", folder)
    }

    /// Every byte, size and time of what is in a directory, and of the directory.
    private func state(_ path: String) throws -> [String] {
        try (FileManager.default.contentsOfDirectory(atPath: path).sorted() + ["."]).map { name in
            var info = stat()
            guard stat(path + "/" + name, &info) == 0 else { return "\(name) is gone" }
            let bytes = name == "." ? Data() : try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
            return
                "\(name) \(info.st_mtim.tv_sec).\(info.st_mtim.tv_nsec) \(info.st_ctim.tv_nsec) \(info.st_mode) \(bytes.base64EncodedString())"
        }
    }

    @Test("a store that does not open is saved; no byte and no time of it changes")
    func saves() throws {
        try withStore { store, folder in
            let before = try state(store)
            let report = try StoreSalvage.run(at: store, to: folder + "/new")
            #expect(try state(store) == before)
            #expect(report.emptied.map(\.sequence) == [2] && report.parts.map(\.path) == [folder + "/new"])
            #expect(try Store.open(at: folder + "/new").sequence == 3)
            #expect(try StoreVerification.run(at: folder + "/new").isSound)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["new", "store"])
        }
    }

    @Test("the independent reader agrees on what was saved, footers byte for byte", arguments: 0..<6)
    func independent(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let harness = try SalvageHarness.recorded([.none, .lz4, .zlib][Int(seed % 3)])
        let damaged = harness.disk.copy()
        for kind in 0..<2 {
            let file = damaged.segments[random.below(damaged.segments.count)]
            let offsets = try harness.offsets(file)
            let index = random.below(offsets.count - 1)
            damaged[file]?[kind == 0 ? offsets[index] + 9 : offsets[index + 1] - 10] ^= 4
        }
        let plan = try SalvagePlan(damaged)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("salvage-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (index, files) in plan.parts.enumerated() {
            let path = "\(folder)/\(index)"
            let storage = try FileStorage.create(path: path)
            try StoreSalvage.write(files, of: damaged, into: storage)
            var dump = StoreDump(storage)
            let mine = try JSONSerialization.data(withJSONObject: try dump.run(), options: [.sortedKeys])
            let theirs = try IndependentReaderTests.run(["--footers", path])
            var object = try #require(try JSONSerialization.jsonObject(with: theirs) as? [String: Any])
            #expect((object["outcome"] as? [String: Any])?["kind"] as? String == "clean", "\(index) of \(plan.report)")
            (object["footersRebuilt"], object["sidecarsRebuilt"]) = (nil, nil)
            let again = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
            #expect(String(decoding: mine, as: UTF8.self) == String(decoding: again, as: UTF8.self))
        }
    }

    @Test("it refuses a target that is there, one in the store, and what is no store")
    func refusals() throws {
        try withStore { store, folder in
            let before = try state(store)
            func error(_ from: String, _ to: String) -> StoreError? {
                failure { () throws(StoreError) in _ = try StoreSalvage.run(at: from, to: to) }
            }
            try FileManager.default.createDirectory(atPath: folder + "/there", withIntermediateDirectories: true)
            #expect(error(store, folder + "/there") == .alreadyExists(path: folder + "/there"))
            #expect(error(store, store) == .alreadyExists(path: store))
            if case .invalidArgument = error(store, store + "/new") {} else { Issue.record("inside the store") }
            #expect(error(folder + "/none", folder + "/new") == .notAStore(path: folder + "/none"))
            #expect(error(folder + "/there", folder + "/new") == .notAStore(path: folder + "/there"))
            try FileManager.default.createDirectory(atPath: folder + "/new.salvage", withIntermediateDirectories: true)
            if case .invalidArgument = error(store, folder + "/new") {} else { Issue.record("a leftover") }
            #expect(try state(store) == before)
        }
    }
}

@Suite("A damaged store, read")
struct DegradedStoreTests {
    private func damaged() throws -> SimulatedDisk {
        let disk = try SimulatedDisk.store(options()) { (writer) throws(StoreError) in try writer.append(0...20) }
        let offsets = try SalvageHarness(disk).offsets(disk.segments[0])
        disk[disk.segments[0]]?[offsets[5] + 8] ^= 1
        disk[disk.segments[0]]?[offsets[13] - 12] ^= 1
        for name in disk.fileNames where name.hasSuffix(".index") { disk[name] = nil }
        return disk
    }

    @Test("healthy blocks stay readable, holes are named, and no hole is an empty result")
    func holes() throws {
        let disk = try damaged()
        #expect(failure { () throws(StoreError) in _ = try LogContents(disk) } != nil)
        let store = try DegradedStore(disk)
        #expect(store.report.lost.map(\.sequences) == [6...6] && store.report.lost.map(\.heights) == [5...5])
        #expect(store.report.emptied.map(\.sequence) == [13])
        #expect(store.healthyHeights(in: 0...100).map(\.heights) == [0...4, 6...11, 13...20])
        #expect(store.healthySequences(in: 3...14).map(\.sequences) == [3...5, 7...12, 14...14])
        var heights: [Int64] = []
        for (part, range) in store.healthyHeights(in: 0...100) {
            var query = EventQuery()
            query.heights = range
            heights += try part.view().events(query).map { $0.height ?? -1 }
        }
        #expect(Set(heights) == Set([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20]))
        #expect(try store.part(atHeight: 7).view().block(height: 7)?.block.hash == blockHash(7))
        #expect(failure { () throws(StoreError) in _ = try store.part(atHeight: 5) } == .lost(store.report.lost[0]))
        #expect(failure { () throws(StoreError) in _ = try store.part(ofSequence: 6) } == .lost(store.report.lost[0]))
    }

    @Test("followers and consumers refuse")
    func following() throws {
        let store = try DegradedStore(try damaged()).parts[0]
        for error in [
            failure({ () throws(StoreError) in _ = try store.subscribe() }),
            failure({ () throws(StoreError) in _ = try store.follow() }),
            failure({ () throws(StoreError) in _ = try store.consumer("search") }),
        ] {
            guard case .invalidArgument(let why)? = error, why.contains("damaged") else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }
}
