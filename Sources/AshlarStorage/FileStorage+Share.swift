import CAshlarSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension FileStorage {
    /// Clones or links a file of another directory; see `Storage.share`.
    func share(_ name: String, of source: FileStorage, as newName: String) throws(StorageError) -> StorageSharing {
        if try clone(name, of: source, as: newName) { return .cloned }
        guard linkat(source.descriptor, name, descriptor, newName, 0) != 0 else { return .linked }
        switch errno {
        // Another file system, one without hard links, too many of them, or a file of somebody else.
        case EXDEV, EOPNOTSUPP, ENOSYS, EMLINK, EPERM, EACCES: return .notPossible
        default:
            throw StorageError(operation: "link to", path: source.path + "/" + name, code: errno)
        }
    }

    /// How many names a file has, in whatever directories.
    func linkCount(of name: String) throws(StorageError) -> Int {
        var info = stat()
        guard fstatat(descriptor, name, &info, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw StorageError(operation: "look at", path: path + "/" + name, code: errno)
        }
        return Int(info.st_nlink)
    }

    private func clone(_ name: String, of source: FileStorage, as newName: String) throws(StorageError) -> Bool {
        let from = openat(source.descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard from >= 0 else { throw StorageError(operation: "open", path: source.path + "/" + name, code: errno) }
        defer { close(from) }
        let to = openat(descriptor, newName, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard to >= 0 else { throw StorageError(operation: "create", path: path + "/" + newName, code: errno) }
        defer { close(to) }
        if ashlar_clone(to, from) == 0 { return true }
        guard unlinkat(descriptor, newName, 0) == 0 else {
            throw StorageError(operation: "remove", path: path + "/" + newName, code: errno)
        }
        return false
    }
}
