/// What opening found at the end of the log and in the footers; each value is for the caller to see.
public struct Recovery: Sendable, Hashable {
    /// The state of the log's end.
    public enum Tail: Sendable, Hashable {
        /// The log ends cleanly.
        case clean
        /// Bytes that were never proven durable and do not make a whole commit were cut (when opened for writing) or ignored.
        ///
        /// `sequences` are those that could still be recognised in them.
        case torn(file: String, offset: Int, bytes: Int, sequences: ClosedRange<UInt64>?)
    }

    /// Something that was put right, or only noticed, without any loss.
    public enum Notice: Sendable, Hashable {
        /// The footer of this segment file is damaged; its content was found again by a scan (or in the sidecar).
        case rebuiltFooter(file: String, fromSidecar: Bool)
        /// The last segment file was never finished; it was removed (when opened for writing) or ignored.
        case unfinishedSegment(file: String)
        /// Whole commits beyond the proven durable sequence were found, rewritten and synced (when opened for writing).
        case keptUnproven(sequences: ClosedRange<UInt64>)
    }

    /// How the log ended.
    public var tail = Tail.clean
    /// In the order they were met.
    public var notices: [Notice] = []

    /// Whether there is nothing to report.
    public var isClean: Bool { tail == .clean && notices.isEmpty }
}

extension Recovery: CustomStringConvertible {
    /// One line for people.
    public var description: String {
        var parts: [String] = []
        if case .torn(let file, let offset, let bytes, let sequences) = tail {
            let which = sequences.map { ", sequences \($0.lowerBound)–\($0.upperBound)" } ?? ""
            parts.append("torn tail: \(bytes) unsynced bytes at offset \(offset) of \(file) left out\(which)")
        }
        for notice in notices {
            switch notice {
            case .rebuiltFooter(let file, let fromSidecar):
                parts.append(
                    "footer of \(file) is damaged; " + (fromSidecar ? "its sidecar was used" : "rebuilt by a scan"))
            case .unfinishedSegment(let file): parts.append("unfinished segment file \(file)")
            case .keptUnproven(let sequences):
                parts.append("kept unproven commits \(sequences.lowerBound)–\(sequences.upperBound)")
            }
        }
        return parts.isEmpty ? "clean" : parts.joined(separator: "; ")
    }
}
