import Ashlar
import AshlarFormat
import AshlarStorage

extension FuzzTarget {
    private static let segmentName = SegmentName(number: 1).segmentFile

    /// A directory with one file.
    private static func directory(_ name: String, _ bytes: [UInt8]) -> MemoryStorage {
        let storage = MemoryStorage()
        try? storage.open(name, .create).write(bytes, at: 0)
        return storage
    }

    /// Reads all events of a store, in every order that needs code of its own.
    private static func readAll(_ store: Store) {
        guard let view = try? store.view() else { return }
        for order in [EventQuery.Order.chain, .sequence, .version, .timestamp] {
            var query = EventQuery()
            query.order = order
            query.scope = order == .sequence ? .log : .canonical
            guard var cursor = try? view.cursor(query) else { continue }
            while (try? cursor.next()) == true { _ = cursor.payload.byteCount }
        }
        var commits = store.commits(nil, descending: true).makeIterator()
        while let next = commits.next() { guard case .success = next else { break } }
        _ = try? store.statistics()
    }

    /// A segment file as a store of its own: opening, reading, verifying.
    static let segment = FuzzTarget("segment") { bytes in
        for bytes in [bytes, Resealing.segment(bytes)] {
            let storage = directory(segmentName, bytes)
            _ = try? StoreVerification.run(storage)
            guard let store = try? Store.open(storage, horizon: .committed) else { continue }
            readAll(store)
        }
    }

    /// The same file, damaged: what a salvage makes of it is sound.
    static let salvage = FuzzTarget("salvage") { bytes in
        for bytes in [bytes, Resealing.segment(bytes)] {
            // Something of it is broken again, so that there is something to find behind damage.
            var damaged = bytes
            if damaged.count > 1_000 { damaged[600] ^= damaged[damaged.count / 2] }
            for bytes in [bytes, damaged] {
                guard let store = try? DegradedStore(directory(segmentName, bytes)) else { continue }
                rule(store.parts.count == store.report.parts.count, "a part without a report")
                for part in store.parts { readAll(part) }
            }
        }
    }

    /// A commit's frame.
    static let commit = FuzzTarget("commit") { bytes in
        let seed = Checksum.headerSeed(store: StoreID(high: 1, low: 2), segment: 1)
        var sealed = bytes
        var chain: UInt64 = 3
        _ = Resealing.commit(&sealed, at: 0, seed: seed, chain: &chain)
        for bytes in [bytes, sealed] where bytes.count >= CommitHeader.size {
            let span = bytes.span.bytes
            guard let header = try? CommitHeader(decoding: span, at: 0, seed: seed), header.frameLength <= bytes.count
            else { continue }
            let frame = span.extracting(0..<header.frameLength)
            guard let meta = try? CommitMeta(decoding: frame, header: header) else { continue }
            rule(
                header.continues(header.previousChainValue(frame: frame, at: 0), frame: frame, at: 0),
                "a chain value that cannot be taken back")
            var table = RecordTable()
            var types = TypeCounter()
            do {
                try table.layOut(frame, header, meta)
                try table.loadAll(frame, header)
                try table.check(frame, meta, inFull: true, counting: &types)
            } catch {
                continue
            }
        }
    }

    /// The own fields of a record.
    static let record = FuzzTarget("record") { bytes in
        guard bytes.count >= 4 else { return }
        let flags = bytes.span.bytes.u32(0)
        bytes.withUnsafeBytes { buffer in
            let content = UnsafeRawBufferPointer(rebasing: buffer[4...])
            guard let fields = try? OwnFields(typeAndFlags: flags, content: content) else { return }
            rule(fields.payloadOffset <= content.count, "a payload outside the record")
            rule(fields.requestID.upperBound <= content.count, "a request id outside the record")
        }
    }

    /// The footer of a segment.
    static let footer = FuzzTarget("footer") { bytes in
        let store = StoreID(high: 1, low: 2)
        for bytes in [bytes, Resealing.footer(bytes, store: store, segment: 1)] where bytes.count >= SegmentSummary.size
        {
            let span = bytes.span.bytes
            guard let summary = try? SegmentSummary(decoding: span, store: store, segment: 1),
                summary.footerLength == bytes.count,
                let index = try? SegmentIndex(footer: span, summary: summary, heightGaps: true)
            else { continue }
            _ = index.encodedFooter()
        }
    }

    /// The small files beside the log.
    static let note = FuzzTarget("note") { bytes in
        for bytes in [bytes, Resealing.trailing(bytes)] {
            let span = bytes.span.bytes
            if let note = DurabilityNote(decoding: span) {
                var again = [UInt8](repeating: 0, count: DurabilityNote.size)
                again.withUnsafeMutableBytes { buffer in buffer.baseAddress.map { note.encode(to: $0) } }
                rule(
                    again == Array(bytes.prefix(DurabilityNote.size)), "a note that reads otherwise than it is written")
            }
            if let note = try? DerivationNote(decoding: span) {
                rule(note.encoded() == bytes, "a derivation note that reads otherwise than it is written")
            }
            if let slot = ConsumerSlot.latest(in: bytes) {
                rule(slot.encoded.count == ConsumerSlot.size, "a slot's size")
            }
        }
    }

    /// A snapshot file.
    static let snapshot = FuzzTarget("snapshot") { bytes in
        let name = "plain-e60d8b915f89596f-0000000000000004312-00000000000000004400-3.snapshot"
        for bytes in [bytes, Resealing.snapshot(bytes)] {
            guard let file = try? SnapshotFile(name, in: directory(name, bytes)) else { continue }
            try? file.read { (input: inout SnapshotInput) throws in
                while !input.isAtEnd { _ = try input.readBytes(count: min(1_000, input.remaining)).byteCount }
            }
        }
    }

    /// A cursor as text, and a page token.
    static let cursor = FuzzTarget("cursor") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        if let cursor = Cursor(text) { rule("\(cursor)" == text, "a cursor with two texts") }
        if let token = PageToken(text) { rule(PageToken("\(token)") == token, "a page token that does not come back") }
    }
}
