import CAshlarZlib

/// A gzip stream on its way to plain bytes; the stream may have several members.
struct GzipInflater: ~Copyable {
    private enum Place { case inMember, betweenMembers, inPadding }

    /// What one step did.
    struct Step: Hashable {
        /// How many bytes of the input were used up.
        var consumed: Int
        /// How many bytes were put out.
        var produced: Int
    }

    /// zlib keeps the address of its own structure, so it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var place = Place.inMember

    /// Makes an inflater for a stream that starts with a member.
    init() throws(GzipFailure) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits is the largest window, and 16 more ask for the gzip wrapping and its checksum.
        let code = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard code == Z_OK else {
            stream.deallocate()
            throw GzipFailure(problem: .outOfMemory)
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// True where the input may end.
    var isComplete: Bool { place != .inMember }

    /// Uses up some of a part of `input`, and puts out some bytes into a part of `output`; neither part is empty.
    mutating func step(
        from input: [UInt8], at available: Range<Int>, into output: inout [UInt8], at room: Range<Int>
    ) throws(GzipFailure) -> Step {
        switch place {
        case .inMember: return try inflateMember(from: input, at: available, into: &output, at: room)
        case .betweenMembers: return try startMember(input[available.lowerBound])
        case .inPadding:
            guard input[available].allSatisfy({ $0 == 0 }) else { throw GzipFailure(problem: .trailingBytes) }
            return Step(consumed: available.count, produced: 0)
        }
    }

    private mutating func inflateMember(
        from input: [UInt8], at available: Range<Int>, into output: inout [UInt8], at room: Range<Int>
    ) throws(GzipFailure) -> Step {
        let (code, step) = input.withUnsafeBytes { inputBytes in
            output.withUnsafeMutableBytes { outputBytes in
                inflateOnce(
                    from: UnsafeRawBufferPointer(rebasing: inputBytes[available]),
                    into: UnsafeMutableRawBufferPointer(rebasing: outputBytes[room]))
            }
        }
        switch code {
        case Z_OK, Z_BUF_ERROR: break
        case Z_STREAM_END: place = .betweenMembers
        case Z_MEM_ERROR: throw GzipFailure(problem: .outOfMemory)
        default: throw GzipFailure(problem: .damaged)
        }
        return step
    }

    private func inflateOnce(
        from input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> (code: Int32, step: Step) {
        let available = UInt32(clamping: input.count)
        let room = UInt32(clamping: output.count)
        stream.pointee.next_in = UnsafeMutablePointer(mutating: input.assumingMemoryBound(to: UInt8.self).baseAddress)
        stream.pointee.avail_in = available
        stream.pointee.next_out = output.assumingMemoryBound(to: UInt8.self).baseAddress
        stream.pointee.avail_out = room
        let code = inflate(stream, Z_NO_FLUSH)
        let step = Step(
            consumed: Int(available - stream.pointee.avail_in), produced: Int(room - stream.pointee.avail_out))
        return (code, step)
    }

    /// Looks at what follows a complete member: another one, or the zeros that tapes and block devices are padded with.
    private mutating func startMember(_ first: UInt8) throws(GzipFailure) -> Step {
        switch first {
        case 0x1F:
            guard inflateReset(stream) == Z_OK else { throw GzipFailure(problem: .damaged) }
            place = .inMember
        case 0: place = .inPadding
        default: throw GzipFailure(problem: .trailingBytes)
        }
        return Step(consumed: 0, produced: 0)
    }
}

/// A problem of a gzip stream whose file is not known here.
struct GzipFailure: Error {
    let problem: GzipProblem
}
