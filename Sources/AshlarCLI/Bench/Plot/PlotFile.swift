import Glibc

/// The file a picture goes to.
struct PlotFile {
    let path: String

    /// Refuses a path that could not be written to, before anything is measured, and one in a store that is only to be read.
    init(_ path: String, store: String?) throws(CommandError) {
        self.path = path
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard access(folder, W_OK) == 0 else {
            throw .refused(code: "plot", message: "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        guard let store, let inStore = Self.resolved(store), let inFolder = Self.resolved(folder) else { return }
        guard inFolder != inStore else {
            throw .refused(code: "plot", message: "\(path) lies in the store, which is only read; give another folder")
        }
    }

    private static func resolved(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    /// Writes the picture, in the place of what was there.
    func write(_ text: String) throws(CommandError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .refused(code: "plot", message: "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var output = Output(descriptor: descriptor)
        output.write(text: text)
        try output.finish()
    }
}
