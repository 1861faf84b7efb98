import Glibc

/// What is wrong with the block files, or with what was asked for.
package enum InputProblem: Error, Hashable, Sendable {
    /// A system call failed; `code` is the `errno`.
    case system(operation: String, path: String, code: Int32)
    /// There is no block file there.
    case noBlockFiles(path: String)
    /// `xor.dat` has not eight bytes.
    case badKey(path: String)
    /// A record of another network.
    case foreignMagic(file: String, offset: Int64, network: String, expected: Network)
    /// A file without one record of the network.
    case noRecords(file: String, network: Network, isObfuscated: Bool)
    /// The store holds another chain.
    case foreignStore(String)
    /// The first block to take has no height.
    case noHeight(hash: Hash256)
    /// A block that was read before can no longer be read as it was.
    case changed(file: String, offset: Int64, problem: String)
}

extension InputProblem: CustomStringConvertible {
    /// What is wrong and what to do.
    package var description: String {
        switch self {
        case .system(let operation, let path, let code):
            "cannot \(operation) \(path): \(String(cString: strerror(code))) (errno \(code))"
        case .noBlockFiles(let path):
            "there are no block files (blk*.dat or *.blk) in \(path); name the `blocks` directory of a node, or a file"
        case .badKey(let path): "\(path) should have the 8 bytes of a key; copy it again from the node"
        case .foreignMagic(let file, let offset, let network, let expected):
            "\(file) at offset \(offset): a record of \(network), not of \(expected.rawValue); "
                + "name the network with --network, or take the file away"
        case .noRecords(let file, let network, let isObfuscated):
            "\(file) has no record of \(network.rawValue)"
                + (isObfuscated
                    ? "; is xor.dat the key of these files?" : "; if the node wrote an xor.dat, it must lie beside")
        case .foreignStore(let why): "the store is of another chain: \(why)"
        case .noHeight(let hash):
            "the coinbase of block \(hash) tells no height, so it cannot be the first one; choose one from height 227931 on"
        case .changed(let file, let offset, let problem):
            "\(file) at offset \(offset): the block that stood there cannot be read any more: \(problem)"
        }
    }

    /// A stable word for the kind of problem, for programs.
    package var code: String {
        switch self {
        case .system: "system"
        case .noBlockFiles: "noBlockFiles"
        case .badKey: "badKey"
        case .foreignMagic: "foreignMagic"
        case .noRecords: "noRecords"
        case .foreignStore: "foreignStore"
        case .noHeight: "noHeight"
        case .changed: "changed"
        }
    }
}
