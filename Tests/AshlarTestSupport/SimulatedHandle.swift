import AshlarStorage

/// An open file of a simulated disk.
final class SimulatedHandle: StorageFile {
    private let disk: SimulatedDisk
    private let id: Int
    private let path: String
    private let isWritable: Bool

    var seededBug: UInt8? { disk.seededBug }

    init(_ disk: SimulatedDisk, _ id: Int, path: String, isWritable: Bool) {
        self.disk = disk
        self.id = id
        self.path = path
        self.isWritable = isWritable
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StorageError) -> Int {
        try disk.state.withLock { (state) throws(StorageError) in
            try state.begin(.read, path)
            let content = state.files[id]?.visible ?? []
            guard offset < content.count else { return 0 }
            let count = min(buffer.count, content.count - offset)
            content.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
            }
            return count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(StorageError) {
        try disk.state.withLock { (state) throws(StorageError) in
            guard isWritable else { throw StorageError(operation: "write", path: path, code: SystemCalls.accessDenied) }
            let room = state.room(for: id, offset: offset, count: bytes.count)
            let outcome: SimulatedDisk.State.Outcome
            do throws(StorageError) {
                outcome = try state.begin(
                    .write, path, file: id, writing: WrittenBytes(offset: offset, content: bytes))
            } catch {
                // A failed write may have written a part.
                if !state.faults.isDead { writePart(bytes, offset, limit: room, &state) }
                throw error
            }
            guard room >= bytes.count else {
                writePart(bytes, offset, limit: room, &state)
                if let point = state.record.last { state.noteFault(at: point) }
                throw StorageError(operation: "write", path: path, code: SystemCalls.noSpace)
            }
            state.files[id]?.write(Array(bytes), at: offset)
            if outcome == .cut { throw StorageError(operation: "write", path: path, code: SystemCalls.inputOutput) }
        }
    }

    private func writePart(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, limit: Int, _ state: inout SimulatedDisk.State
    ) {
        let count = state.random.below(min(limit, bytes.count) + 1)
        state.files[id]?.write(Array(bytes[..<count]), at: offset)
    }

    func sync() throws(StorageError) {
        try disk.state.withLock { (state) throws(StorageError) in
            let outcome: SimulatedDisk.State.Outcome
            do throws(StorageError) {
                outcome = try state.begin(.sync, path, file: id)
            } catch {
                if !state.faults.isDead {
                    var random = state.random
                    state.files[id]?.failSync(&random)
                    state.random = random
                }
                throw error
            }
            if outcome == .proceed || state.random.chance(50) { state.files[id]?.sync() }
            if outcome == .cut { throw StorageError(operation: "sync", path: path, code: SystemCalls.inputOutput) }
        }
    }

    func size() throws(StorageError) -> Int {
        try disk.state.withLock { (state) throws(StorageError) in
            try state.begin(.size, path)
            return state.files[id]?.visible.count ?? 0
        }
    }

    func truncate(to size: Int) throws(StorageError) {
        try disk.state.withLock { (state) throws(StorageError) in
            let outcome = try state.begin(.truncate, path, file: id)
            state.files[id]?.truncate(to: size)
            if outcome == .cut { throw StorageError(operation: "truncate", path: path, code: SystemCalls.inputOutput) }
        }
    }
}
