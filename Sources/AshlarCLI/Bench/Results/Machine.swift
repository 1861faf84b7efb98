import Glibc

/// Facts of the machine that numbers are worthless without.
struct Machine: Sendable {
    var processor: String
    var cores: Int
    var memoryBytes: Int
    /// The kind of file system that the stores stand on, such as `ext4`.
    var fileSystem: String
    var kernel: String
    var ashlar: String
    /// The compiler that built this program.
    var swift: String
    /// Whether it was built without optimisation.
    var isDebugBuild: Bool

    /// What this machine says of itself; stores stand in `directory`.
    init(directory: String) {
        var name = utsname()
        uname(&name)
        processor = Self.processor() ?? Self.text(of: name.machine)
        cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        memoryBytes = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        fileSystem = MountTable(SystemText.read("/proc/self/mountinfo")).fileSystem(of: directory) ?? "unknown"
        kernel = Self.text(of: name.sysname) + " " + Self.text(of: name.release)
        ashlar = AshlarCommand.configuration.version
        swift = Self.compiler
        isDebugBuild = _isDebugAssertConfiguration()
    }

    private static func processor() -> String? {
        let line = SystemText.read("/proc/cpuinfo").split(separator: "\n").first { $0.hasPrefix("model name") }
        guard let value = line?.split(separator: ":").last else { return nil }
        return String(value.drop { $0 == " " })
    }

    private static var compiler: String {
        #if compiler(>=6.5)
            "6.5 or newer"
        #elseif compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }

    /// The text in one of the arrays that `uname` fills.
    private static func text<Bytes>(of bytes: Bytes) -> String {
        withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// Which file systems are mounted where, as the kernel tells it.
struct MountTable {
    private var mounts: [(path: String, kind: String)] = []

    /// Reads the lines of `/proc/self/mountinfo`.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            // 36 35 98:0 / /data rw,noatime shared:1 - ext4 /dev/sda rw
            let words = line.split(separator: " ")
            guard let dash = words.firstIndex(of: "-"), words.count > dash + 1, words.count > 4 else { continue }
            mounts.append((Self.unescaped(words[4]), String(words[dash + 1])))
        }
    }

    /// The kind of file system a directory lies in; nil if the directory is not there or no mount is known.
    func fileSystem(of directory: String) -> String? {
        guard let resolved = realpath(directory, nil) else { return nil }
        defer { free(resolved) }
        let path = String(cString: resolved)
        return kind(at: path)
    }

    /// That of the deepest mount above an absolute path; of two at one place, that of the later one, which covers the other.
    func kind(at path: String) -> String? {
        var best: (length: Int, kind: String)?
        for mount in mounts {
            let isAbove = mount.path == "/" || path == mount.path || path.hasPrefix(mount.path + "/")
            if isAbove, mount.path.utf8.count >= best?.length ?? 0 { best = (mount.path.utf8.count, mount.kind) }
        }
        return best?.kind
    }

    /// Spaces and the like stand as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Texts that the kernel makes.
enum SystemText {
    /// The whole of a file; empty if it cannot be read.
    static func read(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return String(decoding: text, as: UTF8.self) }
            text += chunk.prefix(count)
        }
    }
}
