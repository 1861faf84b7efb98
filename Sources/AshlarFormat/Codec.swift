import CAshlarLZ4
import CAshlarZlib

/// How the contents of a section are stored; raw values as in the storage table of `format-spec/commit.md`.
package enum Codec: UInt32, Sendable {
    case none = 0
    case lz4 = 1
    case zlib = 2

    /// The most bytes that compressing `count` bytes can take.
    package func bound(_ count: Int) -> Int {
        switch self {
        case .none: count
        case .lz4: Int(LZ4_compressBound(Int32(count)))
        case .zlib: Int(compressBound(uLong(count)))
        }
    }

    /// Compresses `source` into `target` and returns the length, or nil if it does not fit.
    package func compress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let from = source.baseAddress, let to = target.baseAddress else { return nil }
        switch self {
        case .none: return nil
        case .lz4:
            let length = LZ4_compress_default(
                from.assumingMemoryBound(to: CChar.self), to.assumingMemoryBound(to: CChar.self), Int32(source.count),
                Int32(clamping: target.count))
            return length > 0 ? Int(length) : nil
        case .zlib:
            var length = uLongf(target.count)
            let status = compress2(
                to.assumingMemoryBound(to: UInt8.self), &length, from.assumingMemoryBound(to: UInt8.self),
                uLong(source.count), 6)
            return status == Z_OK ? Int(length) : nil
        }
    }

    /// Expands `source` to exactly fill `target` ([COM-13]).
    package func expand(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        guard let from = source.baseAddress, let to = target.baseAddress else {
            throw .damaged("section: nothing to expand")
        }
        let isExact: Bool
        switch self {
        case .none:
            isExact = source.count == target.count
            if isExact { target.copyMemory(from: source) }
        case .lz4:
            let length = LZ4_decompress_safe(
                from.assumingMemoryBound(to: CChar.self), to.assumingMemoryBound(to: CChar.self), Int32(source.count),
                Int32(target.count))
            isExact = length == Int32(target.count)
        case .zlib:
            var length = uLongf(target.count)
            let status = uncompress(
                to.assumingMemoryBound(to: UInt8.self), &length, from.assumingMemoryBound(to: UInt8.self),
                uLong(source.count))
            isExact = status == Z_OK && Int(length) == target.count
        }
        try require(isExact, "section: its contents do not expand to the length the directory gives")
    }
}
