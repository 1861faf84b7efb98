import Glibc

/// The block files of a node, in the order of their names.
package struct BlockDirectory: Sendable {
    /// The directory the files are in.
    package let path: String
    /// The key of its files.
    package let key: ObfuscationKey
    private let singleFile: String?

    /// The directory at `path`, or the one file there.
    package init(path: String) throws(InputProblem) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(operation: "find", path: path, code: errno) }
        var directory = path
        while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        if status.st_mode & S_IFMT == S_IFDIR {
            singleFile = nil
        } else {
            let slash = directory.lastIndex(of: "/")
            singleFile = String(slash.map { directory[directory.index(after: $0)...] } ?? directory[...])
            directory = slash.map { String(directory[..<$0]) } ?? "."
        }
        self.path = directory
        key = try Self.readKey(directory + "/xor.dat")
    }

    /// The names of the files that are there now, in their order; at least one.
    package func fileNames() throws(InputProblem) -> [String] {
        if let singleFile { return [singleFile] }
        guard let stream = opendir(path) else { throw .system(operation: "list", path: path, code: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("blk") && name.hasSuffix(".dat") || name.hasSuffix(".blk") { names.append(name) }
        }
        guard !names.isEmpty else { throw .noBlockFiles(path: path) }
        return names.sorted()
    }

    /// Opens one of the files.
    package func open(_ name: String) throws(InputProblem) -> BlockFile {
        try BlockFile(path: path + "/" + name, name: name, key: key)
    }

    /// Size and time of the last change of a file: what differs after somebody has written to it.
    func status(of name: String) throws(InputProblem) -> FileStatus {
        var status = stat()
        let file = path + "/" + name
        guard stat(file, &status) == 0 else { throw .system(operation: "examine", path: file, code: errno) }
        return FileStatus(
            size: Int64(status.st_size), seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec))
    }

    private static func readKey(_ path: String) throws(InputProblem) -> ObfuscationKey {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return ObfuscationKey() }
            throw .system(operation: "open", path: path, code: errno)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: ObfuscationKey.size + 1)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .system(operation: "read", path: path, code: errno) }
        guard count == ObfuscationKey.size else { throw .badKey(path: path) }
        var key = ObfuscationKey()
        for byte in bytes[..<ObfuscationKey.size].reversed() { key.bits = key.bits << 8 | UInt64(byte) }
        return key
    }
}

/// What a file system tells of a file.
struct FileStatus: Hashable, Sendable {
    var size: Int64
    var seconds: Int
    var nanoseconds: Int
}
