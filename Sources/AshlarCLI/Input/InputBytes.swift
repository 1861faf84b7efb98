/// The bytes of an input as they were before compression, if there is any.
struct InputBytes: ~Copyable {
    private static let stagingSize = 256 << 10

    private var file: InputFile
    /// Bytes of the file that are not given out yet: its first ones, by which gzip is known, and compressed ones.
    private var staging = [UInt8](repeating: 0, count: stagingSize)
    private var staged = 0..<0
    private var inflater: GzipInflater?
    private var isExamined = false
    private var isAtEnd = false

    /// What messages call the input.
    var path: String { file.path }
    /// The size of a regular file, compressed or not.
    var fileSize: Int64? { file.size }
    /// How many bytes of the file were read.
    var fileOffset: Int64 { file.offset }
    /// True if it is a file of its own.
    var isSeekable: Bool { file.isSeekable }

    init(path: String, shouldStop: @escaping @Sendable () -> Bool) throws(InputError) {
        file = try InputFile(path: path, shouldStop: shouldStop)
    }

    /// Reads some bytes into a part of `output`.
    mutating func read(into output: inout [UInt8], at range: Range<Int>) throws(InputError) -> ReadResult {
        guard try examine() else { return .stopped }
        if inflater != nil { return try inflate(into: &output, at: range) }
        guard staged.isEmpty else {
            let count = min(staged.count, range.count)
            let part = staged.lowerBound..<staged.lowerBound + count
            output.replaceSubrange(range.lowerBound..<range.lowerBound + count, with: staging[part])
            staged.removeFirst(count)
            return .bytes(count)
        }
        return isAtEnd ? .end : try file.read(into: &output, at: range)
    }

    /// Goes to a place in the bytes without reading those before, where that can be done; false where it cannot.
    mutating func seek(to offset: Int64) throws(InputError) -> Bool {
        guard file.isSeekable, try examine(), inflater == nil else { return false }
        try file.seek(to: offset)
        staged = 0..<0
        isAtEnd = false
        return true
    }

    /// Looks at the first two bytes, once; false if asked to stop before they are there.
    private mutating func examine() throws(InputError) -> Bool {
        guard !isExamined else { return true }
        while staged.count < 2, !isAtEnd {
            if try fill() == .stopped { return false }
        }
        isExamined = true
        if staged.count >= 2, staging[0] == 0x1F, staging[1] == 0x8B {
            do throws(GzipFailure) {
                inflater = try GzipInflater()
            } catch {
                throw .gzip(path: path, offset: 0, error.problem)
            }
        }
        return true
    }

    /// Reads bytes of the file behind those staged.
    private mutating func fill() throws(InputError) -> ReadResult {
        let filled = staged.upperBound
        let result = try file.read(into: &staging, at: filled..<staging.count)
        switch result {
        case .bytes(let count): staged = staged.lowerBound..<filled + count
        case .end: isAtEnd = true
        case .stopped: break
        }
        return result
    }

    private mutating func inflate(into output: inout [UInt8], at range: Range<Int>) throws(InputError) -> ReadResult {
        while true {
            if staged.isEmpty, !isAtEnd, try fill() == .stopped { return .stopped }
            let place = file.offset - Int64(staged.count)
            guard !staged.isEmpty else {
                guard inflater?.isComplete ?? true else { throw .gzip(path: path, offset: place, .truncated) }
                return .end
            }
            do throws(GzipFailure) {
                let step = try inflater?.step(from: staging, at: staged, into: &output, at: range)
                staged.removeFirst(step?.consumed ?? 0)
                if let produced = step?.produced, produced > 0 { return .bytes(produced) }
            } catch {
                throw .gzip(path: path, offset: place, error.problem)
            }
        }
    }
}

extension Range<Int> {
    /// Moves the start on; an empty range starts anew at zero, so that what follows has all the room.
    fileprivate mutating func removeFirst(_ count: Int) {
        self = lowerBound + count == upperBound ? 0..<0 : lowerBound + count..<upperBound
    }
}
