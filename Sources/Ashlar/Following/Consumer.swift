import AshlarFormat
import AshlarStorage
import Synchronization

/// A named consumer of the log: where it stands is kept durably beside the log, in a small file of its own.
///
/// Acknowledging works beside the writer, from any process that may write to the store's directory. One handle acknowledges under a name at a
/// time: the first `ack` takes the consumer's lock (the kernel's), and the handle keeps it until it is dropped; `position` needs none.
public final class Consumer: Sendable {
    /// What a handle that acknowledges knows of its file.
    struct State: Sendable {
        var lock: any StorageLock
        /// Nil until the first acknowledgement.
        var file: (any StorageFile)?
        var latest: ConsumerSlot?
    }

    /// The consumer's name.
    public let name: String
    let store: Store
    let files: ConsumerFileName
    private let state = Mutex<State?>(nil)
    private let failure = Mutex<StoreError?>(nil)

    private var storage: any Storage { store.core.storage }

    init(_ store: Store, _ name: String) {
        self.store = store
        self.name = name
        files = ConsumerFileName(Array(name.utf8))
    }

    /// Up to where it has acknowledged, or nil if it never has.
    ///
    /// Throws `corrupt` if its file is damaged, `inputOutput`. That the log still contains the cursor is for `subscribe` to say.
    public func position() throws(StoreError) -> Cursor? {
        if let known = state.withLock({ $0?.latest }) { return Cursor(known) }
        guard let file = try open(.read) else { return nil }
        return Cursor(try latest(in: file))
    }

    /// Writes down that everything up to `cursor` was taken in; durable when it returns. A power cut before that leaves the acknowledgement
    /// before, or this one.
    ///
    /// Throws `cursorNotFound` if the log does not contain the cursor, `acknowledgedFurther` if it would go back (unless `goingBack` allows
    /// it), `consumerInUse`, `corrupt`, `inputOutput`; after a write or sync that failed, `poisoned` from then on. Blocks for one sync of a small file.
    public func ack(_ cursor: Cursor, goingBack: Bool = false) throws(StoreError) {
        try store.check(cursor)
        try exclusively { (state) throws(StoreError) in
            try self.prepare(&state, replacing: goingBack)
            if let latest = state.latest, try !self.isNews(cursor, latest, goingBack) { return }
            try self.write(cursor, &state)
        }
    }

    /// Forgets the consumer: its file is removed durably, its lock file stays. Throws `consumerInUse`, `inputOutput`.
    public func remove() throws(StoreError) {
        let (storage, files) = (storage, files)
        try exclusively { (state) throws(StoreError) in
            state.file = nil
            state.latest = nil
            do throws(StorageError) { try storage.remove(files.file) } catch {
                if error.code != SystemCalls.notFound { throw StoreError(error) }
            }
            try storing { () throws(StorageError) in try storage.syncDirectory() }
        }
    }

    /// Runs `body` as the only one who acknowledges under this name.
    private func exclusively(_ body: (inout State) throws(StoreError) -> Void) throws(StoreError) {
        try state.withLock { (held) throws(StoreError) in
            if let failure = failure.withLock({ $0 }) { throw .poisoned(cause: failure.description) }
            if held == nil { held = State(lock: try self.lock()) }
            guard var state = held else { return }
            defer { held = state }
            try body(&state)
        }
    }

    private func lock() throws(StoreError) -> any StorageLock {
        switch try storing({ () throws(StorageError) in try storage.lock(files.lockFile) }) {
        case .acquired(let lock): return lock
        case .held(let processID): throw .consumerInUse(consumer: name, processID: processID)
        }
    }

    /// Whether an acknowledgement says anything new; throws if it goes back and must not.
    private func isNews(_ cursor: Cursor, _ latest: ConsumerSlot, _ goingBack: Bool) throws(StoreError) -> Bool {
        let position = Cursor(latest)
        if position == cursor { return false }
        if goingBack { return true }
        guard position.storeID == cursor.storeID else { throw .cursorNotFound(.otherStore(position.storeID)) }
        guard cursor.isBehind(position) else { throw .acknowledgedFurther(consumer: name, position: position) }
        return true
    }
}

extension Consumer {
    private func open(_ mode: StorageMode) throws(StoreError) -> (any StorageFile)? {
        do throws(StorageError) { return try storage.open(files.file, mode) } catch {
            if error.code == SystemCalls.notFound { return nil }
            throw StoreError(error)
        }
    }

