import ArgumentParser

/// A count of bytes as the command line has it: `1000000`, `256MiB`, `2TB`, `1.5 GB`.
package struct ByteSize: Sendable, Hashable, CustomStringConvertible {
    private static let units: [(suffix: String, bytes: Double)] = [
        ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("pb", 1e15), ("kib", 1_024), ("mib", 1_048_576),
        ("gib", 1_073_741_824), ("tib", 1_099_511_627_776), ("pib", 1_125_899_906_842_624), ("b", 1),
    ]

    package let bytes: Int

    package init(bytes: Int) { self.bytes = bytes }

    /// Reads a size, or says how one is written.
    package static func parse(_ argument: String) throws -> ByteSize {
        let text = argument.lowercased().filter { $0 != " " && $0 != "_" }
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        let suffix = String(text.dropFirst(number.count))
        let factor = suffix.isEmpty ? 1 : units.first { $0.suffix == suffix }?.bytes
        guard let factor, let value = Double(number), value >= 0, value * factor <= 9e18 else {
            throw ValidationError("`\(argument)` is no size; give bytes, such as 1000000, 256MiB or 2TB")
        }
        return ByteSize(bytes: Int((value * factor).rounded()))
    }

    package var description: String { Self.text(bytes) }

    /// For people: `1.50 GB`, `256 MiB` where that comes out even.
    package static func text(_ bytes: Int) -> String {
        if bytes >= 1 << 20, bytes % (1 << 20) == 0, bytes < 1 << 30 { return "\(bytes >> 20) MiB" }
        let units: [(Double, String)] = [(1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        guard let (size, name) = units.first(where: { Double(bytes) >= $0.0 }) else { return "\(bytes) B" }
        return "\((Double(bytes) / size).text(2)) \(name)"
    }
}
