import AshlarExport
import CAshlarZlib

/// Compresses payloads as EasyLayer does: in zlib's format and at its usual level.
///
/// It keeps its memory from one payload to the next.
final class EasyLayerDeflater {
    /// zlib keeps the address of its own structure, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var output: [UInt8] = []

    /// The length from which on EasyLayer compresses a payload, in bytes.
    static func threshold(_ dialect: SQLDialect) -> Int { dialect == .postgres ? 2_048 : 6_144 }

    init() throws(EasyLayerPayloadProblem) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        guard deflateInit_(stream, Z_DEFAULT_COMPRESSION, ZLIB_VERSION, size) == Z_OK else { throw .outOfMemory }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The compressed bytes of a payload of less than 4 GiB.
    func deflated(_ payload: RawSpan) throws(EasyLayerPayloadProblem) -> [UInt8] {
        guard let length = UInt32(exactly: payload.byteCount), deflateReset(stream) == Z_OK else {
            throw .tooLarge(limit: Int(UInt32.max))
        }
        let bound = Int(deflateBound(stream, UInt(length)))
        guard let room = UInt32(exactly: bound) else { throw .tooLarge(limit: Int(UInt32.max)) }
        if output.count < bound { output = [UInt8](repeating: 0, count: bound) }
        let stream = stream
        let isWhole = payload.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.assumingMemoryBound(to: UInt8.self).baseAddress)
                stream.pointee.avail_in = length
                stream.pointee.next_out = target.assumingMemoryBound(to: UInt8.self).baseAddress
                stream.pointee.avail_out = room
                return deflate(stream, Z_FINISH) == Z_STREAM_END
            }
        }
        guard isWhole else { throw .outOfMemory }
        return Array(output[..<(Int(room) - Int(stream.pointee.avail_out))])
    }
}
