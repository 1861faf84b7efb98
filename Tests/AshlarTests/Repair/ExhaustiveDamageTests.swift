import AshlarFormat
import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar

/// Every bit of every file is flipped, and every file cut off at every length: in `make exhaustive` all of them, in other runs a sample that is the
/// same each time.
enum Damages {
    static let isExhaustive = ProcessInfo.processInfo.environment["ASHLAR_EXHAUSTIVE"] != nil

    /// Damages `file` of `disk` in each way, one after the other, and puts it right again. `step` is for runs that are not exhaustive: a prime, so that
    /// samples fall on all bits of a byte.
    static func each(
        _ file: String, of disk: SimulatedDisk, step: Int, _ body: (_ what: String, _ bytes: [UInt8]) throws -> Void
    ) throws {
        let whole = try #require(disk[file])
        let step = isExhaustive ? 1 : step
        var bytes = whole
        for bit in stride(from: whole.count % step, to: 8 * whole.count, by: step) {
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            disk[file] = bytes
            try body("\(file) bit \(bit)", bytes)
            bytes[bit / 8] = whole[bit / 8]
        }
        for count in stride(from: 0, to: whole.count, by: isExhaustive ? 1 : max(1, step / 8)) {
            disk[file] = Array(whole.prefix(count))
            try body("\(file) cut to \(count)", Array(whole.prefix(count)))
        }
        disk[file] = whole
    }

    /// The most address space the process ever had, in bytes: what was allocated counts, used or not.
    static var peakBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmPeak:") }
        return (line?.split(separator: " ").dropLast().last).flatMap { Int($0) }.map { $0 * 1_024 } ?? 0
    }
}

@Suite("Exhaustive damage", .serialized)
struct ExhaustiveDamageTests {
    /// Damage costs no more memory than this; the files have a few KiB. Checked where nothing else runs in the process.
    private static let memoryBound = 64 << 20

    private func withinMemory(_ body: () throws -> Void) throws {
        let before = Damages.peakBytes
        try body()
        if Damages.isExhaustive { #expect(Damages.peakBytes - before <= Self.memoryBound) }
    }

    /// What the vector's commits are when nothing is damaged.
    private func whole(_ vector: String, _ disk: SimulatedDisk) throws -> [StoredCommit] {
        guard vector == "corrupt-middle" else { return try LogContents(disk).commits }
        let sound = disk.copy()
        sound["0000000001-0000.segment"]?[1_500] ^= 1
        return try LogContents(sound).commits
    }

    @Test(
        "every flipped bit and every cut of a golden store gives the log, a reported tail or an error",
        arguments: Vectors.names)
    func stores(vector: String) throws {
        let disk = try SalvageHarness.vector(vector)
        let whole = try whole(vector, disk)
        try withinMemory {
            var count = 0
            for file in disk.fileNames where file != "lock" {
                try Damages.each(file, of: disk, step: 337) { what, _ in
                    try read(disk, whole, "\(vector) \(what)")
                    count += 1
                    if count % 16 == 0 { try write(disk.copy(), whole, "\(vector) \(what)") }
                }
            }
        }
    }

    /// Reading gives a prefix of the log, and says so where it is shorter.
    private func read(_ disk: SimulatedDisk, _ whole: [StoredCommit], _ what: String) throws {
        do throws(StoreError) {
            let found = try LogContents(disk)
            #expect(
                found.commits.count <= whole.count && Array(whole.prefix(found.commits.count)) == found.commits,
                "\(what)")
            // A torn tail, or a segment that was never finished; a cut at a commit's end looks like a log that ended there, if nothing proves more.
            if found.commits.count < whole.count, found.recovery.isClean {
                #expect(what.contains(" cut to "), "\(what): \(found.commits.count) of \(whole.count)")
            }
        } catch {
            check(error, what)
        }
        // Readers of the durable part see no more than that, and nothing else.
        if let durable = try? LogContents(disk, horizon: .durable) {
            #expect(Array(whole.prefix(durable.commits.count)) == durable.commits, "\(what)")
        }
    }

