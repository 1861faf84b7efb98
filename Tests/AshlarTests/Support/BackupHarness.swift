import AshlarStorage
import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// Backups beside the simulator's writer, onto a disk of their own that loses its power at times.
///
/// Invariants: a generation that was told is there until it is given up; every generation that is there restores to what was durable, commit for
/// commit; and nothing in it is ever lost by the store itself. A class, because the simulator is a value that only hands it on.
final class BackupHarness {
    private var random: SplitMix64
    private(set) var disk: SimulatedDisk
    /// What each generation must restore to.
    private var wanted: [UInt64: [StoredCommit]] = [:]
    private(set) var told = 0
    private(set) var cutOff = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed ^ 0xBACC)
        disk = SimulatedDisk(seed: random.next())
    }

    /// After an operation of the writer on `store`: perhaps a backup.
    func step(_ store: SimulatedDisk) throws(StoreError) {
        guard random.chance(4) else { return }
        if random.chance(35) { disk.cutPower(atChange: 1 + random.below(40)) }
        var options = BackupOptions()
        options.keptGenerations = random.chance(60) ? 1 + random.below(3) : nil
        let durable = try Store.open(store).sequence
        let next = (wanted.keys.max() ?? 0) + 1
        var report: BackupReport?
        do throws(BackupError) {
            report = try Store.backup(store, to: disk, options: options)
            told += 1
        } catch {
            // A read of the store that failed is the store's to tell.
            if case .store(let error) = error { throw error }
            guard case .inputOutput(let operation, let path, let code) = error else { throw Self.wrong("\(error)") }
            // The store's own disk may be the one that has died.
            guard disk.isDead else { throw .inputOutput(operation: operation, path: path, code: code) }
            cutOff += 1
        }
        if let report, report.sequence < durable { throw Self.wrong("it ends at \(report.sequence)") }
        if disk.isDead || random.chance(20) { disk = disk.powerCut(seed: random.next()) }
        disk.clearFaults()
        try look(at: try LogContents(store, horizon: .durable).commits, report, options, next)
    }

    /// Compares every generation that is there, after looking whether those are that must be.
    private func look(
        at commits: [StoredCommit], _ report: BackupReport?, _ options: BackupOptions, _ next: UInt64
    ) throws(StoreError) {
        do {
            // A first backup that was cut off is none.
            guard !disk.manifests.isEmpty || !wanted.isEmpty || report != nil else { return }
            let found = try Backup.verify(disk)
            guard found.isSound else { throw Self.wrong("\(found.problems)") }
            for generation in found.generations where wanted[generation.number] == nil {
                wanted[generation.number] = commits.filter { $0.header.sequence <= generation.sequence }
            }
            let numbers = Set(found.generations.map(\.number))
            if let report { for number in report.removedGenerations { wanted[number] = nil } }
            // A run that was cut off may have given up any of those that it was to, but only behind a new one.
            if report == nil, numbers.contains(next), let kept = options.keptGenerations {
                for number in wanted.keys.sorted().dropLast(kept) where !numbers.contains(number) {
                    wanted[number] = nil
                }
            }
            guard numbers == Set(wanted.keys), report.map({ numbers.contains($0.generation) }) ?? true else {
                throw Self.wrong("generations \(numbers.sorted()), not \(wanted.keys.sorted())")
            }
            guard let number = numbers.sorted().randomElement(using: &random) else { return }
            guard try LogContents(backup: disk, generation: number).commits == wanted[number] else {
                throw Self.wrong("generation \(number) is not what was backed up")
            }
        } catch let error as StoreError {
            throw error
        } catch {
            throw Self.wrong("\(error)")
        }
    }

    /// At the end: what any generation has, the store has too, unless it was pruned.
    func finish(_ store: SimulatedDisk) throws(StoreError) {
        guard !wanted.isEmpty else { return }
        let log = try LogContents(store)
        let present = Dictionary(uniqueKeysWithValues: log.commits.map { ($0.header.sequence, $0) })
        for (number, commits) in wanted {
            for commit in commits where commit.header.sequence > log.base.sequence {
                guard present[commit.header.sequence] == commit else {
                    throw Self.wrong("generation \(number) has a commit \(commit.header.sequence) that the store lost")
                }
            }
        }
    }

    private static func wrong(_ what: String) -> StoreError { .invalidArgument("backup: \(what)") }
}
