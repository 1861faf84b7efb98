#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The few system facts the engine needs besides files.
package enum SystemCalls {
    /// The text of an `errno`.
    package static func message(_ code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress else { return "error \(code)" }
            buffer.initialize(repeating: 0)
            _ = strerror_r(code, start, buffer.count - 1)
            return String(cString: start)
        }
    }

    /// Wall time in microseconds since 1970 UTC.
    package static func wallMicroseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    /// Time that never jumps, in nanoseconds from an arbitrary start.
    package static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Lets other threads run for a while.
    package static func pause(milliseconds: UInt32) { usleep(milliseconds * 1_000) }

    package static func processID() -> Int32 { getpid() }

    package static var noSpace: Int32 { ENOSPC }
    package static var notFound: Int32 { ENOENT }
    package static var accessDenied: Int32 { EACCES }
    package static var readOnlyFileSystem: Int32 { EROFS }
    package static var notADirectory: Int32 { ENOTDIR }
    package static var exists: Int32 { EEXIST }
    package static var inputOutput: Int32 { EIO }
    package static var notEmpty: Int32 { ENOTEMPTY }

    package static var crossesDevices: Int32 { EXDEV }
    package static var notSupported: Int32 { EOPNOTSUPP }
    package static var invalid: Int32 { EINVAL }
    package static var notImplemented: Int32 { ENOSYS }

    /// What stands at `path`, or nil if nothing does.
    package enum PathKind: Sendable { case directory, other }

    package static func kind(of path: String) throws(StorageError) -> PathKind? {
        var info = stat()
        if stat(path, &info) == 0 { return (info.st_mode & S_IFMT) == S_IFDIR ? .directory : .other }
        if errno == ENOENT { return nil }
        throw StorageError(operation: "look at", path: path, code: errno)
    }
}
