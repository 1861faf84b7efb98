import AshlarStorage
import Testing

@Suite("Storage")
struct StorageTests {
    @Test("memory gives back what was written, zeros in between, and less at the end")
    func memory() throws {
        let storage = MemoryStorage()
        let file = try storage.open("a", .create)
        try [UInt8]([1, 2, 3]).withUnsafeBytes { try file.write($0, at: 5) }
        var bytes = [UInt8](repeating: 9, count: 16)
        let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        #expect(count == 8)
        #expect(bytes[..<8] == [0, 0, 0, 0, 0, 1, 2, 3])
    }

    @Test("a lock is held by one at a time and goes with its holder")
    func lock() throws {
        let storage = MemoryStorage()
        var held: (any StorageLock)?
        if case .acquired(let lock) = try storage.lock("lock") { held = lock }
        #expect(held != nil)
        guard case .held = try storage.lock("lock") else {
            Issue.record("the lock was given twice")
            return
        }
        held = nil
        guard case .acquired = try storage.lock("lock") else {
            Issue.record("the lock was not released")
            return
        }
    }
}
