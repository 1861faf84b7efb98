#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A directory of the file system.
///
/// Files are opened relative to the directory's descriptor and never through symbolic links, so that a store that is moved while it is open
/// stays intact and one prepared by a stranger cannot point elsewhere.
package final class FileStorage: Storage {
    package let path: String
    let descriptor: Int32

    /// Opens the directory at `path`.
    package init(path: String) throws(StorageError) {
        let opened = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { throw StorageError(operation: "open", path: path, code: errno) }
        self.path = path
        descriptor = opened
    }

    deinit { Glibc.close(descriptor) }

    /// Creates the directory at `path` with mode 0700 if it is not there, durably, and opens it.
    package static func create(path: String) throws(StorageError) -> FileStorage {
        if mkdir(path, 0o700) != 0 {
            guard errno == EEXIST else { throw StorageError(operation: "create", path: path, code: errno) }
        } else {
            let parent = Glibc.open(path + "/..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard parent >= 0 else { throw StorageError(operation: "open the parent of", path: path, code: errno) }
            defer { Glibc.close(parent) }
            guard fsync(parent) == 0 else {
                throw StorageError(operation: "sync the parent of", path: path, code: errno)
            }
        }
        return try FileStorage(path: path)
    }

    /// Removes the empty directory at `path`.
    package static func removeDirectory(_ path: String) throws(StorageError) {
        guard rmdir(path) == 0 else { throw StorageError(operation: "remove", path: path, code: errno) }
    }

    package func list() throws(StorageError) -> [String] {
        // A fresh description: reading a directory moves the position of the one it is read through.
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let directory = fdopendir(copy) else {
            throw StorageError(operation: "list", path: path, code: errno)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw StorageError(operation: "list", path: path, code: errno) }
        return names
    }

    package func open(_ name: String, _ mode: StorageMode) throws(StorageError) -> any StorageFile {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .readWrite: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            }
        let opened = openat(descriptor, name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard opened >= 0 else {
            throw StorageError(operation: mode == .create ? "create" : "open", path: path + "/" + name, code: errno)
        }
        let file = OpenFile(descriptor: opened, path: path + "/" + name)
        var info = stat()
        guard fstat(opened, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw StorageError(operation: "open (it is not a regular file)", path: path + "/" + name, code: EINVAL)
        }
        return file
    }

    package func remove(_ name: String) throws(StorageError) {
        guard unlinkat(descriptor, name, 0) == 0 else {
            throw StorageError(operation: "remove", path: path + "/" + name, code: errno)
        }
    }

    package func rename(_ name: String, to newName: String) throws(StorageError) {
        guard renameat(descriptor, name, descriptor, newName) == 0 else {
            throw StorageError(operation: "rename", path: path + "/" + name, code: errno)
        }
    }

    package func syncDirectory() throws(StorageError) {
        guard fsync(descriptor) == 0 else { throw StorageError(operation: "sync", path: path, code: errno) }
    }

    package func lock(_ name: String) throws(StorageError) -> StorageLockOutcome {
        let file = path + "/" + name
        let opened = openat(descriptor, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard opened >= 0 else { throw StorageError(operation: "open", path: file, code: errno) }
        let holder = OpenFile(descriptor: opened, path: file, isLock: true)
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw StorageError(operation: "lock", path: file, code: errno) }
            return .held(processID: holder.readProcessID())
        }
        // The text only informs; that it cannot be written must not keep anyone from the lock.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(opened, 0)
        _ = pwrite(opened, text, text.count, 0)
        return .acquired(holder)
    }

    /// Keeps others from taking the lock in the file `name`, without writing to it: a reader's part, which any number may hold at once.
    ///
    /// Nil if there is no lock file, or none that can be opened: one that nobody can open is nobody's lock.
    package func lockShared(_ name: String) throws(StorageError) -> StorageLockOutcome? {
        let file = path + "/" + name
        let opened = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard opened >= 0 else { return nil }
        let holder = OpenFile(descriptor: opened, path: file, isLock: true)
        guard flock(opened, LOCK_SH | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw StorageError(operation: "lock", path: file, code: errno) }
            return .held(processID: holder.readProcessID())
        }
        return .acquired(holder)
    }
}

/// An open descriptor.
private final class OpenFile: StorageFile, StorageLock {
    private let descriptor: Int32
    private let path: String
    private let isLock: Bool

    init(descriptor: Int32, path: String, isLock: Bool = false) {
        self.descriptor = descriptor
        self.path = path
        self.isLock = isLock
    }

    deinit {
        // A child process that was forked and has not come to its exec yet holds the same lock by its copy of the descriptor; closing ours would
        // not release it.
        if isLock { flock(descriptor, LOCK_UN) }
        close(descriptor)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) -> Int {
        guard let start = buffer.baseAddress else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, start + done, buffer.count - done, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw StorageError(operation: "read", path: path, code: errno)
            }
        }
        return done
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) {
        guard let start = bytes.baseAddress else { return }
        var done = 0
        while done < bytes.count {
            let count = pwrite(descriptor, start + done, bytes.count - done, off_t(offset + done))
            if count > 0 {
                done += count
            } else if count == 0 {
                // A write of more than nothing that writes nothing would loop for ever.
                throw StorageError(operation: "write", path: path, code: ENOSPC)
            } else if errno != EINTR {
                throw StorageError(operation: "write", path: path, code: errno)
            }
        }
    }

    func sync() throws(StorageError) {
        // Never retried: after a failed sync the kernel may have dropped the pages ([MED-4]).
        guard fdatasync(descriptor) == 0 else { throw StorageError(operation: "sync", path: path, code: errno) }
    }

    func size() throws(StorageError) -> Int {
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw StorageError(operation: "look at", path: path, code: errno) }
        return Int(info.st_size)
    }

    func truncate(to size: Int) throws(StorageError) {
        while ftruncate(descriptor, off_t(size)) != 0 {
            guard errno == EINTR else { throw StorageError(operation: "truncate", path: path, code: errno) }
        }
    }

    func readProcessID() -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        let digits = bytes[..<count].prefix { $0 >= 48 && $0 <= 57 }
        return Int32(String(decoding: digits, as: UTF8.self))
    }
}
