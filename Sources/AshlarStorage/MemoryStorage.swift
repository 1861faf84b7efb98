import Synchronization

/// A directory in memory: for stores that need not outlive the process, and for tests.
package final class MemoryStorage: Storage {
    package let path: String
    private let files = Mutex<[String: MemoryFile]>([:])
    private let locks = Mutex<Set<String>>([])

    package init(path: String = "memory") { self.path = path }

    package func list() throws(StorageError) -> [String] { files.withLock { Array($0.keys) } }

    package func open(_ name: String, _ mode: StorageMode) throws(StorageError) -> any StorageFile {
        let found: MemoryFile? = files.withLock { files in
            if mode == .create {
                guard files[name] == nil else { return nil }
                files[name] = MemoryFile()
            }
            return files[name]
        }
        guard let found else {
            let code = mode == .create ? SystemCalls.exists : SystemCalls.notFound
            throw StorageError(operation: "open", path: path + "/" + name, code: code)
        }
        return found
    }

    package func remove(_ name: String) throws(StorageError) {
        guard files.withLock({ $0.removeValue(forKey: name) }) != nil else {
            throw StorageError(operation: "remove", path: path + "/" + name, code: SystemCalls.notFound)
        }
    }

    package func rename(_ name: String, to newName: String) throws(StorageError) {
        let isThere = files.withLock { files in
            guard let file = files.removeValue(forKey: name) else { return false }
            files[newName] = file
            return true
        }
        guard isThere else {
            throw StorageError(operation: "rename", path: path + "/" + name, code: SystemCalls.notFound)
        }
    }

    package func syncDirectory() throws(StorageError) {}

    package func lock(_ name: String) throws(StorageError) -> StorageLockOutcome {
        guard locks.withLock({ $0.insert(name).inserted }) else {
            return .held(processID: SystemCalls.processID())
        }
        return .acquired(MemoryLock { [weak self] in _ = self?.locks.withLock { $0.remove(name) } })
    }
}

private final class MemoryLock: StorageLock {
    private let release: @Sendable () -> Void
    init(release: @escaping @Sendable () -> Void) { self.release = release }
    deinit { release() }
}

private final class MemoryFile: StorageFile {
    private let content = Mutex<[UInt8]>([])

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) -> Int {
        content.withLock { content in
            guard offset < content.count else { return 0 }
            let count = min(buffer.count, content.count - offset)
            content.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
            }
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) {
        content.withLock { content in
            let end = offset + bytes.count
            if end > content.count { content.append(contentsOf: [UInt8](repeating: 0, count: end - content.count)) }
            content.withUnsafeMutableBytes {
                UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: bytes)
            }
        }
    }

    func sync() throws(StorageError) {}

    func size() throws(StorageError) -> Int { content.withLock { $0.count } }

    func truncate(to size: Int) throws(StorageError) {
        content.withLock { content in
            if size < content.count {
                content.removeSubrange(size...)
            } else {
                content.append(contentsOf: [UInt8](repeating: 0, count: size - content.count))
            }
        }
    }
}
