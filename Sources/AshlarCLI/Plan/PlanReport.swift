/// A plan in words and as JSON.
struct PlanReport {
    private let plan: CapacityPlan

    init(_ plan: CapacityPlan) { self.plan = plan }

    private var sizes: FormatSizes { plan.sizes }
    private var daysPerSegment: Double { sizes.blocksPerSegment / plan.blocksPerDay }

    private func openMilliseconds(_ horizon: CapacityPlan.Horizon) -> (clean: Double, killed: Double) {
        let clean = OpeningEstimate.milliseconds(segments: horizon.segments, blocks: horizon.blocks)
        return (
            clean,
            OpeningEstimate.millisecondsAfterKill(clean, segmentBytes: sizes.segmentBytes, logBytes: horizon.logBytes)
        )
    }

    private static func size(_ bytes: Double) -> String { ByteSize.text(Int(min(max(bytes, 0), 9e18))) }
    private static func count(_ value: Double) -> String { NumberText.grouped(Int(min(max(value, 0), 9e18).rounded())) }

    /// Writes what people read.
    func text(_ output: inout Output) {
        let perEvent = sizes.eventsPerBlock > 0 ? sizes.bytesPerBlock / sizes.eventsPerBlock : 0
        var rows = [
            (
                "a block",
                "\(Self.size(sizes.frameBytes)): \(sizes.eventsPerBlock.shortText()) events, \(perEvent.text(1)) bytes each all in"
            ),
            (
                "a segment",
                "\(Self.count(sizes.blocksPerSegment)) blocks, one every \(daysPerSegment.shortText()) days; footer \(Self.size(sizes.footerBytes(blocks: sizes.blocksPerSegment)))"
            ),
            ("a day", "\(plan.blocksPerDay.shortText()) blocks, \(Self.size(plan.bytesPerDay))"),
            ("a year", Self.size(plan.bytesPerYear)),
        ]
        if plan.snapshotSetBytes > 0 {
            rows.append(
                (
                    "snapshots",
                    "\(Self.size(plan.snapshotBytes)); \(Self.size(plan.snapshotBytesWrittenPerDay)) written a day"
                ))
        }
        if let days = plan.daysToFull { rows.append(("disk full", "in \(days.shortText(1)) days")) }
        output.write(text: NumberText.table(rows.map { (title: $0.0, value: $0.1) }) + "\n")
        horizons(&output)
    }

    private func horizons(_ output: inout Output) {
        var table = TextTable([
            .text("after"), .number("blocks"), .number("events"), .number("log"), .number("segments"),
            .number("with snapshots"),
            .number("index in memory"), .number("opening ms"), .number("after a kill ms"),
        ])
        for horizon in plan.horizons {
            let open = openMilliseconds(horizon)
            table.add(
                [
                    horizon.name, Self.count(horizon.blocks), Self.count(horizon.events), Self.size(horizon.logBytes),
                    Self.count(horizon.segments), Self.size(horizon.totalBytes), Self.size(horizon.indexBytes),
                    open.clean.text(1), "≤ " + open.killed.text(1),
                ], to: &output)
        }
        table.finish(&output)
    }

    /// Writes one JSON object.
    func json(_ output: inout Output) {
        func number(_ name: StaticString, _ value: Double?, _ digits: Int = 0) {
            output.write("\"")
            output.write(name)
            output.write("\":")
            output.write(text: value.map { $0.shortText(digits) } ?? "null")
        }
        output.write("{")
        let blockAndSegment: [(StaticString, Double?, Int)] = [
            ("eventsPerBlock", sizes.eventsPerBlock, 3), ("blocksPerDay", plan.blocksPerDay, 3),
            ("blockBytes", sizes.frameBytes, 1), ("bytesPerBlock", sizes.bytesPerBlock, 1),
            ("bytesPerEvent", sizes.eventsPerBlock > 0 ? sizes.bytesPerBlock / sizes.eventsPerBlock : nil, 2),
            ("blocksPerSegment", sizes.blocksPerSegment, 0),
            ("footerBytes", sizes.footerBytes(blocks: sizes.blocksPerSegment), 0),
            ("bytesPerDay", plan.bytesPerDay, 0), ("bytesPerYear", plan.bytesPerYear, 0),
            ("snapshotBytes", plan.snapshotBytes, 0),
            ("snapshotBytesWrittenPerDay", plan.snapshotBytesWrittenPerDay, 0),
            ("diskBytes", plan.diskBytes, 0), ("daysToFull", plan.daysToFull, 2),
        ]
        for (name, value, digits) in blockAndSegment {
            number(name, value, digits)
            output.write(",")
        }
        output.write("\"horizons\":[")
        for (index, horizon) in plan.horizons.enumerated() {
            output.write(text: index > 0 ? ",\n {" : "\n {")
            output.write(text: "\"after\":\"\(horizon.name)\"")
            let open = openMilliseconds(horizon)
            let values: [(StaticString, Double?, Int)] = [
                ("days", horizon.days, 2), ("blocks", horizon.blocks, 0), ("events", horizon.events, 0),
                ("logBytes", horizon.logBytes, 0), ("segments", horizon.segments, 0),
                ("totalBytes", horizon.totalBytes, 0), ("indexBytes", horizon.indexBytes, 0),
                ("openMilliseconds", open.clean, 2), ("openAfterKillMilliseconds", open.killed, 2),
            ]
            for (name, value, digits) in values {
                output.write(",")
                number(name, value, digits)
            }
            output.write("}")
        }
        output.write("\n]}\n")
    }
}
