import AshlarFormat
package import AshlarStorage

/// The snapshot files of a store's directory.
package struct SnapshotCatalog: Sendable {
    let storage: any Storage

    package init(_ storage: any Storage) { self.storage = storage }

    /// All snapshot files, by name: a model's are together, in ascending height.
    ///
    /// A file that cannot be used is an entry that says why; only a directory that cannot be listed throws. Complexity: O(files) small reads.
    package func entries() throws(SnapshotError) -> [SnapshotEntry] {
        let names = try snapshotting { () throws(StorageError) in try storage.list() }
        return names.filter(SnapshotName.isSnapshot).sorted().compactMap(entry)
    }

    /// The entry of one file, or nil if it is gone.
    private func entry(_ name: String) -> SnapshotEntry? {
        do throws(SnapshotError) {
            let file = try SnapshotFile(name, in: storage)
            return SnapshotEntry(
                fileName: name, fileBytes: file.fileBytes, contents: .whole(file.header, file.trailer))
        } catch {
            // Beside a writer that retires old snapshots files go between two looks.
            if case .inputOutput(_, _, SystemCalls.notFound) = error { return nil }
            let size = try? storage.open(name, .read).size()
            return SnapshotEntry(fileName: name, fileBytes: size ?? 0, contents: .unusable(error))
        }
    }

    /// Opens the file of an entry for reading.
    package func open(_ entry: SnapshotEntry) throws(SnapshotError) -> SnapshotFile {
        try SnapshotFile(entry.fileName, in: storage)
    }
}
