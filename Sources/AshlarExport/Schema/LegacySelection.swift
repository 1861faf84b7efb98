/// How layout 1 wrote down what a target holds: the selection, a digest over Swift's own description of the map, and the definitions of the
/// tables of states, all in `ashlar_meta.selection`.
///
/// Layout 2 has `ashlar_tables` for the last two. A target that was brought to it keeps the old text until an exporter with the same options
/// attaches, which can tell that they are the same, and puts the new form in its place.
struct LegacySelection {
    /// What a text of the old form says about some options.
    enum Match {
        /// It is what a program of layout 1 wrote for them.
        case same
        /// It differs in the digest of the map alone: another map with tables of the same names, or another compiler.
        case otherDigest
        /// It is none of their old form.
        case none
    }

    private let head: String
    private let digest: String
    private let tail: String

    init(_ options: ExportOptions, _ states: [StateTable]) {
        let names = (options.map?.tables ?? []).map { quoted($0.name) }.joined(separator: ",")
        head = options.selection + (options.map == nil ? "" : "; map \(names) ")
        var digest = RowDigest()
        if let map = options.map { digest.add(Array("\(map)".utf8)) }
        self.digest = options.map == nil ? "" : String(digest.value, radix: 16)
        tail = states.isEmpty ? "" : "; state tables " + states.map(\.definition).joined(separator: ",")
    }

    /// Compares byte by byte.
    func match(_ text: String) -> Match {
        let (text, head, tail) = (Array(text.utf8), Array(head.utf8), Array(tail.utf8))
        guard text.starts(with: head), text.count >= head.count + tail.count,
            text.suffix(tail.count).elementsEqual(tail)
        else { return .none }
        let middle = text.dropFirst(head.count).dropLast(tail.count)
        if middle.elementsEqual(digest.utf8) { return .same }
        let isDigest = (1...16).contains(middle.count) && middle.allSatisfy { Self.digits.contains($0) }
        return isDigest && !digest.isEmpty ? .otherDigest : .none
    }

    private static let digits = Set("0123456789abcdef".utf8)
}
