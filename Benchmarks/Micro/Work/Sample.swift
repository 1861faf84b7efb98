import Ashlar
import AshlarFormat
import AshlarStorage

/// The blocks that all micro-benchmarks work on: 200 events of 200 bytes, of 8 models.
enum Sample {
    static let events = 200
    static let payloadBytes = 200
    static let models = 8
    static let blocks = 50

    /// Payloads one behind the other, of bytes that a seed gives.
    static let payloads: [UInt8] = {
        var state: UInt64 = 1
        return (0..<events * payloadBytes).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
    }()

    static func block(_ height: Int64) throws -> Block {
        Block(
            height: height, hash: try hash(height), parent: try hash(height - 1), timestamp: Timestamp(seconds: height))
    }

    static func hash(_ height: Int64) throws -> BlockHash {
        let bytes = (0..<32).map { UInt8(truncatingIfNeeded: (height &+ 1) &* 0x9E37_79B9 >> ($0 & 7)) ^ UInt8($0) }
        guard let hash = BlockHash(bytes + (0..<8).map { UInt8(truncatingIfNeeded: height >> ($0 * 8)) }) else {
            throw Wrong(what: "no hash")
        }
        return hash
    }

    static var options: WriterOptions {
        var options = WriterOptions()
        options.creation = CreationOptions()
        options.durability = .manual
        options.maxUnsyncedBytes = .max
        return options
    }

    /// A store in memory with `blocks` blocks, closed.
    static func store() throws -> MemoryStorage {
        let storage = MemoryStorage()
        var writer = try Writer.open(storage, options: options)
        let source = try BlockSource(writer)
        for height in 0..<Int64(blocks) { try source.append(height, to: &writer) }
        try writer.close()
        return storage
    }
}

/// Appends the sample's blocks.
struct BlockSource {
    private let models: [ModelHandle]
    private let type: TypeHandle

    init(_ writer: borrowing Writer) throws {
        models = try (0..<Sample.models).map { try writer.model("model.\($0)") }
        type = try writer.type("type")
    }

    func append(_ height: Int64, to writer: inout Writer) throws {
        let bytes = Sample.payloads.span.bytes
        _ = try writer.append(Sample.block(height)) { (batch) throws(StoreError) in
            for index in 0..<Sample.events {
                let start = index * Sample.payloadBytes
                try batch.add(
                    models[index % Sample.models], type,
                    payload: bytes.extracting(start..<start + Sample.payloadBytes))
            }
        }
    }
}
