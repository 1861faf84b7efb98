import AshlarFormat
import AshlarStorage

/// The directory of a target, and the note in it that tells of which derivation it is.
struct DerivationTarget {
    let storage: any Storage
    let note: DerivationNote

    init(_ storage: any Storage, _ derivation: some Derivation, source: Store) throws(StoreError) {
        self.storage = storage
        let name = Array(derivation.name.utf8)
        let parameters = Array(derivation.parameters.utf8)
        guard NameDefinition.isValid(name), parameters.count <= Limits.derivationParameterBytes else {
            throw .invalidArgument(
                "a derivation needs a name of 1–255 bytes without a zero byte, and at most 65,535 bytes of parameters")
        }
        note = DerivationNote(
            sourceID: source.id, name: name, version: derivation.version, parameters: parameters)
    }

    /// Opens the target for writing: begins it in an empty directory, or goes on with one that the same derivation began.
    ///
    /// The note is durable before the store exists, so a target is never without one.
    func open(_ options: WriterOptions, like source: Store) throws(StoreError) -> Writer {
        try begin()
        var options = options
        var creation = CreationOptions()
        creation.allowsHeightGaps = source.allowsHeightGaps
        creation.hashNotation = source.hashNotation
        options.creation = creation
        return try Writer.open(storage, options: options)
    }

    private func begin() throws(StoreError) {
        // Under the lock, so that of two who begin at once the second finds the note of the first.
        let lock: any StorageLock
        switch try storing({ () throws(StorageError) in try storage.lock(SegmentName.lockFile) }) {
        case .held(let processID): throw .inUse(path: storage.path, processID: processID)
        case .acquired(let acquired): lock = acquired
        }
        defer { withExtendedLifetime(lock) {} }
        if let found = try Self.readNote(in: storage) { return try check(found) }
        let files = try storing { () throws(StorageError) in try storage.list() }
        if files.contains(where: { SegmentName(fileName: $0) != nil }) {
            throw .otherDerivation(path: storage.path, reason: "it holds a store that no derivation began")
        }
        guard !LogOpening.hasForeignFiles(files) else { throw StoreCore.foreignFiles(in: storage) }
        try storing { () throws(StorageError) in
            let temporary = DerivationNote.fileName + SegmentName.temporarySuffix
            if files.contains(temporary) { try storage.remove(temporary) }
            let file = try storage.open(temporary, .create)
            try file.write(note.encoded(), at: 0)
            try file.sync()
            try storage.rename(temporary, to: DerivationNote.fileName)
            try storage.syncDirectory()
        }
    }

    private func check(_ found: DerivationNote) throws(StoreError) {
        func other(_ what: String) -> StoreError { .otherDerivation(path: storage.path, reason: what) }
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        guard found.sourceID == note.sourceID else {
            throw other("it is being derived from store \(found.sourceID), not from \(note.sourceID)")
        }
        guard found.name == note.name, found.version == note.version else {
            throw other(
                "it was begun by derivation `\(text(found.name))` version \(found.version), not by `\(text(note.name))` version \(note.version)"
            )
        }
        guard found.parameters == note.parameters else {
            func list(_ note: DerivationNote) -> String {
                note.parameters.isEmpty ? "none" : text(note.parameters).split(separator: "\n").joined(separator: ", ")
            }
            throw other("it was begun with other parameters (\(list(found)); now \(list(note)))")
        }
    }

    /// Removes the note: the derived store is an ordinary one from now on.
    func finish() throws(StoreError) {
        try storing { () throws(StorageError) in
            try storage.remove(DerivationNote.fileName)
            try storage.syncDirectory()
        }
    }

    /// The note in a directory, or nil if there is none. Throws `corrupt` for one that is damaged.
    static func readNote(in storage: any Storage) throws(StoreError) -> DerivationNote? {
        let file: any StorageFile
        do throws(StorageError) { file = try storage.open(DerivationNote.fileName, .read) } catch {
            if error.code == SystemCalls.notFound { return nil }
            throw StoreError(error)
        }
        let bytes = try SegmentLoading.read(file, at: 0, count: DerivationNote.maxSize + 1)
        do throws(FormatError) { return try DerivationNote(decoding: bytes.span.bytes) } catch {
            throw .corrupt(
                Corruption(file: DerivationNote.fileName, offset: 0, heights: nil, reason: error.reason))
        }
    }
}
