import AshlarFormat
import AshlarStorage
import Glibc

/// Copies of a store's directory, file by file: while its writer does nothing, what a SIGKILL at that moment would leave.
enum StoreCopy {
    private static let chunkBytes = 1 << 20

    /// Makes the copy. Sealed segments, which are never written again, are the same files under a second name.
    static func make(of source: String, at target: String) throws(StorageError) {
        let storage = try FileStorage(path: source)
        let copy = try FileStorage.create(path: target)
        let names = try storage.list()
        let last = names.filter { $0.hasSuffix(".segment") }.max()
        for name in names {
            if name.hasSuffix(".segment"), name != last, link(source + "/" + name, target + "/" + name) == 0 {
                continue
            }
            try copyFile(try storage.open(name, .read), to: try copy.open(name, .create))
        }
    }

    private static func copyFile(_ source: any StorageFile, to target: any StorageFile) throws(StorageError) {
        var offset = 0
        while true {
            let bytes = try source.read(at: offset, count: chunkBytes)
            if bytes.isEmpty { return }
            try target.write(bytes, at: offset)
            offset += bytes.count
        }
    }

    /// Cuts the footers off a store's segments and removes its sidecars; says how many footers there were.
    static func removeFooters(of path: String) throws -> Int {
        let storage = try FileStorage(path: path)
        var removed = 0
        for name in try storage.list() {
            if name.hasSuffix(".index") { try storage.remove(name) }
            guard name.hasSuffix(".segment") else { continue }
            let file = try storage.open(name, .readWrite)
            let size = try file.size()
            guard size >= SegmentHeader.size + SegmentSummary.trailerSize, let number = SegmentName(fileName: name)
            else { continue }
            let head = try file.read(at: 0, count: SegmentHeader.size)
            let header = try SegmentHeader(decoding: head.span.bytes, name: number)
            let trailer = try file.read(at: size - SegmentSummary.trailerSize, count: SegmentSummary.trailerSize)
            let length = SegmentSummary.footerLength(
                trailer: trailer.span.bytes, store: header.storeID, segment: header.segment)
            guard let length, length < size else { continue }
            try file.truncate(to: size - length)
            removed += 1
        }
        return removed
    }
}