    private func latest(in file: any StorageFile) throws(StoreError) -> ConsumerSlot {
        let latest = try ConsumerSlot.read(file, named: files.file)
        guard latest.name == Array(name.utf8) else {
            throw .invalidArgument(
                "\(files.file) is the file of consumer `\(String(decoding: latest.name, as: UTF8.self))`; choose another name"
            )
        }
        return latest
    }

    /// Opens the file for writing, if there is one, the first time.
    ///
    /// The slot that counts is written again and synced: the sync that should have done so may have failed, and left what reads well
    /// and is not on the medium ([MED-4]); and the next acknowledgement overwrites the other one.
    private func prepare(_ state: inout State, replacing: Bool) throws(StoreError) {
        guard state.file == nil, let file = try open(.readWrite) else { return }
        let latest: ConsumerSlot
        do throws(StoreError) { latest = try self.latest(in: file) } catch {
            // A damaged file says nothing; whoever sets a position anew may replace it.
            if case .corrupt = error, replacing { return }
            throw error
        }
        try writing { () throws(StorageError) in
            try file.write(latest.encoded, at: ConsumerSlot.size * latest.index)
            try file.sync()
        }
        state.file = file
        state.latest = latest
    }

    private func write(_ cursor: Cursor, _ state: inout State) throws(StoreError) {
        let slot = ConsumerSlot(
            storeID: cursor.storeID, counter: (state.latest?.counter ?? 0) + 1, sequence: cursor.sequence,
            chainValue: cursor.chainValue, step: cursor.step, event: cursor.event,
            time: SystemCalls.wallMicroseconds(), name: Array(name.utf8))
        if let file = state.file {
            try writing { () throws(StorageError) in
                try file.write(slot.encoded, at: ConsumerSlot.size * slot.index)
                if !file.isSeeded(.consumerNotSynced) { try file.sync() }
            }
        } else {
            state.file = try create(slot)
        }
        state.latest = slot
    }

    /// Creates the file with its first slot, durably: whole under its name, or not there.
    private func create(_ slot: ConsumerSlot) throws(StoreError) -> any StorageFile {
        let (storage, files) = (storage, files)
        var bytes = [UInt8](repeating: 0, count: ConsumerSlot.size * ConsumerSlot.count)
        bytes.replaceSubrange(ConsumerSlot.size * slot.index..<ConsumerSlot.size * (slot.index + 1), with: slot.encoded)
        var attempt = 0
        while true {
            attempt += 1
            do throws(StorageError) {
                // What an interrupted creation left.
                if try storage.list().contains(files.temporaryFile) { try storage.remove(files.temporaryFile) }
                let file = try storage.open(files.temporaryFile, .create)
                try file.write(bytes, at: 0)
                if !file.isSeeded(.consumerRenamedBeforeSync) { try file.sync() }
                try storage.rename(files.temporaryFile, to: files.file)
                try storage.syncDirectory()
                return file
            } catch {
                // A writer that opens the store removes unfinished files, perhaps this one.
                guard error.code == SystemCalls.notFound, attempt < 4 else { throw StoreError(error) }
            }
        }
    }

    /// Runs a step that writes; once one has failed this handle writes nothing more, because what reached the medium is unknown.
    private func writing(_ body: () throws(StorageError) -> Void) throws(StoreError) {
        do throws(StorageError) { try body() } catch {
            let failed = StoreError(error)
            failure.withLock { $0 = $0 ?? failed }
            throw failed
        }
    }
}

extension ConsumerSlot {
    /// The slot that counts in a consumer's file.
    static func read(_ file: any StorageFile, named name: String) throws(StoreError) -> ConsumerSlot {
        // Read again a few times: it may have met a write half-way.
        for _ in 0..<4 {
            let bytes = try SegmentLoading.read(file, at: 0, count: size * count)
            if let latest = latest(in: bytes) { return latest }
        }
        throw .corrupt(
            Corruption(
                file: name, offset: 0, heights: nil,
                reason: "neither of its two slots checks out; set the consumer's position anew")
        )
    }
}

extension Cursor {
    init(_ slot: ConsumerSlot) {
        self.init(
            storeID: slot.storeID, sequence: slot.sequence, chainValue: slot.chainValue, step: slot.step,
            event: slot.event)
    }
}
