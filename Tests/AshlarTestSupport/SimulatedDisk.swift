package import AshlarStorage
import Synchronization

/// A disk in memory that forgets, tears, fails and fills up as `format-spec/medium.md` allows: for tests.
///
/// All it does follows from its seed and the order of the calls. Nothing is durable before a sync; `powerCut(seed:)` gives the disk that the
/// next process finds. Faults are set with `fail(_:…)`, `cutPower(atChange:)` and `capacity`.
package final class SimulatedDisk: Storage {
    package let path: String
    /// The bug that the engine is to have on this disk, if any; see `SeededBug`.
    package let seededBug: UInt8?
    let state: Mutex<State>

    package init(seed: UInt64, path: String = "simulated", seededBug: UInt8? = nil) {
        self.path = path
        self.seededBug = seededBug
        state = Mutex(State(random: SplitMix64(seed: seed)))
    }

    /// The disk that comes of `disk`, with the same path.
    init(_ state: State, after disk: SimulatedDisk) {
        path = disk.path
        seededBug = disk.seededBug
        self.state = Mutex(state)
    }

    /// Everything about the disk, under its lock.
    struct State: Sendable {
        var directory = SimulatedDirectory()
        var files: [Int: SimulatedFile] = [:]
        var locks: Set<String> = []
        var nextFile = 1
        var random: SplitMix64
        var faults = Faults()
        var record = Record()

        init(random: SplitMix64) { self.random = random }
    }

    package func list() throws(StorageError) -> [String] {
        try state.withLock { (state) throws(StorageError) in
            try state.begin(.list, path)
            return Array(state.directory.visible.keys)
        }
    }

    package func open(_ name: String, _ mode: StorageMode) throws(StorageError) -> any StorageFile {
        let file = path + "/" + name
        let id = try state.withLock { (state) throws(StorageError) -> Int in
            let found = state.directory.visible[name]
            if mode != .create {
                try state.begin(.open, file)
                guard let found else { throw StorageError(operation: "open", path: file, code: SystemCalls.notFound) }
                return found
            }
            let outcome = try state.begin(.create, file)
            guard found == nil else { throw StorageError(operation: "create", path: file, code: SystemCalls.exists) }
            let id = state.nextFile
            state.nextFile += 1
            state.files[id] = SimulatedFile()
            state.directory.link(name, id)
            if outcome == .cut { throw StorageError(operation: "create", path: file, code: SystemCalls.inputOutput) }
            return id
        }
        return SimulatedHandle(self, id, path: file, isWritable: mode != .read)
    }

    package func remove(_ name: String) throws(StorageError) {
        try changeDirectory(.remove, name) { $0.unlink(name) }
    }

    package func rename(_ name: String, to newName: String) throws(StorageError) {
        try changeDirectory(.rename, name) { $0.rename(name, to: newName) }
    }

    private func changeDirectory(
        _ operation: Operation, _ name: String, _ body: (inout SimulatedDirectory) -> Void
    ) throws(StorageError) {
        let file = path + "/" + name
        try state.withLock { (state) throws(StorageError) in
            let outcome = try state.begin(operation, file)
            guard state.directory.visible[name] != nil else {
                throw StorageError(operation: operation.rawValue, path: file, code: SystemCalls.notFound)
            }
            body(&state.directory)
            if outcome == .cut {
                throw StorageError(operation: operation.rawValue, path: file, code: SystemCalls.inputOutput)
            }
        }
    }

    package func syncDirectory() throws(StorageError) {
        try state.withLock { (state) throws(StorageError) in
            let outcome = try state.begin(.syncDirectory, path)
            if outcome == .proceed || state.random.chance(50) { state.directory.sync() }
            if outcome == .cut { throw StorageError(operation: "sync", path: path, code: SystemCalls.inputOutput) }
        }
    }

    package func lock(_ name: String) throws(StorageError) -> StorageLockOutcome {
        let isFree = try state.withLock { (state) throws(StorageError) in
            try state.begin(.open, path + "/" + name)
            return state.locks.insert(name).inserted
        }
        guard isFree else { return .held(processID: SystemCalls.processID()) }
        return .acquired(SimulatedLock { [weak self] in _ = self?.state.withLock { $0.locks.remove(name) } })
    }
}

/// A held lock of a simulated disk.
private final class SimulatedLock: StorageLock {
    private let release: @Sendable () -> Void
    init(_ release: @escaping @Sendable () -> Void) { self.release = release }
    deinit { release() }
}
