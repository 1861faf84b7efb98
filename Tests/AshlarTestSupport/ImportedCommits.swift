import Ashlar

/// What a store that was imported has, commit by commit, with the marks; but for what a mark says of the whole source.
package func importedCommits(_ path: String) throws -> [String] {
    try Store.open(at: path).commits().map { commit in
        let commit = try commit.get()
        let mark = (commit.mark ?? []).dropFirst(16)
        return switch commit.content {
        case .block(let stored, _): "\(stored.block)"
        case .rollback: "rollback \(mark)"
        case .floating(let timestamp, _, _): "floating \(timestamp.microseconds) \(mark)"
        case .control: "control"
        }
    }
}
