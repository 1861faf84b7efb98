import Glibc

/// An open descriptor that takes text at once, without a buffer.
package struct DescriptorOutput: Sendable {
    let descriptor: Int32

    package init(descriptor: Int32) { self.descriptor = descriptor }

    /// Whether people look at it.
    package var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Writes all of a text; the `errno` of a failure, or nil.
    @discardableResult
    package func write(_ text: String) -> Int32? {
        var text = text
        return text.withUTF8 { bytes in
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
            return nil
        }
    }
}