    /// A writer goes on with a prefix of the log, or refuses and changes nothing.
    private func write(_ disk: SimulatedDisk, _ whole: [StoredCommit], _ what: String) throws {
        let before = disk.fileNames.map { disk[$0] }
        do throws(StoreError) {
            var wanted = options()
            wanted.creation = nil
            let writer = try Writer.open(disk, options: wanted)
            try writer.close()
        } catch {
            check(error, what)
            let after = disk.fileNames.filter { $0 != "lock" }.map { disk[$0] }
            #expect(after == before, "\(what): refused, but changed")
            return
        }
        do throws(StoreError) {
            let found = try LogContents(disk)
            #expect(Array(whole.prefix(found.commits.count)) == found.commits, "\(what)")
        } catch {
            check(error, what)
        }
    }

    private func check(_ error: StoreError, _ what: String) {
        switch error {
        case .corrupt, .unsupported, .notAStore: break
        default: Issue.record("\(what): \(error)")
        }
        #expect(!"\(error)".contains("\n"))
    }

    @Test(
        "salvage of every damaged golden store loses what is damaged and nothing else",
        arguments: ["every-kind", "fork", "two-segments", "pruned"])
    func salvage(vector: String) throws {
        let harness = try SalvageHarness(SalvageHarness.vector(vector))
        let disk = harness.disk.copy()
        try withinMemory {
            for file in disk.fileNames where file.hasSuffix(".segment") {
                try Damages.each(file, of: disk, step: 1_201) { what, _ in
                    // A cut behind the last durable commit, and damage to what was pruned, are no loss.
                    do throws(StoreError) { _ = try SalvagePlan(disk) } catch {
                        check(error, what)
                        return
                    }
                    try harness.check(disk, "\(vector) \(what)")
                }
            }
        }
    }

    @Test("every flipped bit and every cut of a golden snapshot gives the state or an error")
    func snapshots() throws {
        let disk = try SalvageHarness.vector("snapshots")
        try withinMemory {
            for file in disk.fileNames {
                let whole = try? SnapshotSamples.read(file, in: disk)
                try Damages.each(file, of: disk, step: 61) { what, _ in
                    do throws(SnapshotError) {
                        let found = try SnapshotSamples.read(file, in: disk)
                        #expect(whole == nil || found == whole, "\(what)")
                    } catch {
                        #expect(
                            { if case .unsupported = error { true } else { error.isDamage } }(), "\(what): \(error)")
                    }
                }
            }
        }
    }

    @Test(
        "every flipped bit and every cut of a consumer's file, a note, a derivation note gives what stood there, or nothing"
    )
    func smallFiles() throws {
        let storeID = StoreID(high: 1, low: 2)
        func slot(_ counter: UInt64) -> ConsumerSlot {
            ConsumerSlot(
                storeID: storeID, counter: counter, sequence: 40 + counter, chainValue: 7, step: 1, event: 3, time: 5,
                name: Array("search".utf8))
        }
        var note = [UInt8](repeating: 0, count: DurabilityNote.size)
        let durable = DurabilityNote(storeID: storeID, epoch: 3, sequence: 4, chainValue: 5)
        note.withUnsafeMutableBytes { buffer in buffer.baseAddress.map { durable.encode(to: $0) } }
        let derivation = DerivationNote(
            sourceID: storeID, name: Array("select".utf8), version: 1, parameters: Array("drop \"utxo\"".utf8))
        let disk = SimulatedDisk(seed: 1)
        disk["consumer"] = slot(4).encoded + slot(5).encoded
        disk["note"] = note
        disk["derivation"] = derivation.encoded()
        // Few enough to take all of them each time.
        try Damages.each("consumer", of: disk, step: 1) { what, bytes in
            let found = ConsumerSlot.latest(in: bytes)
            #expect(found == slot(4) || found == slot(5) || (found == nil && bytes.count < 512), "\(what)")
        }
        try Damages.each("note", of: disk, step: 1) { what, bytes in
            #expect(DurabilityNote(decoding: bytes.span.bytes) == nil, "\(what)")
        }
        try Damages.each("derivation", of: disk, step: 1) { what, bytes in
            #expect((try? DerivationNote(decoding: bytes.span.bytes)) == nil, "\(what)")
        }
    }
}
