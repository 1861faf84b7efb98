import AshlarStorage
import AshlarTestSupport
import Testing

@testable import Ashlar
@testable import AshlarFormat

@Suite("Reading past a failure")
struct ReadingPastFailureTests {
    @Test("what is durable can be read although what was buffered behind it can never be written")
    func poisoned() throws {
        let disk = SimulatedDisk(seed: 3)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...5)
        try writer.sync()
        try writer.append(6...8)
        disk.fail(.write, file: ".segment")
        let store = writer.store
        // The first reader is the one that meets the failing write; it wants nothing of what is not written.
        let before = try store.view(asOf: 6)
        #expect(try before.events().count == 18)
        #expect(try before.tip()?.block.height == 5)
        guard case .poisoned = failure({ () throws(StoreError) in try writer.append(block(9)) }) else {
            Issue.record("the store is not poisoned")
            return
        }
        #expect(try store.view(asOf: 6).events().count == 18)
        #expect(try store.commits(1...6).map { try $0.get().sequence } == Array(1...6))
        let error = failure { () throws(StoreError) in _ = try store.view().tip() }
        guard case .poisoned = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        _ = closing(writer)
        #expect(try store.view(asOf: 6).events().count == 18)
    }
}
