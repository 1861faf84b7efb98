import ArgumentParser
import Ashlar
import Glibc

/// `ashlar salvage`: saves what checks out of a damaged store into a new one.
struct SalvageCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Save what can be saved of a damaged store into a new one; the old one is only read.",
        discussion: """
            EXAMPLES
              ashlar salvage chain --to chain.saved
              ashlar salvage chain --to chain.saved --json | jq .lost

            Every commit that checks out is saved byte for byte, under its old sequence and with its old chain value, also if \
            the store cannot be opened any more. A commit of which only events are damaged keeps its block, and its events \
            say `removed`. Behind a loss begins a store of its own, NEW.2, NEW.3 …: it says `pruned` to what asks for \
            something before, and snapshots and consumers go with the store whose log they fit. So an export or a consumer \
            that had passed the loss goes on with the last one; to have the chain in one piece, append the lost blocks to NEW \
            and the rest again.

            Nothing is called NEW before it is whole, checked and synced. A store that a writer has open is refused (exit code 3): \
            stop the writer first; none can open the store meanwhile. Exit code 1 tells that something was lost, and the report what:
            {"whole","parts":[{"path","sequences","heights","commits","events","behindLoss"}],"lost":[{"file","bytes",\
            "sequences","heights","reason"}],"emptied":[{"sequence","height","events","file","bytes","reason"}],"unplaced":[…],\
            "standInNames","notices"}, where ranges are {"first","last"} or null; `unplaced` are commits that check out but \
            stand on what is lost in a way that no valid log allows: `ashlar log --degraded` shows no more of them either, so \
            keep the old store.
            """)

    @Argument(help: "The damaged store's directory.")
    var store: String

    @Option(name: .customLong("to"), help: "Where to save it: a path where nothing stands yet.")
    var target: String

    @Flag(help: "Print the report as JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func perform(_ output: inout Output) throws(CommandError) {
        let (path, target) = (store, target)
        let bar = ProgressBar(isVisible: !json && isatty(STDERR_FILENO) == 1)
        let report: SalvageReport
        do throws(StoreError) {
            report = try StoreSalvage.run(at: path, to: target) { bar.show(done: $0.bytesDone, of: $0.bytesTotal) }
        } catch {
            bar.clear()
            throw .store(error)
        }
        bar.clear()
        if json { Self.json(report, &output) } else { Self.text(report, &output) }
        guard !report.isWhole else { return }
        output.flush()
        throw .damaged(
            message: "not all of \(path) could be saved; it was not changed. Keep it until you have what is missing")
    }

    private static func text(_ report: SalvageReport, _ output: inout Output) {
        for part in report.parts {
            let heights = part.heights.map { ", heights \($0.lowerBound)–\($0.upperBound)" } ?? ""
            output.write(
                text:
                    "saved: \(TextTable.printable(part.path)): sequences \(part.sequences.lowerBound)–\(part.sequences.upperBound)"
                    + "\(heights); \(part.commits) commits, \(part.events) events\n")
        }
        for line in SalvageText.losses(of: report) { output.write(text: TextTable.printable(line) + "\n") }
        for notice in report.notices { output.write(text: "note: \(TextTable.printable(notice))\n") }
    }

    private static func json(_ report: SalvageReport, _ output: inout Output) {
        output.write("{\"whole\":")
        output.json(report.isWhole)
        list("parts", report.parts, &output) { part, output in
            output.write("{\"path\":")
            output.json(part.path)
            range("sequences", part.sequences.lowerBound, part.sequences.upperBound, &output)
            heights(part.heights, &output)
            output.write(",\"commits\":")
            output.write(part.commits)
            output.write(",\"events\":")
            output.write(part.events)
            output.write(",\"behindLoss\":")
            output.json(part.isBehindLoss)
            output.write("}")
        }
        list("lost", report.lost, &output) { lost, output in
            output.write("{\"file\":")
            output.json(lost.file)
            range(
                "bytes", UInt64(lost.bytes.lowerBound), UInt64(max(lost.bytes.lowerBound, lost.bytes.upperBound - 1)),
                &output)
            range("sequences", lost.sequences?.lowerBound, lost.sequences?.upperBound, &output)
            heights(lost.heights, &output)
            output.write(",\"reason\":")
            output.json(lost.reason)
            output.write("}")
        }
        list("emptied", report.emptied, &output, commit)
        list("unplaced", report.unplaced, &output, commit)
        list("standInNames", report.standInNames, &output) { $1.json($0) }
        list("notices", report.notices, &output) { $1.json($0) }
        output.write("}\n")
    }

    private static func commit(_ commit: DamagedCommit, _ output: inout Output) {
        output.write("{\"sequence\":")
        output.write(commit.sequence)
        output.write(",\"height\":")
        output.json(commit.height)
        output.write(",\"events\":")
        output.write(commit.events)
        output.write(",\"file\":")
        output.json(commit.file)
        range(
            "bytes", UInt64(commit.bytes.lowerBound), UInt64(max(commit.bytes.lowerBound, commit.bytes.upperBound - 1)),
            &output)
        output.write(",\"reason\":")
        output.json(commit.reason)
        output.write("}")
    }

    private static func list<Element>(
        _ name: String, _ elements: [Element], _ output: inout Output, _ write: (Element, inout Output) -> Void
    ) {
        output.write(text: ",\"\(name)\":[")
        for (index, element) in elements.enumerated() {
            if index > 0 { output.write(",") }
            write(element, &output)
        }
        output.write("]")
    }

    private static func range(_ name: String, _ first: UInt64?, _ last: UInt64?, _ output: inout Output) {
        output.write(text: ",\"\(name)\":")
        guard let first, let last else { return output.write("null") }
        output.write("{\"first\":")
        output.write(first)
        output.write(",\"last\":")
        output.write(last)
        output.write("}")
    }

    private static func heights(_ heights: ClosedRange<Int64>?, _ output: inout Output) {
        output.write(",\"heights\":")
        guard let heights else { return output.write("null") }
        output.write("{\"first\":")
        output.write(heights.lowerBound)
        output.write(",\"last\":")
        output.json(heights.upperBound == .max ? nil : heights.upperBound)
        output.write("}")
    }
}
