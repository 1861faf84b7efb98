import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar

/// The reader in `Tests/IndependentReader` was written from `format-spec/` alone: where both agree, the spec says what the engine does.
@Suite("The independent reader")
struct IndependentReaderTests {
    private static let script = Vectors.folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Tests/IndependentReader/ashlar_reader.py").path

    @Test("agrees on stores of random work, footers byte for byte", arguments: 0..<8)
    func agrees(seed: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ashlar-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        try makeStore(at: folder.path, seed: seed)
        var dump = StoreDump(try FileStorage(path: folder.path))
        let mine = try JSONSerialization.data(withJSONObject: try dump.run(), options: [.sortedKeys])
        let theirs = try Self.run(["--footers", folder.path])
        var object = try #require(try JSONSerialization.jsonObject(with: theirs) as? [String: Any])
        #expect(object["footersRebuilt"] as? Bool == true)
        object["footersRebuilt"] = nil
        object["sidecarsRebuilt"] = nil
        let again = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        #expect(String(decoding: mine, as: UTF8.self) == String(decoding: again, as: UTF8.self))
    }

    /// Blocks, forks, branches, floating batches and rollbacks, in small segments.
    private func makeStore(at path: String, seed: Int) throws {
        var random = SystemRandomNumberGenerator()
        var writer = try Writer.create(
            at: path,
            options: Samples.options {
                $0.segmentBytes = 4_096 << (seed % 3)
                $0.compression = [.none, .lz4, .zlib][seed % 3]
                $0.finalityDepth = 6
            })
        var height: Int64 = -1
        for step in 0..<60 {
            switch step % 10 {
            case 4:
                try writer.appendFloating(
                    Samples.events(Int64(step), count: 2), key: step % 20 == 4 ? [UInt8(step)] : nil)
            case 7 where height > 4:
                let parent = height - Int64.random(in: 1...3, using: &random)
                var block = Samples.block(parent + 1, "f")
                block.parent = try #require(try writer.store.view().block(height: parent)).block.hash
                block.hash = BlockHash(Array("fork \(step)".utf8)) ?? block.hash
                try writer.append(block, events: Samples.events(parent + 1, "f", count: 3))
                height = parent + 1
            case 9 where height > 4:
                let parent = try #require(try writer.store.view().block(height: height - 2)).block.hash
                var blocks: [BranchBlock] = []
                var last = parent
                for offset in -1...1 as ClosedRange<Int64> {
                    var block = Samples.block(height + offset, "Z")
                    block.hash = BlockHash(Array("\(step).\(offset)".utf8)) ?? block.hash
                    block.parent = last
                    last = block.hash
                    blocks.append(.new(block, Samples.events(height + offset, "Z", count: 2)))
                }
                try writer.adopt(branch: blocks)
                try writer.rollback(toHeight: height - 2, mark: [UInt8(step)])
                height -= 2
            default:
                height += 1
                var block = Samples.block(height)
                if let tip = try writer.store.view().tip() { block.parent = tip.block.hash }
                block.hash = BlockHash(Array("\(step)-\(seed)".utf8)) ?? block.hash
                try writer.append(block, events: Samples.events(height, count: step % 6))
            }
        }
        try writer.close()
    }

    /// What the reader prints.
    static func run(_ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", script] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return data
    }
}
