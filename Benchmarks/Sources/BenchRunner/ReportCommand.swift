import ArgumentParser
import Foundation

/// `bench-runner report`: writes the page and the picture anew, and puts the table into a README.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write Markdown and SVG of results anew, or update a README.",
        discussion: """
            EXAMPLES
              bench-runner report Benchmarks/results/2026-12-01.json
              bench-runner report Benchmarks/results/2026-12-01.json --update-readme README.md
            """)

    @Argument(help: "A JSON file that `run` wrote.")
    var file: String
    @Option(help: "A file with a block between two marks, which is replaced by the table.")
    var updateReadme: String?

    mutating func validate() throws {
        guard file.hasSuffix(".json") else { throw ValidationError("\(file) is no file of results: they end in .json") }
    }

    func run() throws {
        let report = Report(try Results.load(file))
        try report.write(String(file.dropLast(".json".count)))
        if let updateReadme { try SpeedTable(report).replace(in: updateReadme, link: file) }
    }
}

/// The short table that stands in the README.
struct SpeedTable {
    static let begin = "<!-- speed: written by `bench-runner report --update-readme` -->"
    static let end = "<!-- /speed -->"
    private static let columns: [Workload] = [.append, .durable, .bulk, .scan, .random, .model, .open, .disk]

    /// Limits and variants that are of interest to those who look closer.
    private static let leftOut: Set = ["bare", "raw-prezeroed", "lmdb-writemap"]

    let report: Report

    init(_ report: Report) { self.report = report }

    /// Replaces what stands between the marks in the file at `path`. Throws if they are not there, once and in this order.
    func replace(in path: String, link: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let opened = text.components(separatedBy: Self.begin)
        guard opened.count == 2 else { throw Problem("\(path) must have one line \(Self.begin)") }
        let closed = opened[1].components(separatedBy: Self.end)
        guard closed.count == 2 else { throw Problem("\(path) must have one line \(Self.end) behind that") }
        let picture = String(link.dropLast(".json".count)) + ".md"
        let new = opened[0] + Self.begin + "\n" + table(link: picture) + "\n" + Self.end + closed[1]
        try Data(new.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func table(link: String) -> String {
        let results = report.results
        let facts = Dictionary(results.machine.compactMap { $0.count == 2 ? ($0[0], $0[1]) : nil }) { first, _ in first
        }
        let columns = Self.columns.filter(report.workloads.contains)
        let rows = report.peers.filter { !Self.leftOut.contains($0.name) }.map { peer in
            "| \(peer.title) | "
                + columns.map { results.absolute(peer.name, $0).map { $0.median.shown } ?? "" }.joined(separator: " | ")
                + " |"
        }
        return
            ([
                "| | " + columns.map { "\($0.title) (\($0.unit))" }.joined(separator: " | ") + " |",
                "|---|" + columns.map { _ in "---|" }.joined(),
            ] + rows + [
                "",
                "\(results.settings.events) events of \(results.settings.payloadBytes) bytes in blocks of "
                    + "\(results.settings.eventsPerBlock), one thread, medians of \(results.settings.rounds) rounds on \(results.date): "
                    + "\(facts["processor"] ?? ""), \(facts["cores"] ?? "") cores, \(facts["kernel"] ?? ""). Numbers of one run may be "
                    + "compared, no others; [ratios with their intervals](\(link)).",
            ]).joined(separator: "\n")
    }
}
