import AshlarFormat
package import AshlarStorage

extension Store {
    /// Makes a generation of a backup of everything durable in the directory at `path`, which is created if it is not there; also beside a live
    /// writer, in this process or in another.
    ///
    /// Files that are there from earlier generations are not copied again. Every checksum of what is copied is looked at on the way. Interrupted
    /// anywhere, the generations from before are whole. Throws `store` if the store is damaged, `occupied`, `otherStore`, `unsupported`, `inUse`,
    /// `damaged`, `changing`, `inputOutput`, `stopped`. `progress` is called about once a MiB. The backup is durable when this returns.
    /// Complexity: reads everything that is new twice and writes it once, or not at all where files are shared.
    public func backup(
        to path: String, options: BackupOptions = BackupOptions(),
        progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> BackupReport {
        guard options.keptGenerations ?? 1 >= 1 else {
            throw .invalidArgument("at least one generation has to be kept")
        }
        try checkPlace(path)
        let target = try backingUp { () throws(StorageError) in try FileStorage.create(path: path) }
        return try Self.backup(core.storage, to: target, options: options, progress: progress)
    }

    /// The same as one archive, which goes into an open descriptor: a pipe, a file, a socket. The descriptor is not closed.
    ///
    /// What has arrived if this throws is no backup: an archive counts only with its end. Throws `store`, `changing`, `inputOutput`, `stopped`. A pipe
    /// whose reader has gone away is `inputOutput` with EPIPE if the program ignores SIGPIPE.
    /// Complexity: reads everything three times.
    public func backup(
        toDescriptor descriptor: Int32, progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> BackupReport {
        try Self.backup(
            core.storage, to: DescriptorStream(descriptor: descriptor, name: "the archive"), progress: progress)
    }

    package static func backup(
        _ storage: any Storage, to target: any Storage, options: BackupOptions = BackupOptions(),
        progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> BackupReport {
        let id = try fromStore { () throws(StoreError) in try Store.open(storage).id }
        let destination = try DirectoryDestination(target, for: id, options)
        return try BackupRun(storage: storage, destination: destination, meter: BackupMeter(total: nil, progress)).run()
    }

    package static func backup(
        _ storage: any Storage, to sink: any ByteSink,
        progress: @escaping (BackupProgress) -> BackupStep = { _ in .goOn }
    ) throws(BackupError) -> BackupReport {
        let meter = BackupMeter(total: nil, progress)
        return try BackupRun(storage: storage, destination: ArchiveDestination(sink), meter: meter).run()
    }

    /// Throws if the backup would stand in the store, or the store in the backup.
    private func checkPlace(_ path: String) throws(BackupError) {
        let (from, to) = try backingUp { () throws(StorageError) in
            (try SystemCalls.resolved(core.storage.path), try SystemCalls.resolved(path))
        }
        guard from != to, !to.hasPrefix(from + "/"), !from.hasPrefix(to + "/") else {
            throw .invalidArgument("\(path) would be inside the store or around it; choose a place beside it")
        }
    }
}
