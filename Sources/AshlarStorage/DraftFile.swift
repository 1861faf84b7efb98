#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A file that is written beside its place and put there in one step once it is whole.
///
/// The draft of `NAME` is `NAME.unfinished`. It is locked while it is being written; one that a crash left is emptied and written anew. Whoever
/// finds something at the place itself finds something whole.
package final class DraftFile: Sendable {
    /// What opening a draft comes to.
    package enum Outcome: Sendable {
        /// It is open, locked and empty.
        case opened(DraftFile)
        /// Another process is writing it.
        case inUse(path: String)
        /// Something else stands where the draft would.
        case foreign(path: String)
    }

    /// What the name of a draft ends in.
    package static let suffix = ".unfinished"

    /// Where the file is to stand, without symbolic links.
    package let place: String
    /// Where the draft is.
    package let path: String
    private let descriptor: Int32

    private init(place: String, path: String, descriptor: Int32) {
        self.place = place
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Makes the draft of the file at `place`, or takes over one that a crash left.
    ///
    /// `isOurs` is asked about the first bytes, at most 128, of what stands where the draft would, unless it is empty.
    package static func open(place: String, isOurs: ([UInt8]) -> Bool) throws(StorageError) -> Outcome {
        let place = try SystemCalls.resolved(place)
        let path = place + suffix
        while true {
            let opened = Self.open(path)
            guard opened >= 0 else { throw StorageError(operation: "open", path: path, code: errno) }
            let draft = DraftFile(place: place, path: path, descriptor: opened)
            guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
                guard errno == EWOULDBLOCK else { throw StorageError(operation: "lock", path: path, code: errno) }
                return .inUse(path: path)
            }
            // Between opening and locking, another process may have put it in its place or removed it.
            guard try draft.isAtPath() else { continue }
            let head = try draft.head()
            guard head.isEmpty || isOurs(head) else { return .foreign(path: path) }
            guard ftruncate(opened, 0) == 0 else { throw StorageError(operation: "empty", path: path, code: errno) }
            return .opened(draft)
        }
    }

    /// Makes the draft durable and puts it in its place; it is then no draft any more.
    ///
    /// What stands there is replaced if `replacing`, and otherwise refused with `SystemCalls.exists`.
    package func publish(replacing: Bool) throws(StorageError) {
        guard fsync(descriptor) == 0 else { throw StorageError(operation: "sync", path: path, code: errno) }
        try SystemCalls.rename(path, to: place, replacing: replacing)
    }

    /// Removes the draft; that it cannot be removed does no harm, because the next one takes it over.
    package func discard() { unlink(path) }

    private static func open(_ path: String) -> Int32 {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        #if canImport(Glibc)
            return Glibc.open(path, flags, 0o666)
        #else
            return Musl.open(path, flags, 0o666)
        #endif
    }

    private func isAtPath() throws(StorageError) -> Bool {
        var (own, found) = (stat(), stat())
        guard fstat(descriptor, &own) == 0 else {
            throw StorageError(operation: "look at", path: path, code: errno)
        }
        guard lstat(path, &found) == 0 else {
            if errno == ENOENT { return false }
            throw StorageError(operation: "look at", path: path, code: errno)
        }
        return own.st_dev == found.st_dev && own.st_ino == found.st_ino
    }

    private func head() throws(StorageError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw StorageError(operation: "read", path: path, code: errno) }
        return Array(bytes[..<count])
    }
}
