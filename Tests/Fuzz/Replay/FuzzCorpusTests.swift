import AshlarFuzz
import Foundation
import Testing

@Suite("What fuzzers found")
struct FuzzCorpusTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Corpus")

    @Test("every input of the corpus is decoded or refused", arguments: FuzzTarget.all.map(\.name))
    func corpus(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let folder = Self.folder.appendingPathComponent(name)
        let inputs = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(!inputs.isEmpty)
        for input in inputs { target([UInt8](try Data(contentsOf: folder.appendingPathComponent(input)))) }
    }

    @Test("every decoder takes nothing at all, and a few bytes", arguments: FuzzTarget.all.map(\.name))
    func short(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        for count in [0, 1, 3, 4, 7, 8, 103, 104, 511, 512, 513] {
            target([UInt8](repeating: 0, count: count))
            target([UInt8](repeating: 0xff, count: count))
        }
    }
}
