import CAshlarSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

extension SystemCalls {
    /// Exchanges what stands at two paths of one file system, in one step that a crash leaves done or not done, and makes it durable.
    package static func exchange(_ path: String, with other: String) throws(StorageError) {
        let first = withoutSlashes(path)
        let second = withoutSlashes(other)
        guard ashlar_exchange(first, second) == 0 else {
            throw StorageError(operation: "exchange \(first) with", path: second, code: errno)
        }
        try syncDirectory(parent(of: first))
        if parent(of: first) != parent(of: second) { try syncDirectory(parent(of: second)) }
    }

    /// Gives what stands at `path` the path `other`, in one step that a crash leaves done or not done, and makes it durable.
    ///
    /// What stands at `other` is replaced if `replacing`; otherwise it is a failure with `exists`.
    package static func rename(_ path: String, to other: String, replacing: Bool) throws(StorageError) {
        if replacing {
            guard Self.rename(path, other) == 0 else {
                throw StorageError(operation: "rename \(path) to", path: other, code: errno)
            }
        } else {
            try renameNew(path, other)
        }
        try syncDirectory(parent(of: other))
    }

    private static func renameNew(_ path: String, _ other: String) throws(StorageError) {
        if ashlar_rename_new(path, other) == 0 { return }
        // Some file systems cannot refuse to replace by themselves.
        if errno == EINVAL || errno == ENOSYS {
            if try kind(of: other) != nil {
                throw StorageError(operation: "rename \(path) to", path: other, code: EEXIST)
            }
            if Self.rename(path, other) == 0 { return }
        }
        throw StorageError(operation: "rename \(path) to", path: other, code: errno)
    }

    private static func rename(_ path: String, _ other: String) -> Int32 {
        #if canImport(Glibc)
            Glibc.rename(path, other)
        #else
            Musl.rename(path, other)
        #endif
    }

    /// Makes the entries of the directory at `path` durable.
    private static func syncDirectory(_ path: String) throws(StorageError) {
        let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0 else { throw StorageError(operation: "open", path: path, code: errno) }
        defer { close(opened) }
        guard fsync(opened) == 0 else { throw StorageError(operation: "sync", path: path, code: errno) }
    }

    /// The directory in which the entry `path` stands.
    package static func parent(of path: String) -> String {
        let path = withoutSlashes(path)
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func withoutSlashes(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The absolute path of what stands at `path`, without symbolic links; of what would stand there if nothing does.
    package static func resolved(_ path: String) throws(StorageError) -> String {
        if let found = realpath(path, nil) {
            defer { free(found) }
            return String(cString: found)
        }
        guard errno == ENOENT, path != "." else { throw StorageError(operation: "look at", path: path, code: errno) }
        let plain = withoutSlashes(path)
        guard let found = realpath(parent(of: plain), nil) else {
            throw StorageError(operation: "look at", path: parent(of: plain), code: errno)
        }
        defer { free(found) }
        let directory = String(cString: found)
        let name = plain.lastIndex(of: "/").map { String(plain[plain.index(after: $0)...]) } ?? plain
        return directory == "/" ? "/" + name : directory + "/" + name
    }
}
