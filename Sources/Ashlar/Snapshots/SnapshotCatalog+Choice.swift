import AshlarFormat

/// Why a snapshot was not used where it was looked for.
package enum SnapshotSkip: Sendable {
    /// The file cannot be read, is damaged, or is of a newer format.
    case unusable(SnapshotError)
    /// It belongs to another store.
    case foreign(StoreID)
    /// Its model's state has another form now.
    case otherSchema(UInt32)
    /// Its commit is not in the log (any more).
    case notInLog(sequence: UInt64)
    /// Its block, or one below, is not canonical in the view.
    case undone(height: Int64)
}

extension SnapshotSkip: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unusable(let error): error.description
        case .foreign(let id): "it belongs to the store \(id)"
        case .otherSchema(let version): "it has schema version \(version)"
        case .notInLog(let sequence): "commit \(sequence), as of which it was taken, is not in the log"
        case .undone(let height): "block \(height), or one below it, was undone"
        }
    }
}

/// The snapshots from which a state can be restored, best first, and why others cannot be used.
package struct SnapshotChoice: Sendable {
    package internal(set) var usable: [SnapshotEntry] = []
    package internal(set) var skipped: [(entry: SnapshotEntry, reason: SnapshotSkip)] = []
}

extension SnapshotCatalog {
    /// The snapshots of `model` that are valid in `view` with heights up to `height`, highest first.
    ///
    /// What is skipped is told only as far as it concerns this model at or below this height. The chunks of a file are checked when it is read:
    /// whoever finds one damaged takes the next. Throws `inputOutput` (of the directory), `store` (of the log). Complexity: O(files) small reads,
    /// and O(undone blocks) for each that comes into question.
    package func choose(
        model: String, schemaVersion: UInt32, in view: View, atOrBelow height: Int64 = .max
    ) throws(SnapshotError) -> SnapshotChoice {
        var choice = SnapshotChoice()
        let stem = SnapshotName.stem(ofModel: model)
        for entry in try entries() {
            guard let identity = entry.identity else {
                if case .unusable(let error) = entry.contents, Self.concerns(entry.fileName, stem, height) {
                    choice.skipped.append((entry, .unusable(error)))
                }
                continue
            }
            guard identity.model.utf8.elementsEqual(model.utf8), identity.height <= height else { continue }
            if let reason = try Self.skip(identity, schemaVersion, view) {
                choice.skipped.append((entry, reason))
            } else {
                choice.usable.append(entry)
            }
        }
        choice.usable.sort { Self.isBetter($0, $1) }
        return choice
    }

    /// Whether a file of which only the name can be read may be one of this model up to this height.
    private static func concerns(_ fileName: String, _ stem: String, _ height: Int64) -> Bool {
        guard let name = SnapshotName(fileName: fileName) else { return true }
        return name.stem == stem && name.height <= height
    }

    /// Why a snapshot of this identity cannot be used in `view`, or nil if it can ([SNP-11]); any schema will do if none is given.
    static func skip(
        _ identity: SnapshotIdentity, _ schemaVersion: UInt32?, _ view: View
    ) throws(SnapshotError) -> SnapshotSkip? {
        guard identity.storeID == view.core.storeID else { return .foreign(identity.storeID) }
        if let schemaVersion, identity.schemaVersion != schemaVersion {
            return .otherSchema(identity.schemaVersion)
        }
        do throws(StoreError) {
            guard try Store(view.core).chainValue(ofSequence: identity.sequence) == identity.chainValue else {
                return .notInLog(sequence: identity.sequence)
            }
            if view.core.storage.isSeeded(.undoneSnapshotAccepted) { return nil }
            return try view.sharesChain(asOf: identity.sequence, upTo: identity.height)
                ? nil : .undone(height: identity.height)
        } catch {
            // Before what was pruned nothing can be told of a chain any more.
            if case .pruned = error { return .notInLog(sequence: identity.sequence) }
            throw .store(error)
        }
    }

    /// Higher is better; of one height, the one that was taken later.
    static func isBetter(_ one: SnapshotEntry, _ other: SnapshotEntry) -> Bool {
        guard let left = one.header, let right = other.header else { return one.header != nil }
        return (left.identity.height, left.identity.sequence, left.createdTime)
            > (right.identity.height, right.identity.sequence, right.createdTime)
    }
}
