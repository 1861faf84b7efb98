extension SegmentIndex {
    /// The footer: summary, columns, trailer.
    package func encodedFooter() -> [UInt8] {
        var summary = summary
        var body = ByteBuffer()
        for kind in FooterColumnKind.allCases {
            let start = body.count
            encode(kind, to: &body)
            let bytes = UnsafeRawBufferPointer(rebasing: body.bytes[start...])
            summary.columns[kind.rawValue] = FooterColumn(
                offset: UInt64(SegmentSummary.size + start), length: UInt64(bytes.count), crc: Checksum.crc(bytes))
            body.padTo8(since: start)
        }
        var footer = ByteBuffer(capacity: summary.footerLength)
        summary.encode(to: footer.extend(SegmentSummary.size))
        footer.append(body.bytes)
        var trailer: [UInt8] = []
        trailer.appendInteger(UInt32(truncatingIfNeeded: summary.footerLength))
        let seed = Checksum.headerSeed(store: summary.storeID, segment: summary.segment)
        trailer.appendInteger(trailer.withUnsafeBytes { Checksum.crc($0, seed: seed) })
        trailer.appendInteger(SegmentSummary.trailerMagic)
        footer.append(trailer)
        return [UInt8](footer.bytes)
    }

    private func encode(_ kind: FooterColumnKind, to buffer: inout ByteBuffer) {
        switch kind {
        case .offsets: for offset in offsets { buffer.append(offset) }
        case .runs:
            for run in runs {
                buffer.append(run.firstHeight)
                buffer.append(run.firstIndex)
                buffer.append(run.count)
            }
        case .rollbacks: for rollback in rollbacks { Self.encode(rollback, to: &buffer) }
        case .hashes:
            for hash in hashes.sorted() {
                buffer.append(UInt32(truncatingIfNeeded: hash >> 32))
                buffer.append(UInt32(truncatingIfNeeded: hash))
            }
        case .models: for model in models.sorted(by: { $0.id < $1.id }) { Self.encode(model, to: &buffer) }
        case .keyed: for index in keyed { buffer.append(index) }
        case .types:
            for type in types.sorted(by: { $0.id < $1.id }) {
                buffer.append(type.id)
                buffer.append(UInt32(type.name.count))
                buffer.append(type.events)
                buffer.append(type.name)
                buffer.appendZeros(paddedTo8(type.name.count) - type.name.count)
            }
        }
    }

    private static func encode(_ rollback: Rollback, to buffer: inout ByteBuffer) {
        buffer.append(rollback.index)
        buffer.append(UInt32(rollback.readopted.count))
        buffer.append(rollback.toHeight)
        buffer.append(UInt64(rollback.undoneBlocks))
        for entry in rollback.readopted {
            buffer.append(entry.sequence)
            buffer.append(entry.height)
        }
    }

    private static func encode(_ model: Model, to buffer: inout ByteBuffer) {
        buffer.append(model.id)
        buffer.append(UInt32(model.name.count))
        buffer.append(model.events)
        buffer.append(model.floatingEvents)
        buffer.append(model.version)
        buffer.append(model.lowestHeight)
        buffer.append(model.highestHeight)
        buffer.append(model.name)
        buffer.appendZeros(paddedTo8(model.name.count) - model.name.count)
    }
}

extension SegmentIndex {
    /// Restores everything from a whole footer that stands in `span` ([FTR-2]): for going on where a sidecar left off.
    package init(
        footer span: borrowing RawSpan, summary: SegmentSummary, heightGaps: Bool
    ) throws(FormatError) {
        self.init(summary: summary, heightGaps: heightGaps)
        try require(span.byteCount == summary.footerLength, "footer: wrong length")
        for kind in FooterColumnKind.allCases {
            let column = summary[kind]
            let range = Int(column.offset)..<Int(column.offset + column.length)
            try require(
                Checksum.crc(span.extracting(range)) == column.crc, "footer: checksum of a column does not match")
        }
        func column(_ kind: FooterColumnKind) -> Range<Int> {
            Int(summary[kind].offset)..<Int(summary[kind].offset + summary[kind].length)
        }
        offsets = try FooterColumns.offsets(span.extracting(column(.offsets)), summary: summary)
        runs = try FooterColumns.runs(span.extracting(column(.runs)), summary: summary)
        rollbacks = try FooterColumns.rollbacks(span.extracting(column(.rollbacks)), summary: summary)
        models = try FooterColumns.models(span.extracting(column(.models)))
        types = try FooterColumns.types(span.extracting(column(.types)))
        keyed = try FooterColumns.keyed(span.extracting(column(.keyed)), summary: summary)
        hashes = try FooterColumns.hashes(span.extracting(column(.hashes)), summary: summary)
        reindex()
    }

    private mutating func reindex() {
        for (index, model) in models.enumerated() { modelIndex[model.id] = UInt32(index) + 1 }
        for (index, type) in types.enumerated() { typeIndex[type.id] = UInt32(index) + 1 }
    }
}
