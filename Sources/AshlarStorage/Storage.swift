/// One directory of files: the seam through which the engine does all its I/O.
///
/// There are three implementations: the file system (`FileStorage`), memory (`MemoryStorage`) and, in the tests, a simulated disk that
/// loses power. Calls are per chunk, never per event, so dynamic dispatch costs nothing that can be measured.
package protocol Storage: AnyObject, Sendable {
    /// Where it is, for messages.
    var path: String { get }

    /// The names of all files, in no order.
    func list() throws(StorageError) -> [String]

    /// Opens `name`. With `.create` the file must not exist.
    func open(_ name: String, _ mode: StorageMode) throws(StorageError) -> any StorageFile

    /// Removes `name`; durable after `syncDirectory`.
    func remove(_ name: String) throws(StorageError)

    /// Gives `name` the name `newName`, replacing a file of that name; durable after `syncDirectory`.
    func rename(_ name: String, to newName: String) throws(StorageError)

    /// Makes all creations, removals and renames so far durable.
    func syncDirectory() throws(StorageError)

    /// Takes the exclusive lock whose file is `name`, or says who has it.
    func lock(_ name: String) throws(StorageError) -> StorageLockOutcome

    #if SEEDED_BUGS
        /// The bug that whoever uses this storage is to have; nil for none.
        var seededBug: UInt8? { get }
    #endif
}

extension Storage {
    /// Makes `newName` here a file that shares the bytes of `name` of another directory, if both are on one file system that can do so, and tells how.
    ///
    /// The new name must not exist. It is durable after `syncDirectory`; of a clone the file too has to be synced.
    package func share(
        _ name: String, of other: any Storage, as newName: String
    ) throws(StorageError) -> StorageSharing {
        guard let target = self as? FileStorage, let source = other as? FileStorage else { return .notPossible }
        return try target.share(name, of: source, as: newName)
    }

    /// Whether a file has another name too, here or elsewhere: it is a hard link.
    package func isLinked(_ name: String) throws(StorageError) -> Bool {
        guard let directory = self as? FileStorage else { return false }
        return try directory.linkCount(of: name) > 1
    }
}

/// How a file came to share the bytes of another one.
package enum StorageSharing: Sendable {
    /// It has its own extents from the first write on (a reflink).
    case cloned
    /// It is the same file under another name (a hard link).
    case linked
    /// It has to be copied.
    case notPossible
}

/// How a file is opened.
package enum StorageMode: Sendable {
    case read
    case readWrite
    case create
}

/// One open file. It is closed when the last reference goes.
package protocol StorageFile: AnyObject, Sendable {
    /// Reads into all of `buffer` from `offset`; the result is less than its size only at the end of the file.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) -> Int

    /// Writes all of `bytes` at `offset`, extending the file if need be; not durable before `sync`.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError)

    /// Makes everything written so far durable, size included.
    func sync() throws(StorageError)

    func size() throws(StorageError) -> Int

    func truncate(to size: Int) throws(StorageError)

    #if SEEDED_BUGS
        /// The bug that whoever uses this file is to have; nil for none.
        var seededBug: UInt8? { get }
    #endif
}

#if SEEDED_BUGS
    extension Storage {
        package var seededBug: UInt8? { nil }
    }

    extension StorageFile {
        package var seededBug: UInt8? { nil }
    }
#endif

extension StorageFile {
    /// Writes all of `bytes` at `offset`.
    package func write(_ bytes: [UInt8], at offset: Int) throws(StorageError) {
        try bytes.span.bytes.withUnsafeBytes { (raw) throws(StorageError) in try write(raw, at: offset) }
    }

    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    package func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
        var failure: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(StorageError) {
                initialized = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// A held lock; dropping the last reference releases it.
package protocol StorageLock: AnyObject, Sendable {}

/// What came of asking for a lock.
package enum StorageLockOutcome: Sendable {
    case acquired(any StorageLock)
    /// Somebody else has it; the process id is what the holder wrote down, and only informs.
    case held(processID: Int32?)
}

/// A system call that failed.
package struct StorageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was being done, as a verb: "write", "sync" …
    package var operation: String
    /// The file or directory.
    package var path: String
    /// The `errno`.
    package var code: Int32

    package init(operation: String, path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var description: String { "cannot \(operation) \(path): \(SystemCalls.message(code))" }
}
