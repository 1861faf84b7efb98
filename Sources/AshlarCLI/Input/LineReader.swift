import Glibc

/// A line of input, borrowed from its reader until that goes to the next.
package struct InputTextLine: ~Escapable {
    /// The line without its line end.
    package let bytes: RawSpan
    /// Its number, counted from 1, and from the place that reading resumed at.
    package let number: Int
    /// Where it starts in the (decompressed) input.
    package let startOffset: Int64
    /// Where the next line starts: the place to resume at when this line is done.
    package let endOffset: Int64
    /// False for a last line without a line end, which may have been cut off.
    package let isTerminated: Bool

    @_lifetime(copy bytes)
    init(bytes: RawSpan, number: Int, startOffset: Int64, endOffset: Int64, isTerminated: Bool) {
        self.bytes = bytes
        self.number = number
        self.startOffset = startOffset
        self.endOffset = endOffset
        self.isTerminated = isTerminated
    }
}

/// Reads lines from a file, a gzip file or standard input into one reused buffer.
///
/// An error is never an end: `advance()` is false at the end of the input, or because the caller asked to stop, which
/// `wasStopped` tells apart.
package struct LineReader: ~Copyable {
    private var input: InputBytes
    /// Bytes `start..<filled` are read and not given out; those before `searched` hold no line end.
    private var buffer: [UInt8]
    private var start = 0
    private var searched = 0
    private var filled = 0
    private var isAtEnd = false
    private let maximumLine: Int
    private var content = 0..<0
    private var lineOffset: Int64 = 0
    private var isTerminated = false

    /// Where the next line starts in the (decompressed) input.
    package private(set) var offset: Int64 = 0
    /// The number of the line that was given last, or passed over.
    package private(set) var lineNumber = 0
    /// True if the last `advance()` was false because the caller asked to stop.
    package private(set) var wasStopped = false

    /// What messages call the input.
    package var path: String { input.path }
    /// The size of the file read from, as it is on the medium; nil for a pipe.
    package var fileSize: Int64? { input.fileSize }
    /// How many bytes of that were read; of a gzip file the compressed ones.
    package var fileOffset: Int64 { input.fileOffset }
    /// True if the path can be opened again and gives the same bytes.
    package var isReopenable: Bool { input.isSeekable }

    /// Opens a path, or standard input if it is `-`; gzip is known by its first bytes.
    ///
    /// `shouldStop` is asked before each read, and a few times a second while a pipe gives nothing.
    package init(
        path: String, bufferSize: Int = 1 << 20, maximumLine: Int = 1 << 30,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws(InputError) {
        precondition(bufferSize > 0 && maximumLine > 0 && maximumLine <= Int(UInt32.max))
        input = try InputBytes(path: path, shouldStop: shouldStop)
        buffer = [UInt8](repeating: 0, count: bufferSize)
        self.maximumLine = maximumLine
    }

    /// Goes to the next line that is not blank; false at the end or if asked to stop.
    ///
    /// - Complexity: O(*n*) in the length of the line; the buffer grows to fit the longest.
    package mutating func advance() throws(InputError) -> Bool {
        wasStopped = false
        while let lineEnd = try findLineEnd() {
            isTerminated = lineEnd < filled
            content = start..<lineEnd
            if isTerminated, !content.isEmpty, buffer[lineEnd - 1] == UInt8(ascii: "\r") {
                content = start..<lineEnd - 1
            }
            start = isTerminated ? lineEnd + 1 : lineEnd
            searched = start
            lineNumber += 1
            lineOffset = offset
            offset += Int64(start - content.lowerBound)
            guard content.count <= maximumLine else { throw lineTooLong }
            if !isBlank(content) { return true }
        }
        content = 0..<0
        return false
    }

    /// The line that `advance` went to.
    package var line: InputTextLine {
        @_lifetime(borrow self)
        get {
            InputTextLine(
                bytes: buffer.span.bytes.extracting(content), number: lineNumber, startOffset: lineOffset,
                endOffset: offset, isTerminated: isTerminated)
        }
    }

    /// Passes over everything before an offset, to resume where an earlier reading was done.
    ///
    /// Goes there at once in a plain file, and reads up to there in others. Nothing may have been read before.
    /// `linesBefore` makes line numbers go on from there. False if the caller asked to stop.
    package mutating func skip(toOffset target: Int64, linesBefore: Int = 0) throws(InputError) -> Bool {
        precondition(offset == 0 && filled == 0 && target >= 0)
        lineNumber = linesBefore
        guard try !input.seek(to: target) else {
            offset = target
            return true
        }
        while offset < target {
            let result = try input.read(into: &buffer, at: 0..<Int(min(Int64(buffer.count), target - offset)))
            switch result {
            case .bytes(let count): offset += Int64(count)
            case .end: throw .shorterThanResumePoint(path: path, length: offset, offset: target)
            case .stopped:
                wasStopped = true
                return false
            }
        }
        return true
    }

    private var lineTooLong: InputError { .lineTooLong(path: path, line: lineNumber, limit: maximumLine) }
}

extension LineReader {
    /// Finds the line end of the line at `start`, reading as needed; the end of the input ends a line too.
    private mutating func findLineEnd() throws(InputError) -> Int? {
        while true {
            if let found = firstLineFeed(in: searched..<filled) { return found }
            searched = filled
            if isAtEnd { return filled > start ? filled : nil }
            try makeRoom()
            switch try input.read(into: &buffer, at: filled..<buffer.count) {
            case .bytes(let count): filled += count
            case .end: isAtEnd = true
            case .stopped:
                wasStopped = true
                return nil
            }
        }
    }

    private func firstLineFeed(in range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        return buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let found = memchr(base + range.lowerBound, 0x0A, range.count)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Makes room behind `filled`: moves the rest of the line to the front, or lets the buffer grow.
    private mutating func makeRoom() throws(InputError) {
        guard filled == buffer.count || start == filled else { return }
        if start > 0 {
            let rest = start..<filled
            buffer.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                memmove(base, base + rest.lowerBound, rest.count)
            }
            (start, searched, filled) = (0, searched - rest.lowerBound, rest.count)
        }
        guard filled == buffer.count else { return }
        // One byte more than the longest line: a carriage return whose line feed is still to come.
        guard filled <= maximumLine + 1 else {
            lineNumber += 1
            throw lineTooLong
        }
        buffer.append(contentsOf: repeatElement(0, count: min(buffer.count, max(maximumLine + 2 - filled, 1))))
    }

    private func isBlank(_ range: Range<Int>) -> Bool {
        range.allSatisfy { buffer[$0] == UInt8(ascii: " ") || buffer[$0] == UInt8(ascii: "\t") }
    }
}
