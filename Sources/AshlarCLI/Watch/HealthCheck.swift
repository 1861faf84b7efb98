import Ashlar

/// What the health of a store is judged by; nil is not looked at.
struct HealthLimits {
    /// Seconds since the time that the tip's block says.
    var tipAge: Double?
    /// Seconds since the last commit was appended.
    var appendAge: Double?
    /// Commits that are not known to be durable.
    var unsyncedCommits: UInt64?
    /// Commits that a consumer has not acknowledged.
    var consumerLag: UInt64?
    /// Percent of the disk that must be free, and below which half of it is critical.
    var freePercent: Double = 10
    /// Days until the disk is full.
    var daysToFull: Double = 14
    /// Seconds since the report of a `verify` was written.
    var verifyAge: Double?
}

/// The report that a `verify` left: when, and whether the store was sound.
struct VerifyNote {
    var ageSeconds: Double
    var isSound: Bool
}

/// How bad it is; the exit codes of `ashlar health`.
enum HealthLevel: Int32, Comparable {
    case healthy = 0
    case warning = 1
    case critical = 2

    static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// A word for it.
    var word: String {
        switch self {
        case .healthy: "ok"
        case .warning: "warning"
        case .critical: "critical"
        }
    }
}

/// One thing that was looked at.
struct HealthFinding {
    /// A stable word, for programs.
    var check: String
    var level: HealthLevel
    var message: String
}

/// Judges a sample. What exceeds a limit is a warning, what exceeds it twice is critical.
enum HealthCheck {
    static func findings(_ sample: StoreSample, _ limits: HealthLimits, _ verify: VerifyNote?) -> [HealthFinding] {
        var findings: [HealthFinding] = []
        func judge(_ check: String, _ value: Double, limit: Double, _ message: String) {
            let level: HealthLevel = value > 2 * limit ? .critical : value > limit ? .warning : .healthy
            findings.append(HealthFinding(check: check, level: level, message: message))
        }
        if let limit = limits.tipAge {
            if let tip = sample.statistics.tip {
                let age = sample.age(of: tip.block.timestamp)
                judge("tipAge", age, limit: limit, "the tip, height \(tip.block.height), is \(Self.text(age)) old")
            } else {
                findings.append(HealthFinding(check: "tipAge", level: .critical, message: "there is no block"))
            }
        }
        if let limit = limits.appendAge {
            let age = sample.lastAppend.map { sample.age(of: $0) } ?? .infinity
            judge("appendAge", age, limit: limit, "nothing was appended for \(Self.text(age))")
        }
        if let limit = limits.unsyncedCommits {
            let count = sample.unsyncedCommits
            judge(
                "unsyncedCommits", Double(count), limit: Double(limit), "\(count) commits are not known to be durable")
        }
        findings += disk(sample, limits)
        findings += consumers(sample, limits)
        if let limit = limits.verifyAge {
            findings.append(verified(verify, limit))
        }
        return findings
    }

    private static func disk(_ sample: StoreSample, _ limits: HealthLimits) -> [HealthFinding] {
        guard let disk = sample.disk, disk.totalBytes > 0 else { return [] }
        let percent = 100 * Double(disk.freeBytes) / Double(disk.totalBytes)
        let half = limits.freePercent / 2
        var findings = [
            HealthFinding(
                check: "diskFree",
                level: percent < half ? .critical : percent < limits.freePercent ? .warning : .healthy,
                message: "\(NumberText.decimals(percent, 1)) % of the disk is free")
        ]
        if let days = sample.growth?.daysToFull {
            let text = days < 100_000 ? NumberText.decimals(days, 1) : "100,000 and more"
            findings.append(
                HealthFinding(
                    check: "daysToFull",
                    level: days < limits.daysToFull / 2 ? .critical : days < limits.daysToFull ? .warning : .healthy,
                    message: "at the present pace the disk is full in \(text) days"))
        }
        return findings
    }

    private static func consumers(_ sample: StoreSample, _ limits: HealthLimits) -> [HealthFinding] {
        guard let limit = limits.consumerLag else { return [] }
        return sample.consumers.map { consumer in
            guard let lag = consumer.lag else {
                let problem = consumer.problem.map { "\($0)" } ?? "it has no place in the log"
                return HealthFinding(
                    check: "consumerLag", level: .critical, message: "consumer `\(consumer.name)`: \(problem)")
            }
            let above = lag.commits - min(lag.commits, limit)
            let level: HealthLevel = above > limit ? .critical : above > 0 ? .warning : .healthy
            return HealthFinding(
                check: "consumerLag", level: level,
                message: "consumer `\(consumer.name)` is \(lag.commits) commits behind")
        }
    }

    private static func verified(_ note: VerifyNote?, _ limit: Double) -> HealthFinding {
        guard let note else {
            return HealthFinding(
                check: "verify", level: .warning,
                message: "there is no report of a verify; `ashlar verify STORE --json > REPORT` writes one")
        }
        guard note.isSound else {
            return HealthFinding(check: "verify", level: .critical, message: "the last verify found damage")
        }
        let level: HealthLevel =
            note.ageSeconds > 2 * limit ? .critical : note.ageSeconds > limit ? .warning : .healthy
        return HealthFinding(
            check: "verify", level: level, message: "the last verify was sound, \(text(note.ageSeconds)) ago")
    }

    /// A time span for people.
    private static func text(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "ever" }
        let whole = Int(min(seconds, 1e12))
        if whole < 120 { return "\(whole) s" }
        if whole < 7_200 { return "\(whole / 60) min" }
        return whole < 172_800 ? "\(whole / 3_600) h" : "\(whole / 86_400) days"
    }
}
