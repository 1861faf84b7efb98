#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Where bytes go one after the other: a pipe, a file, memory in tests.
package protocol ByteSink: AnyObject {
    /// Takes all of `bytes`.
    func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError)
}

/// Where bytes come from one after the other.
package protocol ByteSource: AnyObject {
    /// What it is, for messages.
    var name: String { get }

    /// Fills `buffer`; the result is less than its size only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int
}

/// An open file descriptor as a stream. It is not closed, unless it was opened here.
package final class DescriptorStream: ByteSink, ByteSource {
    package let name: String
    private let descriptor: Int32
    private let isOwn: Bool

    package init(descriptor: Int32, name: String) {
        (self.descriptor, self.name, isOwn) = (descriptor, name, false)
    }

    /// Opens the file at `path` for reading.
    package init(path: String) throws(StorageError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        (name, isOwn) = (path, true)
        guard descriptor >= 0 else { throw StorageError(operation: "open", path: path, code: errno) }
    }

    deinit { if isOwn, descriptor >= 0 { close(descriptor) } }

    /// Whether people would see what is written.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Bytes of the file behind it; nil if that is not a file.
    package var size: Int? {
        var info = stat()
        return fstat(descriptor, &info) == 0 && info.st_mode & S_IFMT == S_IFREG ? Int(info.st_size) : nil
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
        var done = 0
        while done < bytes.count {
            let count = systemWrite(bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count > 0 {
                done += count
            } else if count == 0 {
                throw StorageError(operation: "write", path: name, code: ENOSPC)
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT))
            } else if errno != EINTR {
                throw StorageError(operation: "write", path: name, code: errno)
            }
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = systemRead(buffer.baseAddress.map { $0 + done }, buffer.count - done)
            if count > 0 {
                done += count
            } else if count == 0 {
                break
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLIN))
            } else if errno != EINTR {
                throw StorageError(operation: "read", path: name, code: errno)
            }
        }
        return done
    }

    /// Waits for a descriptor that somebody made non-blocking.
    private func wait(for events: Int16) throws(StorageError) {
        var state = pollfd(fd: descriptor, events: events, revents: 0)
        guard poll(&state, 1, -1) >= 0 || errno == EINTR else {
            throw StorageError(operation: "wait for", path: name, code: errno)
        }
    }

    private func systemWrite(_ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes, count)
        #else
            Musl.write(descriptor, bytes, count)
        #endif
    }

    private func systemRead(_ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, bytes, count)
        #else
            Musl.read(descriptor, bytes, count)
        #endif
    }
}
