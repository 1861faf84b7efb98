import AshlarFormat
import AshlarStorage

/// A store open for reading: any number of threads may use it, beside the writer or in a process of its own.
public final class Store: Sendable {
    let core: StoreCore

    init(_ core: StoreCore) { self.core = core }
}
