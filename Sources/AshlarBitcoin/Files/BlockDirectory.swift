package import AshlarCLI
import Glibc

/// The block files of a node, in the order of their names.
package struct BlockDirectory: Sendable {
    /// The directory the files are in.
    private let path: String
    private let singleFile: String?
    /// What newer nodes obfuscate their files with (`xor.dat`): its bytes, the first one lowest; 0 for nothing.
    let key: UInt64

    /// The directory at `path`, or the one file there.
    package init(path: String) throws(CommandError) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        while parts.count > 1, parts.last?.isEmpty == true { parts.removeLast() }
        let isDirectory = try Self.status(of: path, "find").st_mode & S_IFMT == S_IFDIR
        singleFile = isDirectory ? nil : parts.popLast().map(String.init)
        let directory = parts.joined(separator: "/")
        self.path = path.hasPrefix("/") && directory.isEmpty ? "/" : directory.isEmpty ? "." : directory
        let keyFile = self.path + "/xor.dat"
        if access(keyFile, F_OK) != 0, errno == ENOENT {
            key = 0
        } else {
            let bytes = try BlockFile(path: keyFile, name: "xor.dat").read(9, at: 0)
            guard bytes.count == 8 else {
                throw .refused(
                    code: "badKey", message: "\(keyFile) should have the 8 bytes of a key; copy it again from the node")
            }
            key = bytes.integer(at: 0)
        }
    }

    /// The names of the files that are there now, in their order; at least one.
    package func fileNames() throws(CommandError) -> [String] {
        if let singleFile { return [singleFile] }
        guard let stream = opendir(path) else { throw .system("list", path, errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("blk") && name.hasSuffix(".dat") || name.hasSuffix(".blk") { names.append(name) }
        }
        guard !names.isEmpty else {
            let advice = "name the `blocks` directory of a node, or a file"
            throw .refused(
                code: "noBlockFiles", message: "there are no block files (blk*.dat or *.blk) in \(path); \(advice)")
        }
        return names.sorted()
    }

    /// Opens one of the files.
    package func open(_ name: String) throws(CommandError) -> BlockFile {
        try BlockFile(path: path + "/" + name, name: name, key: key)
    }

    /// Size and time of the last change of a file: what differs after somebody has written to it.
    func status(of name: String) throws(CommandError) -> FileStatus {
        let status = try Self.status(of: path + "/" + name, "examine")
        return FileStatus(
            size: Int64(status.st_size), seconds: Int(status.st_mtim.tv_sec), nanoseconds: Int(status.st_mtim.tv_nsec))
    }

    private static func status(of path: String, _ operation: String) throws(CommandError) -> stat {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(operation, path, errno) }
        return status
    }
}

/// What a file system tells of a file.
struct FileStatus: Hashable, Sendable {
    var size: Int64
    var seconds: Int
    var nanoseconds: Int

    /// Whether the last change is some seconds ago. File systems have coarse clocks: what was written just now may be written again at the
    /// same time.
    var isSettled: Bool { time(nil) - seconds > 1 }
}
