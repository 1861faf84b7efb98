import Ashlar

/// How far the block files were taken, as of a commit: what the store keeps as the commit's mark.
///
/// It is a text: files that are not done with, by name, where the first record stands that is not in the log, and up to where the file was read.
/// All other files up to the last one are done with, which their number and size confirm.
package struct InputMark: Hashable, Sendable {
    /// A file that is not done with.
    package struct OpenFile: Hashable, Sendable {
        package var name: String
        /// All records before this offset are in the log, or will never be.
        package var taken: Int64
        /// All records before this offset were seen.
        package var seen: Int64

        package init(name: String, taken: Int64, seen: Int64) {
            (self.name, self.taken, self.seen) = (name, taken, seen)
        }
    }

    /// How many files there are up to the last one that was read, open ones among them.
    package var fileCount = 0
    /// The sizes of those that are done with, summed up.
    package var doneBytes: Int64 = 0
    package var open: [OpenFile] = []

    private static let title = "ashlar-bitcoin 1"
    /// More open files than this are not written down: then their blocks are looked at again.
    private static let maximumOpen = 256

    package init() {}

    /// The mark as bytes.
    package var encoded: [UInt8] {
        var text = "\(Self.title)/\(fileCount)/\(doneBytes)"
        for file in open.prefix(Self.maximumOpen) { text += "/\(file.name)/\(file.taken)/\(file.seen)" }
        if open.count > Self.maximumOpen { text += "/more" }
        return Array(text.utf8)
    }

    /// The mark that these bytes are, or nil if they are somebody else's.
    package init?(decoding bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts.count.isMultiple(of: 3), parts[0] == Self.title, let count = Int(parts[1]),
            let size = Int64(parts[2])
        else { return nil }
        (fileCount, doneBytes) = (count, size)
        for index in stride(from: 3, to: parts.count, by: 3) {
            guard let taken = Int64(parts[index + 1]), let seen = Int64(parts[index + 2]), taken >= 0, seen >= taken
            else { return nil }
            open.append(OpenFile(name: String(parts[index]), taken: taken, seen: seen))
        }
    }
}
