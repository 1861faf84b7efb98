import ArgumentParser
import Ashlar
import Glibc

/// `ashlar snapshots verify`: checks every byte of the snapshot files.
struct SnapshotsVerifyCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every byte of the snapshots, and that they belong to the log.",
        discussion: """
            EXAMPLES
              ashlar snapshots verify chain
              ashlar snapshots verify chain --json | jq -c 'select(.sound | not)'

            A line for each file: {"file","sound","problem"} with --json. Exit code 1 tells of damage. A snapshot whose block \
            was undone, or of another store, is of no use but not damaged: it is told of, and the exit code stays 0.
            """)

    @OptionGroup var reading: ReadingOptions
    @OptionGroup var filter: SnapshotFilter

    @Flag(help: "Print JSON Lines.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let store = try reading.open(notes: !json)
        let view = try withStore { () throws(StoreError) in try store.view() }
        let entries = try filter.entries(of: store)
        let bar = ProgressBar(isVisible: !json && isatty(STDERR_FILENO) == 1)
        let total = entries.reduce(0) { $0 + $1.fileBytes }
        var (done, damaged) = (0, 0)
        for entry in entries {
            bar.show(done: done, of: total)
            let damage = Self.damage(entry, store)
            if damage != nil { damaged += 1 }
            var problem = damage
            if problem == nil { problem = try withStates { try entry.problem(in: view) }.map { "\($0)" } }
            bar.clear()
            write(entry, isSound: damage == nil, problem, &output)
            done += entry.fileBytes
        }
        guard damaged > 0 else { return }
        output.flush()
        throw .damaged(
            message: "\(damaged) of \(entries.count) snapshots are damaged. They are not needed: remove them, or let "
                + "`ashlar snapshots take` make new ones")
    }

    /// What is wrong with the bytes of a file, or nil.
    private static func damage(_ entry: SnapshotEntry, _ store: Store) -> String? {
        do throws(SnapshotError) {
            if case .unusable(let error) = entry.contents { throw error }
            try store.snapshots.open(entry).verify()
            return nil
        } catch {
            return "\(error)"
        }
    }

    private func write(_ entry: SnapshotEntry, isSound: Bool, _ problem: String?, _ output: inout Output) {
        guard json else {
            let verdict = (isSound ? "sound" : "damaged") + (problem.map { ": \($0)" } ?? "")
            return output.write(text: TextTable.printable("\(entry.fileName): \(verdict)") + "\n")
        }
        output.write("{\"file\":")
        output.json(entry.fileName)
        output.write(",\"sound\":")
        output.json(isSound)
        output.write(",\"problem\":")
        output.json(problem)
        output.write("}\n")
    }
}
