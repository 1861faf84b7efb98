import AshlarTestSupport

@testable import Ashlar
@testable import AshlarFormat

/// Steps taken apart into texts that do not tell where batches and parts were cut.
enum StepTexts {
    /// What a batch delivers.
    static func of(_ batch: StepBatch) -> [String] { batch.steps.flatMap { of($0) } }

    static func of(_ step: Step) -> [String] {
        let id = "\(step.id.chainValue).\(step.id.index)"
        var texts: [String] = []
        switch step.content {
        case .undone(let undone):
            texts = undone.blocks.map {
                "\(id) undone \($0.height) \($0.hash) \($0.sequence) \($0.chainValue) to \(undone.toHeight) of \(undone.count)"
            }
        case .applied(let applied):
            let stored = applied.block
            if step.isFirst {
                texts.append(
                    "\(id) applied \(stored.block.height) \(stored.block.hash) \(stored.sequence) \(applied.isReadopted)"
                )
            }
            texts += step.events.map { event($0) }
            if step.isLast { texts.append("\(id) end") }
        case .floating(let batch):
            if step.isFirst { texts.append("\(id) floating \(batch.key ?? [])") }
            texts += step.events.map { event($0) }
            if step.isLast { texts.append("\(id) end") }
        }
        return texts
    }

    private static func event(_ event: StepEvent) -> String {
        let stored = event.stored
        let time = stored.height == nil ? "" : "\(stored.timestamp.microseconds)"
        return text(
            event.id, stored.model, stored.type, stored.version ?? 0, time, stored.requestID, stored.payload)
    }

    static func text(
        _ id: EventID, _ model: String, _ type: String, _ version: UInt64, _ time: String, _ requestID: [UInt8]?,
        _ payload: [UInt8]
    ) -> String {
        // The payload as its checksum: printing thousands of bytes is what would take the time.
        let crc = payload.withUnsafeBytes { Checksum.crc($0) }
        return
            "\(id.chainValue).\(id.ordinal) \(model) \(type) \(version) \(time) \(requestID ?? []) \(payload.count) \(crc)"
    }
}

extension ModelChain {
    /// What following must deliver, the naive way: from the chains before and after each commit.
    func steps(_ chainValues: [UInt64], models: Set<String>? = nil) -> [String] {
        var texts: [String] = []
        var before: [UInt64] = []
        for (position, commit) in commits.enumerated() {
            guard position >= pruned else {
                before = commit.after.blocks
                continue
            }
            let value = chainValues[position]
            var index = 0
            if let rollback = commit.rollback {
                let undone = before.filter { (block($0)?.height ?? 0) > rollback.toHeight }
                for sequence in undone.reversed() {
                    guard let block = block(sequence) else { continue }
                    texts.append(
                        "\(value).\(index) undone \(block.height) \(block.hash) \(sequence) \(chainValues[Int(sequence) - 1]) "
                            + "to \(rollback.toHeight) of \(undone.count)")
                }
                if !undone.isEmpty { index += 1 }
                for entry in rollback.readopted {
                    texts += step("\(value).\(index)", entry.sequence, chainValues, models, isReadopted: true)
                    index += 1
                }
            }
            if commit.block != nil || commit.kind == .floating {
                texts += step("\(value).\(index)", UInt64(position) + 1, chainValues, models, isReadopted: false)
            }
            before = commit.after.blocks
        }
        return texts
    }

    private func step(
        _ id: String, _ sequence: UInt64, _ chainValues: [UInt64], _ models: Set<String>?, isReadopted: Bool
    ) -> [String] {
        let commit = commits[Int(sequence) - 1]
        let value = chainValues[Int(sequence) - 1]
        var texts: [String] = []
        if let block = commit.block {
            texts.append("\(id) applied \(block.height) \(block.hash) \(sequence) \(isReadopted)")
        } else {
            texts.append("\(id) floating \(commit.key ?? [])")
        }
        for (ordinal, event) in commit.events.enumerated() where models?.contains(event.model) ?? true {
            let time = commit.block.map { "\(event.timestamp ?? $0.timestamp.microseconds)" } ?? ""
            texts.append(
                StepTexts.text(
                    EventID(chainValue: value, ordinal: ordinal), event.model, event.type, event.version, time,
                    event.requestID ?? commit.block?.requestID, event.payload))
        }
        return texts + ["\(id) end"]
    }
}

extension Store {
    /// Everything behind `cursor`, as texts, with the cursor behind each step and batch and how many texts came before it.
    func stepTexts(
        from cursor: Cursor? = nil, _ change: (inout SubscriptionOptions) -> Void = { _ in }
    ) throws(StoreError) -> (texts: [String], cursors: [(Cursor, Int)]) {
        var options = SubscriptionOptions()
        options.horizon = core.horizon
        options.stopsAtEnd = true
        change(&options)
        var start = cursor
        if start == nil { start = try self.cursor(at: .oldest) }
        var follower = try follow(from: start, options: options)
        var texts: [String] = []
        var cursors: [(Cursor, Int)] = [(follower.cursor, 0)]
        while let batch = try follower.next() {
            for step in batch.steps {
                texts += StepTexts.of(step)
                cursors.append((step.cursor, texts.count))
            }
            if cursors.last?.0 != batch.cursor { cursors.append((batch.cursor, texts.count)) }
        }
        return (texts, cursors)
    }
}
