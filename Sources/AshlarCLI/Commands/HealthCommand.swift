import ArgumentParser
import Ashlar
import Glibc

/// `ashlar health`: whether all is well with a store, for a monitoring system.
struct HealthCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Tell whether all is well with a store: lag, disk, consumers, the last verify.",
        discussion: """
            EXAMPLES
              ashlar health chain --max-tip-age 3600 --max-append-age 900 --max-consumer-lag 100
              ashlar verify chain --json > verify.json; ashlar health chain --verify-report verify.json
              ashlar health chain --json | jq -r '.findings[] | select(.level != "ok") | .message'

            It changes nothing and runs beside a writer. A limit that is exceeded is a warning, one that is exceeded twice over \
            is critical; for the disk, less than the limit and less than half of it. A store that cannot be opened is critical. \
            A writer that failed, or is gone, shows by --max-append-age.

            With --json {"level","findings"}, each with {"check","level","message"}; levels are ok, warning and critical.

            Here exit codes say: 0 all is well, 1 a warning, 2 critical, 64 the command line is wrong.
            """)

    @Argument(help: "The store's directory.")
    var store: String

    @Option(help: "Warn if the tip's block is older than so many seconds.")
    var maxTipAge: Double?

    @Option(help: "Warn if nothing was appended for so many seconds.")
    var maxAppendAge: Double?

    @Option(help: "Warn if more commits than this are not known to be durable.")
    var maxUnsynced: UInt64?

    @Option(help: "Warn if a named consumer is more commits than this behind.")
    var maxConsumerLag: UInt64?

    @Option(help: "Warn if less of the disk than so many percent is free.")
    var minFreePercent = HealthLimits().freePercent

    @Option(help: "Warn if the disk is full in less than so many days, going by the last 10,000 commits.")
    var minDaysToFull = HealthLimits().daysToFull

    @Option(help: "The report that `ashlar verify --json` wrote; damage in it is critical.")
    var verifyReport: String?

    @Option(help: "Warn if that report is older than so many seconds.")
    var maxVerifyAge = 604_800.0

    @Flag(help: "Print JSON.")
    var json = false

    var reportsJSON: Bool { json }

    func validate() throws {
        let numbers = [maxTipAge, maxAppendAge, minFreePercent, minDaysToFull, maxVerifyAge]
        if numbers.contains(where: { $0.map { !($0 >= 0) } ?? false }) {
            throw ValidationError("limits must not be negative")
        }
    }

    func perform(_ output: inout Output) throws(CommandError) {
        let findings = try look()
        let level = findings.map(\.level).max() ?? .healthy
        if json { Self.json(findings, level, &output) } else { Self.text(findings, level, &output) }
        guard level != .healthy else { return }
        try output.finish()
        throw .unhealthy(exitCode: level.rawValue)
    }

    private var limits: HealthLimits {
        HealthLimits(
            tipAge: maxTipAge, appendAge: maxAppendAge, unsyncedCommits: maxUnsynced, consumerLag: maxConsumerLag,
            freePercent: minFreePercent, daysToFull: minDaysToFull,
            verifyAge: verifyReport == nil ? nil : maxVerifyAge)
    }

    /// What there is to say; that the store cannot be looked at is a finding too.
    private func look() throws(CommandError) -> [HealthFinding] {
        let note = verifyReport.flatMap(VerifyNote.read)
        do throws(StoreError) {
            let opened = try Store.open(at: store, horizon: .committed)
            let first = HealthFinding(check: "open", level: .healthy, message: "the store can be read")
            return [first] + HealthCheck.findings(try StoreSample(path: store, opened), limits, note)
        } catch {
            return [HealthFinding(check: "open", level: .critical, message: "\(error)")]
        }
    }

    private static func text(_ findings: [HealthFinding], _ level: HealthLevel, _ output: inout Output) {
        for finding in findings {
            let word = finding.level.word + String(repeating: " ", count: 10 - finding.level.word.count)
            output.write(text: word + TextTable.printable(finding.message) + "\n")
        }
        output.write(text: "\nall in all: \(level.word)\n")
    }

    private static func json(_ findings: [HealthFinding], _ level: HealthLevel, _ output: inout Output) {
        output.write("{\"level\":")
        output.json(level.word)
        output.write(",\"findings\":[")
        for (index, finding) in findings.enumerated() {
            output.write(index == 0 ? "{\"check\":" : ",{\"check\":")
            output.json(finding.check)
            output.write(",\"level\":")
            output.json(finding.level.word)
            output.write(",\"message\":")
            output.json(finding.message)
            output.write("}")
        }
        output.write("]}\n")
    }
}

extension VerifyNote {
    /// Reads what `verify --json` has written to a file; nil if that is not there, or something else.
    fileprivate static func read(_ path: String) -> VerifyNote? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = Glibc.read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        // The report begins with the answer.
        let text = String(decoding: bytes[..<count], as: UTF8.self)
        let isSound = text.hasPrefix("{\"sound\":true,")
        guard isSound || text.hasPrefix("{\"sound\":false,") else { return nil }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return VerifyNote(ageSeconds: max(0, Double(now.tv_sec - status.st_mtim.tv_sec)), isSound: isSound)
    }
}
