/// The kinds of chain whose network model's events are understood.
package enum EasyLayerNetwork: String, Sendable, Hashable, CaseIterable {
    /// Bitcoin and chains like it: `height`, `hash`, `previousblockhash`, `time`.
    case bitcoin = "Bitcoin"
    /// Chains with an Ethereum machine: `blockNumber`, `hash`, `parentHash`, `timestamp`.
    case evm = "Evm"

    /// What happened to the chain.
    package enum Change: String, Sendable, Hashable, CaseIterable {
        /// Blocks came; the payload has them.
        case blocksAdded = "BlocksAdded"
        /// Blocks above the event's height went.
        case reorganized = "Reorganized"
        /// All blocks went.
        case cleared = "Cleared"
    }

    /// The name of an event's type.
    package func typeName(_ change: Change) -> String { "\(rawValue)Network\(change.rawValue)Event" }

    /// The names of all types that make up the spine.
    package static let spineTypes = allCases.flatMap { network in Change.allCases.map { network.typeName($0) } }

    /// The network and the change that a type's name stands for; nil if it is none of the spine.
    package static func change(ofType name: String) -> (network: EasyLayerNetwork, change: Change)? {
        for network in allCases {
            for change in Change.allCases where network.typeName(change) == name { return (network, change) }
        }
        return nil
    }

    /// The member with a block's height.
    var heightField: String { self == .bitcoin ? "height" : "blockNumber" }
    /// The member with the hash of the block before.
    var parentField: String { self == .bitcoin ? "previousblockhash" : "parentHash" }
    /// The member with the block's time, in seconds.
    var timeField: String { self == .bitcoin ? "time" : "timestamp" }
}
