import Glibc

/// Where a command writes its results: bytes gather in one buffer and leave in system calls of about 64 KiB.
///
/// Writing never throws. A failure is remembered, what is written after it goes nowhere, and `finish` throws it; loops look at `isOpen`
/// so that they end soon. A reader that has gone away (`ashlar events STORE | head`) is a failure of its own, which is reported to nobody.
package struct Output: ~Copyable {
    /// How full the buffer gets before it is written.
    package static let capacity = 1 << 16

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var failure: Int32 = 0

    /// An output to an open file descriptor, which stays open.
    package init(descriptor: Int32) {
        self.descriptor = descriptor
        buffer.reserveCapacity(Self.capacity + 4_096)
    }

    deinit {
        // Lines that were complete before an error are results all the same.
        _ = Self.write(buffer, descriptor, after: failure)
    }

    /// Whether what is written still goes somewhere.
    @inline(__always)
    package var isOpen: Bool { failure == 0 }

    /// Whether people look at it: a terminal.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Whether the reader of a pipe has gone away, found out without writing to it.
    package var isAbandoned: Bool {
        var state = pollfd(fd: descriptor, events: 0, revents: 0)
        return poll(&state, 1, 0) > 0 && Int32(state.revents) & POLLERR != 0
    }

    /// Writes what has gathered.
    package mutating func flush() {
        failure = Self.write(buffer, descriptor, after: failure)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes what has gathered and throws if anything could not be written.
    package mutating func finish() throws(CommandError) {
        flush()
        if failure == EPIPE { throw .outputClosed }
        if failure != 0 { throw .output(code: failure) }
    }

    private static func write(_ bytes: [UInt8], _ descriptor: Int32, after failure: Int32) -> Int32 {
        guard failure == 0 else { return failure }
        return bytes.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
                if count > 0 {
                    done += count
                } else if count == 0 {
                    return EIO
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
    }

    @inline(__always)
    private mutating func flushIfFull() {
        if buffer.count >= Self.capacity { flush() }
    }
}

extension Output {
    /// Writes one byte.
    @inline(__always)
    package mutating func write(_ byte: UInt8) {
        buffer.append(byte)
        flushIfFull()
    }

    /// Writes a text that stands in the program.
    @inline(__always)
    package mutating func write(_ text: StaticString) {
        buffer.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        flushIfFull()
    }

    /// Writes bytes as they are.
    package mutating func write(_ bytes: [UInt8]) {
        buffer.append(contentsOf: bytes)
        flushIfFull()
    }

    /// Writes bytes as they are.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) {
        buffer.append(contentsOf: bytes)
        flushIfFull()
    }

    /// Writes a text.
    package mutating func write(text: String) {
        buffer.append(contentsOf: text.utf8)
        flushIfFull()
    }

    /// Writes an integer in decimal digits, without a text in between.
    package mutating func write(_ value: some FixedWidthInteger) {
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        var rest = UInt64(value.magnitude)
        let start = buffer.count
        repeat {
            buffer.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        var (low, high) = (start, buffer.count - 1)
        while low < high {
            buffer.swapAt(low, high)
            (low, high) = (low + 1, high - 1)
        }
        flushIfFull()
    }
}
