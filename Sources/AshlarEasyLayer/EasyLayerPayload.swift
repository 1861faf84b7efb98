import CAshlarZlib

/// Payloads as they were before they were compressed for their table.
package struct EasyLayerPayload: Sendable, Hashable {
    /// The most bytes a payload may have, as it is or inflated.
    package let limit: Int

    /// The usual limit: 64 MiB, which is also the most a store takes unless told otherwise.
    package static let usualLimit = 64 << 20

    /// Payloads of up to `limit` bytes, 1 GiB at most.
    package init(limit: Int = usualLimit) { self.limit = min(max(limit, 0), 1 << 30) }

    /// The plain payload: the bytes as they are, or what they inflate to.
    ///
    /// Whatever the bytes are, no more memory is used than for twice the payload put out so far, and never much more than the limit.
    /// Complexity: O(bytes put out).
    package func plain(_ bytes: [UInt8], isCompressed: Bool) throws(EasyLayerPayloadProblem) -> [UInt8] {
        // What cannot be compressed gets a little larger by it.
        guard bytes.count <= (isCompressed ? limit + limit / 8 + 64 : limit) else { throw .tooLarge(limit: limit) }
        return isCompressed ? try inflated(bytes) : bytes
    }

    private func inflated(_ bytes: [UInt8]) throws(EasyLayerPayloadProblem) -> [UInt8] {
        guard !bytes.isEmpty else { throw .cutOff }
        let inflater = try Inflater()
        var output: [UInt8] = []
        // One byte more than the limit tells a payload that is too large from one that just fits.
        let most = limit + 1
        var room = min(most, max(1024, bytes.count * 4))
        var consumed = 0
        while true {
            let start = output.count
            output.append(contentsOf: repeatElement(0, count: room))
            let step = inflater.step(from: bytes, at: consumed, into: &output, at: start)
            consumed += step.consumed
            output.removeLast(room - step.produced)
            guard output.count <= limit else { throw .tooLarge(limit: limit) }
            if try Self.isOver(step, isExhausted: consumed == bytes.count, isFull: step.produced == room) {
                guard consumed == bytes.count else { throw .trailingBytes(bytes.count - consumed) }
                return output
            }
            room = min(most - output.count, max(1024, output.count))
        }
    }

    /// Whether the stream is at its end; throws if it cannot go on.
    private static func isOver(
        _ step: Inflater.Step, isExhausted: Bool, isFull: Bool
    ) throws(EasyLayerPayloadProblem) -> Bool {
        switch step.code {
        case Z_STREAM_END: return true
        case Z_OK where isFull, Z_BUF_ERROR where isFull: return false
        case Z_OK, Z_BUF_ERROR: throw isExhausted ? .cutOff : .damaged
        case Z_NEED_DICT: throw .needsDictionary
        case Z_MEM_ERROR: throw .outOfMemory
        default: throw .damaged
        }
    }
}

/// One zlib stream on its way to plain bytes.
private struct Inflater: ~Copyable {
    /// What one step did.
    struct Step {
        var code: Int32
        var consumed: Int
        var produced: Int
    }

    /// zlib keeps the address of its own structure, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(EasyLayerPayloadProblem) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard inflateInit_(stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            stream.deallocate()
            throw .outOfMemory
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Inflates from `input` at an offset into the rest of `output` behind `start`.
    func step(from input: [UInt8], at offset: Int, into output: inout [UInt8], at start: Int) -> Step {
        input.withUnsafeBytes { inputBytes in
            output.withUnsafeMutableBytes { outputBytes in
                let source = UnsafeRawBufferPointer(rebasing: inputBytes[offset...])
                let target = UnsafeMutableRawBufferPointer(rebasing: outputBytes[start...])
                let available = UInt32(clamping: source.count)
                let room = UInt32(clamping: target.count)
                stream.pointee.next_in = UnsafeMutablePointer(
                    mutating: source.assumingMemoryBound(to: UInt8.self).baseAddress)
                stream.pointee.avail_in = available
                stream.pointee.next_out = target.assumingMemoryBound(to: UInt8.self).baseAddress
                stream.pointee.avail_out = room
                let code = inflate(stream, Z_NO_FLUSH)
                return Step(
                    code: code, consumed: Int(available - stream.pointee.avail_in),
                    produced: Int(room - stream.pointee.avail_out))
            }
        }
    }
}
