public import AshlarFormat

/// The ready-made derivation: keeps models, drops models, and renames models and types.
public struct ModelSelection: Derivation {
    /// The models that stay, by their names in the source; nil for all.
    public var kept: Set<String>?
    /// The models that go.
    public var dropped: Set<String>
    /// New names of models.
    public var modelNames: [String: String]
    /// New names of types, in whatever model.
    public var typeNames: [String: String]

    /// A selection; without arguments it keeps everything as it is.
    public init(
        keep: Set<String>? = nil, drop: Set<String> = [], renameModels: [String: String] = [:],
        renameTypes: [String: String] = [:]
    ) {
        kept = keep
        dropped = drop
        modelNames = renameModels
        typeNames = renameTypes
    }

    /// `select`.
    public var name: String { "select" }
    /// 1.
    public var version: UInt64 { 1 }

    /// What is kept, dropped and renamed, in a fixed order.
    public var parameters: String {
        func list(_ word: String, _ names: some Sequence<String>) -> [String] {
            names.sorted().map { "\(word) \($0.debugDescription)" }
        }
        func list(_ word: String, _ names: [String: String]) -> [String] {
            names.sorted { $0.key < $1.key }.map { "\(word) \($0.key.debugDescription) \($0.value.debugDescription)" }
        }
        let all: [[String]] = [
            kept.map { $0.isEmpty ? ["keep nothing"] : list("keep", $0) } ?? [], list("drop", dropped),
            list("rename model", modelNames), list("rename type", typeNames),
        ]
        return all.joined().joined(separator: "\n")
    }

    /// Whether events of this model stay.
    public func keeps(model: String) -> Bool { (kept?.contains(model) ?? true) && !dropped.contains(model) }

    /// The rule for a pair. Throws `StoreError.invalidArgument` where two models would become one.
    public func rule(model: String, type: String) throws(StoreError) -> DerivationRule {
        guard keeps(model: model) else { return .drop }
        let newModel = modelNames[model] ?? model
        let newType = typeNames[type] ?? type
        // Whose versions would the events have? Nobody could tell the two apart again.
        let other = modelNames.first { $0.value == newModel && $0.key != model && keeps(model: $0.key) }
        if let other {
            throw .invalidArgument(
                "the models `\(model)` and `\(other.key)` would both become `\(newModel)`; drop one of them or choose another name"
            )
        }
        return newModel == model && newType == type ? .keep : .rename(model: newModel, type: newType)
    }

    /// The new name of a model that stays, or of a type.
    public func declaredName(_ kind: NameKind, _ name: String) -> String? {
        switch kind {
        case .model: keeps(model: name) ? modelNames[name] ?? name : nil
        case .type: typeNames[name] ?? name
        }
    }
}
