import Ashlar
import AshlarFormat

/// LZ4 alone, on one thread and without files, over the bytes that a snapshot holds: what a snapshot is measured against.
struct RawCompression {
    private static let chunkBytes = 1 << 20

    private let bytes: [UInt8]
    private let rounds: Int

    init(_ state: StateMap<Outpoint, Output44>, rounds: Int) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(state.count * 80)
        for (key, output) in state {
            for word in [key.words.0, key.words.1, key.words.2, key.words.3] { bytes.appendInteger(word) }
            bytes.appendInteger(key.index)
            bytes.appendInteger(output.value)
            bytes.appendInteger(output.height)
            for word in [output.script.0, output.script.1, output.script.2, output.script.3] {
                bytes.appendInteger(word)
            }
        }
        self.bytes = bytes
        self.rounds = rounds
    }

    func measure() throws -> [Measurement] {
        var (compress, expand): ([Double], [Double]) = ([], [])
        let bound = Codec.lz4.bound(Self.chunkBytes)
        var target = [UInt8](repeating: 0, count: bound)
        var back = [UInt8](repeating: 0, count: Self.chunkBytes)
        for _ in 0..<rounds {
            var packed: [[UInt8]] = []
            compress.append(
                Measurement.seconds {
                    for start in stride(from: 0, to: bytes.count, by: Self.chunkBytes) {
                        let chunk = bytes[start..<min(start + Self.chunkBytes, bytes.count)]
                        let count = chunk.withUnsafeBytes { from in
                            target.withUnsafeMutableBytes { Codec.lz4.compress(from, into: $0) ?? 0 }
                        }
                        packed.append(Array(target.prefix(count)))
                    }
                })
            expand.append(
                try Measurement.seconds {
                    for (index, chunk) in packed.enumerated() {
                        let size = min(Self.chunkBytes, bytes.count - index * Self.chunkBytes)
                        try chunk.withUnsafeBytes { from in
                            try back.withUnsafeMutableBytes {
                                try Codec.lz4.expand(from, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<size]))
                            }
                        }
                    }
                })
        }
        return [
            Measurement(name: "LZ4 compress", seconds: compress, events: bytes.count / 80, bytes: bytes.count),
            Measurement(name: "LZ4 expand", seconds: expand, events: bytes.count / 80, bytes: bytes.count),
        ]
    }
}
