import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Foundation

@testable import Ashlar

/// Makes the golden stores of `format-spec/vectors/`, once: a changed vector is a changed format.
enum Vectors {
    static let names = [
        "every-kind", "fork", "two-segments", "torn-tail", "corrupt-middle", "bad-footer", "stale-bytes", "zero-tail",
        "pruned",
    ]

    static var folder: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("format-spec/vectors")
    }

    static func make(_ name: String, at path: String) throws {
        switch name {
        case "every-kind": try everyKind(path)
        case "fork": try fork(path)
        case "two-segments": try twoSegments(path)
        case "torn-tail":
            try plain(path)
            try change(path, "0000000001-0000.segment") { $0.removeLast(100) }
            try remove(path, ["durable", "0000000001-0000.index"])
        case "corrupt-middle":
            try plain(path)
            try change(path, "0000000001-0000.segment") { $0[1_500] ^= 0x01 }
            try remove(path, ["0000000001-0000.index"])
        case "bad-footer":
            try twoSegments(path)
            try change(path, "0000000001-0000.segment") { $0[$0.count - 300] ^= 0x80 }
        case "stale-bytes": try staleBytes(path)
        case "pruned": try pruned(path)
        default:
            try plain(path)
            try change(path, "0000000001-0000.segment") { $0 += [UInt8](repeating: 0, count: 3_000) }
        }
    }

    private static func options(_ change: (inout WriterOptions) -> Void = { _ in }) -> WriterOptions {
        Samples.options {
            $0.finalityDepth = 4
            change(&$0)
        }
    }

    private static func plain(_ path: String) throws {
        var writer = try Writer.create(at: path, options: options())
        for height in 0..<3 as Range<Int64> { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.close()
    }

    private static func everyKind(_ path: String) throws {
        var writer = try Writer.create(at: path, options: options())
        try writer.declare(models: ["headers", "unused"], types: ["type.0"])
        var genesis = Samples.block(0)
        genesis.requestID = Array("request-1".utf8)
        genesis.mark = Array("offset=17".utf8)
        try writer.append(
            genesis,
            events: [
                Event(model: "headers", type: "type.0", payload: Array("{}".utf8)),
                Event(model: "utxo", type: "output.created", payload: [0, 255, 0], timestamp: Timestamp(seconds: 1)),
                Event(model: "headers", type: "type.0", payload: [], requestID: Array("own".utf8)),
                Event(
                    model: "utxo", type: "output.spent", payload: Array("x".utf8),
                    timestamp: Timestamp(microseconds: -5),
                    requestID: [1]),
            ])
        try writer.append(Samples.block(1), events: [])
        try writer.sync()
        try writer.appendFloating(
            [Event(model: "mempool", type: "seen", payload: Array("tx".utf8))], key: [7, 7],
            timestamp: Timestamp(seconds: 1_700_000_000))
        try writer.appendFloating([], timestamp: Timestamp(seconds: 1_700_000_001), requestID: [9], mark: [1, 2, 3])
        try writer.append(Samples.block(2), events: Samples.events(2))
        try writer.rollback(toHeight: 1, mark: Array("rolled".utf8))
        try writer.close()
        for compression in [Compression.lz4, .zlib] {
            var writer = try Writer.open(at: path, options: options { $0.compression = compression })
            let height = (try writer.store.view().tipHeight ?? 0) + 1
            let text = String(repeating: "{\"address\":\"0x00000000000000000000000000000000\"}", count: 4)
            try writer.append(
                Samples.block(height),
                events: (0..<6).map {
                    Event(
                        model: $0 == 3 ? "headers" : "utxo", type: "type.0", payload: Array(($0 == 3 ? "." : text).utf8)
                    )
                })
            try writer.close()
        }
    }

    private static func fork(_ path: String) throws {
        var writer = try Writer.create(at: path, options: options())
        for height in 0..<4 as Range<Int64> { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.append(Samples.block(2, "b", on: "a"), events: Samples.events(2, "b"))
        try writer.adopt(branch: [.known(sequence: 3), .known(sequence: 4)])
        try writer.adopt(branch: [
            .new(Samples.block(3, "c", on: "a"), Samples.events(3, "c")),
            .new(Samples.block(4, "c"), Samples.events(4, "c")),
        ])
        try writer.close()
    }

    private static func twoSegments(_ path: String) throws {
        var writer = try Writer.create(at: path, options: options { $0.segmentBytes = 4_096 })
        for height in 0..<6 as Range<Int64> { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.append(Samples.block(4, "b", on: "a"), events: Samples.events(4, "b"))
        try writer.close()
        try remove(path, ["0000000002-0000.index"])
    }

    /// Old segments were removed, and one of them is back, as after a crash; a fork and a model of before go on.
    private static func pruned(_ path: String) throws {
        var writer = try Writer.create(at: path, options: options { $0.segmentBytes = 4_096 })
        var first = Samples.block(0)
        first.mark = Array("offset=0".utf8)
        try writer.append(first, events: [Event(model: "rare", type: "once", payload: [1])])
        for height in 1..<24 as Range<Int64> {
            try writer.append(Samples.block(height), events: Samples.events(height))
        }
        let second = try Data(contentsOf: URL(fileURLWithPath: path + "/0000000002-0000.segment"))
        var asked = PruneOptions(belowHeight: 16)
        asked.modelsWithoutState = Set(writer.store.names.models)
        guard case .pruned = try writer.prune(asked) else { throw StoreError.invalidArgument("nothing was pruned") }
        try writer.append(Samples.block(23, "b", on: "a"), events: [Event(model: "rare", type: "once", payload: [2])])
        try writer.close()
        try second.write(to: URL(fileURLWithPath: path + "/0000000002-0000.segment"))
    }

    /// A run whose tail was lost in the middle and then appended anew, with the old commits still standing behind it.
    private static func staleBytes(_ path: String) throws {
        var writer = try Writer.create(at: path, options: options())
        for height in 0..<2 as Range<Int64> { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.sync()
        let kept = try size(path)
        for height in 2..<6 as Range<Int64> { try writer.append(Samples.block(height), events: Samples.events(height)) }
        try writer.flush()
        let old = try bytes(path)
        try writer.close()
        // What a crash left: only the first two commits were durable; then another run appended one block of the same length.
        try remove(path, ["0000000001-0000.index", "durable"])
        try change(path, "0000000001-0000.segment") { $0 = Array(old[..<kept]) }
        var second = try Writer.open(at: path, options: options())
        try second.append(Samples.block(2, "z", on: "a"), events: Samples.events(2, "z"))
        try second.close()
        try change(path, "0000000001-0000.segment") { bytes in bytes += old[bytes.count...] }
        try remove(path, ["0000000001-0000.index"])
    }

    private static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "/0000000001-0000.segment")))
    }

    private static func size(_ path: String) throws -> Int { try bytes(path).count }

    private static func change(_ path: String, _ file: String, _ body: (inout [UInt8]) -> Void) throws {
        let url = URL(fileURLWithPath: path + "/" + file)
        var bytes = [UInt8](try Data(contentsOf: url))
        body(&bytes)
        try Data(bytes).write(to: url)
    }

    private static func remove(_ path: String, _ files: [String]) throws {
        for file in files where FileManager.default.fileExists(atPath: path + "/" + file) {
            try FileManager.default.removeItem(atPath: path + "/" + file)
        }
    }
}
