import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("One writer")
struct LockTests {
    @Test("a second writer is told which process has the store")
    func secondWriter() throws {
        for storage in [MemoryStorage(), SimulatedDisk(seed: 1)] as [any Storage] {
            let first = try Writer.open(storage, options: options())
            let error = failure { () throws(StoreError) in _ = try Writer.open(storage, options: options()) }
            #expect(error == .inUse(path: storage.path, processID: SystemCalls.processID()))
            try first.close()
            try Writer.open(storage, options: options()).close()
        }
    }

    @Test("the kernel's lock keeps a second writer out of a directory")
    func secondWriterOfFiles() throws {
        let path = NSTemporaryDirectory() + "ashlar-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var first = try Writer.create(at: path, options: options())
        try first.append(0...10)
        let error = failure { () throws(StoreError) in _ = try Writer.open(at: path, options: options()) }
        #expect(error == .inUse(path: path, processID: SystemCalls.processID()))
        #expect("\(String(describing: error))".contains("\(SystemCalls.processID())"))
        try first.close()
        let again = failure { () throws(StoreError) in _ = try Writer.create(at: path, options: options()) }
        #expect(again == .alreadyExists(path: path))
        let second = try Writer.open(at: path)
        #expect(second.recovery.isClean)
        #expect(second.sequence == 11)
        try second.close()
        let log = try LogContents(FileStorage(path: path))
        #expect(log.heights == Array(0...10))
    }
}
