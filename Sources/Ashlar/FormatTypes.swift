public import AshlarFormat

// The few types of the format that an embedder meets, so that `import Ashlar` is all it needs.

/// The hash of a block, 1–64 bytes, kept inline.
public typealias BlockHash = AshlarFormat.BlockHash

/// How tools print and read the hashes of a store's blocks.
public typealias HashNotation = AshlarFormat.HashNotation

/// The random identity of a store, the same in all its segments.
public typealias StoreID = AshlarFormat.StoreID

/// What a name stands for: a model or a type.
public typealias NameKind = AshlarFormat.NameKind

extension BlockHash {
    /// A hash of these bytes; throws `invalidArgument` unless there are 1–64 of them.
    public init(validating bytes: some Collection<UInt8>) throws(StoreError) {
        guard let hash = BlockHash(bytes) else {
            throw .invalidArgument("a hash must have 1–64 bytes; this has \(bytes.count)")
        }
        self = hash
    }
}
