import Synchronization

/// The models that the commands of this program know.
///
/// A tool of an embedder's makes its own known before it runs a command, for example by `AshlarCommand.main(models:)`.
public enum KnownModels {
    private static let registered = Mutex<[KnownModel]>([KnownModel(EventCounts())])

    /// All of them, in the order they were made known; `event-counts` is always there.
    public static var all: [KnownModel] { registered.withLock { $0 } }

    /// Makes models known; one of the same name takes the place of an earlier one.
    public static func add(_ models: [KnownModel]) {
        registered.withLock { registered in
            for model in models {
                registered.removeAll { $0.name.utf8.elementsEqual(model.name.utf8) }
                registered.append(model)
            }
        }
    }

    /// The models with these names, or all that are known if there are none; refuses a name that is not known.
    static func named(_ names: [String]) throws(CommandError) -> [KnownModel] {
        let known = all
        if names.isEmpty { return known }
        var found: [KnownModel] = []
        for name in names {
            guard let model = known.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                let list = known.map(\.name).joined(separator: ", ")
                throw .refused(
                    code: "unknownModel",
                    message: "this program does not know how to fold a model `\(name)`; it knows: \(list)")
            }
            found.append(model)
        }
        return found
    }
}
