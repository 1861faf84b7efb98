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

    @Test("a reader beside the writer is told when what the note calls durable does not check out")
    func refreshPastDamage() throws {
        let disk = SimulatedDisk(seed: 3)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...5)
        try writer.sync()
        let reader = try Store.open(disk)
        try writer.append(6...9)
        try writer.sync()
        let name = try #require(disk.segments.first)
        let good = try #require(disk[name])
        let offset = try #require(good.indices.last { good[$0...].starts(with: Array("ACMT".utf8)) })
        var bad = good
        bad[offset + 110] ^= 1
        disk[name] = bad
        let error = failure { () throws(StoreError) in try reader.refresh() }
        guard case .corrupt(let corruption) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(corruption.file == name)
        #expect(corruption.offset == offset)
        disk[name] = good
        #expect(try reader.refresh())
        #expect(reader.sequence == 10)
        try writer.close()
    }

    @Test("a reader of all commits takes none whose records are not there yet")
    func refreshBesideUnfinishedWrite() throws {
        let disk = SimulatedDisk(seed: 3)
        var writer = try Writer.open(disk, options: options())
        try writer.append(0...5)
        try writer.sync()
        let reader = try Store.open(disk, horizon: .committed)
        try writer.append(6...6)
        try writer.flush()
        let name = try #require(disk.segments.first)
        let good = try #require(disk[name])
        let text = try #require(good.indices.last { good[$0...].starts(with: Array("event 1".utf8)) })
        var partial = good
        for index in text..<partial.count { partial[index] = 0 }
        disk[name] = partial
        #expect(try !reader.refresh())
        disk[name] = good
        #expect(try reader.refresh())
        #expect(try reader.view().events(height: 6)?.count == 3)
        try writer.close()
    }
}
