import AshlarFormat
import AshlarStorage
import Foundation
import Testing

@testable import Ashlar

@Suite("Golden stores")
struct VectorTests {
    private static func store(_ name: String) -> URL { Vectors.folder.appendingPathComponent(name + "/store") }
    private static func expected(_ name: String) -> URL {
        Vectors.folder.appendingPathComponent(name + "/expected.json")
    }

    /// Only on request, and never over what is there: `ASHLAR_WRITE_VECTORS=1 swift test --filter VectorTests`.
    @Test(
        "missing vectors are made on request",
        .enabled(if: ProcessInfo.processInfo.environment["ASHLAR_WRITE_VECTORS"] != nil))
    func write() throws {
        for name in Vectors.names where !FileManager.default.fileExists(atPath: Self.expected(name).path) {
            try FileManager.default.createDirectory(
                at: Self.store(name).deletingLastPathComponent(), withIntermediateDirectories: true)
            try Vectors.make(name, at: Self.store(name).path)
            try? FileManager.default.removeItem(at: Self.store(name).appendingPathComponent("lock"))
            var dump = StoreDump(try FileStorage(path: Self.store(name).path))
            let json = try JSONSerialization.data(
                withJSONObject: try dump.run(), options: [.prettyPrinted, .sortedKeys])
            try json.write(to: Self.expected(name))
        }
    }

    @Test("every golden store reads as expected", arguments: Vectors.names)
    func read(name: String) throws {
        var dump = StoreDump(try FileStorage(path: Self.store(name).path))
        let found = try JSONSerialization.data(withJSONObject: try dump.run(), options: [.prettyPrinted, .sortedKeys])
        let expected = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.expected(name)))
        let again = try JSONSerialization.data(withJSONObject: expected, options: [.prettyPrinted, .sortedKeys])
        #expect(String(decoding: found, as: UTF8.self) == String(decoding: again, as: UTF8.self))
    }

    @Test("opening a golden store read-only leaves every byte as it is", arguments: Vectors.names)
    func unchanged(name: String) throws {
        func bytes() throws -> [String: Data] {
            let files = try FileManager.default.contentsOfDirectory(atPath: Self.store(name).path)
            return try Dictionary(
                uniqueKeysWithValues: files.map {
                    ($0, try Data(contentsOf: Self.store(name).appendingPathComponent($0)))
                })
        }
        let before = try bytes()
        _ = try? Store.open(at: Self.store(name).path, horizon: .committed)
        _ = try StoreVerification.run(at: Self.store(name).path)
        #expect(try bytes() == before)
    }
}
