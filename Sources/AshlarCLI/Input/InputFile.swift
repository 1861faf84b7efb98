import Glibc

/// What an attempt to read gave.
enum ReadResult: Hashable {
    /// So many bytes, at least one.
    case bytes(Int)
    /// The end of the input; never used for anything else.
    case end
    /// The caller asked to stop before anything was read.
    case stopped
}

/// An open descriptor that is read from front to back, and closed when this goes.
struct InputFile: ~Copyable {
    /// How long a read waits for a pipe or terminal before it asks again whether to stop.
    private static let patienceMilliseconds: Int32 = 200

    /// What messages call it.
    let path: String
    /// True if it is a file of its own, so that one can go to any place in it.
    let isSeekable: Bool
    private let descriptor: Int32
    private let isOwned: Bool
    private let isRegular: Bool
    /// How large it was when it was opened; nil if it is not a regular file.
    let size: Int64?
    private let shouldStop: @Sendable () -> Bool
    /// How many bytes were read or passed over so far.
    private(set) var offset: Int64 = 0

    /// Opens a path, or standard input if it is `-`.
    init(path: String, shouldStop: @escaping @Sendable () -> Bool) throws(InputError) {
        let isStandardInput = path == "-"
        self.path = isStandardInput ? "standard input" : path
        self.shouldStop = shouldStop
        isOwned = !isStandardInput
        var opened = STDIN_FILENO
        if !isStandardInput {
            repeat { opened = open(path, O_RDONLY | O_CLOEXEC) } while opened < 0 && errno == EINTR && !shouldStop()
            guard opened >= 0 else { throw .io(path: path, operation: "open", errno: errno) }
        }
        descriptor = opened
        var status = stat()
        let hasStatus = fstat(opened, &status) == 0
        isRegular = hasStatus && status.st_mode & S_IFMT == S_IFREG
        size = isRegular ? Int64(status.st_size) : nil
        isSeekable = isRegular && !isStandardInput
    }

    deinit {
        // Nothing was written, so there is nothing that closing could lose.
        if isOwned { _ = close(descriptor) }
    }

    /// Reads what is there into a part of `output`, waiting for at least one byte.
    mutating func read(into output: inout [UInt8], at range: Range<Int>) throws(InputError) -> ReadResult {
        precondition(!range.isEmpty)
        while true {
            if shouldStop() { return .stopped }
            guard isRegular || hasInput() else { continue }
            let (count, code) = readOnce(into: &output, at: range)
            if count > 0 {
                offset += Int64(count)
                return .bytes(count)
            }
            if count == 0 { return .end }
            guard code == EINTR || code == EAGAIN else { throw .io(path: path, operation: "read", errno: code) }
        }
    }

    private func readOnce(into output: inout [UInt8], at range: Range<Int>) -> (count: Int, errno: Int32) {
        output.withUnsafeMutableBytes { bytes in
            let part = UnsafeMutableRawBufferPointer(rebasing: bytes[range])
            let count = Glibc.read(descriptor, part.baseAddress, part.count)
            return (count, errno)
        }
    }

    /// Waits for input a little; false if there is none yet.
    private func hasInput() -> Bool {
        // A read that blocks cannot see that it should stop: a signal may be handled on another thread.
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&request, 1, Self.patienceMilliseconds) > 0
    }

    /// Goes to a place in a seekable file.
    mutating func seek(to target: Int64) throws(InputError) {
        precondition(isSeekable && target >= 0)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .io(path: path, operation: "stat", errno: errno) }
        guard Int64(status.st_size) >= target else {
            throw .shorterThanResumePoint(path: path, length: Int64(status.st_size), offset: target)
        }
        guard lseek(descriptor, off_t(target), SEEK_SET) == off_t(target) else {
            throw .io(path: path, operation: "seek", errno: errno)
        }
        offset = target
    }
}
