import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

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

    @Test("a store that a writer has open is refused; no byte and no time of it changes; a lock left behind is none")
    func liveWriter() throws {
        try withStore { store, folder in
            let sound = folder + "/sound"
            var wanted = options()
            var writer = try Writer.open(at: sound, options: wanted)
            try writer.append(0...3)
            try writer.sync()
            let before = try state(sound)
            #expect(
                failure { () throws(StoreError) in _ = try StoreSalvage.run(at: sound, to: folder + "/new") }
                    == .inUse(path: sound, processID: getpid()))
            #expect(try state(sound) == before)
            #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
            try writer.close()
            let left = try state(sound)
            var refused: StoreError?
            wanted.creation = nil
            _ = try StoreSalvage.run(at: sound, to: folder + "/new") { _ in
                // Nor does a writer begin while it runs.
                refused = failure { () throws(StoreError) in _ = try Writer.open(at: sound, options: wanted) }
            }
            if case .inUse(sound, _)? = refused {} else { Issue.record("\(String(describing: refused))") }
            #expect(try state(sound) == left)
            try Writer.open(at: sound, options: wanted).close()
            // What is no lock file keeps nobody from saving.
            try FileManager.default.createDirectory(atPath: store + "/lock", withIntermediateDirectories: true)
            #expect(try StoreSalvage.run(at: store, to: folder + "/newer").parts.count == 1)
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
