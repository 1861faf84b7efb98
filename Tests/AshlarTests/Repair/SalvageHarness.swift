import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// A store that was whole once, and what a salvage of a damaged copy of it must come to.
struct SalvageHarness {
    let disk: SimulatedDisk
    let whole: LogContents

    init(_ disk: SimulatedDisk) throws(StoreError) {
        self.disk = disk
        whole = try LogContents(disk)
    }

    /// Several segments, forks, a branch taken up again, a group, floating batches, marks.
    static func recorded(_ compression: Compression) throws -> SalvageHarness {
        let store = try HostileReadTests.store(compression)
        return try SalvageHarness(store.disk)
    }

    static func vector(_ name: String) throws -> SimulatedDisk {
        let folder = Vectors.folder.appendingPathComponent(name + "/store")
        let disk = SimulatedDisk(seed: 1)
        for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            disk[file] = [UInt8](try Data(contentsOf: folder.appendingPathComponent(file)))
        }
        return disk
    }

    /// Offsets of all commits of a segment, and where they end.
    func offsets(_ file: String) throws -> [Int] {
        let name = try #require(SegmentName(fileName: file))
        let loading = SegmentLoading(storage: disk)
        let handle = try disk.open(file, .read)
        let index = try loading.rebuild(name, loading.header(name, handle), handle, size: handle.size(), next: nil)
        return index.offsets.map { Int($0) * 8 } + [Int(index.summary.endOffset)]
    }

    /// Salvages a damaged copy and checks everything that must hold of any damage; gives the report.
    @discardableResult
    func check(_ damaged: SimulatedDisk, _ what: String) throws -> SalvageReport {
        let before = damaged.fileNames.map { damaged[$0] }
        let plan = try SalvagePlan(damaged)
        #expect(damaged.fileNames.map { damaged[$0] } == before, "\(what): the original was changed")
        var met: Set<UInt64> = []
        for (part, files) in zip(plan.report.parts, plan.parts) {
            let storage = SalvagedStorage(files, of: damaged)
            let problems = try StoreVerification.run(storage).problems
            #expect(problems.isEmpty, "\(what): \(problems)")
            let saved = try LogContents(storage)
            #expect(saved.state.sequence == part.sequences.upperBound && saved.proven.sequence == saved.state.sequence)
            // Where the header that tells of a prune is damaged, what a crash left of pruned segments comes back: no loss, and nothing to compare with.
            for sequence in part.sequences where sequence > whole.base.sequence {
                met.insert(sequence)
                check(saved, sequence, plan.report, what)
            }
        }
        var count = met.count + plan.report.unplaced.count { $0.sequence > whole.base.sequence }
        for sequences in plan.report.lost.compactMap(\.sequences) {
            for sequence in sequences where sequence > whole.base.sequence {
                met.insert(sequence)
                count += 1
            }
        }
        for commit in plan.report.unplaced where commit.sequence > whole.base.sequence { met.insert(commit.sequence) }
        let all = Set(whole.base.sequence + 1..<whole.state.sequence + 1)
        #expect(met == all, "\(what): \(all.symmetricDifference(met).sorted())")
        #expect(count == all.count, "\(what): counted twice")
        return plan.report
    }

    /// A saved commit is the one that was there: identity, chain value, meta, and each of its events.
    private func check(_ saved: LogContents, _ sequence: UInt64, _ report: SalvageReport, _ what: String) {
        let original = whole.commits[Int(sequence - whole.base.sequence) - 1]
        let copy = saved.commits[Int(sequence - saved.base.sequence) - 1]
        #expect(copy.header.chainValue == original.header.chainValue, "\(what): \(sequence)")
        #expect(copy.meta == original.meta, "\(what): \(sequence)")
        if report.emptied.contains(where: { $0.sequence == sequence }) {
            #expect(copy.header.isStub && copy.events.isEmpty)
        } else if report.standInNames.isEmpty {
            #expect(copy.header == original.header && copy.events == original.events, "\(what): \(sequence)")
        } else {
            #expect(copy.events.map(\.payload) == original.events.map(\.payload), "\(what): \(sequence)")
        }
    }
}
