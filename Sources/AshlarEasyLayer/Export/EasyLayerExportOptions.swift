package import Ashlar
package import AshlarExport
package import AshlarStorage

/// What an export writes.
package struct EasyLayerExportOptions: Sendable {
    /// What tells the chain in the target.
    package enum Network: String, Sendable, Hashable, CaseIterable {
        /// The network model that the store was imported with; else, unless the store's heights may be skipped, one made from its blocks.
        case automatic = "auto"
        /// A network model of Bitcoin and chains like it.
        case bitcoin
        /// A network model of a chain with an Ethereum machine.
        case evm
        /// Nothing: only events are written.
        case none
    }

    /// A model that is called otherwise in the target.
    package struct Rename: Sendable, Hashable {
        /// Its name in the store.
        package var model: String
        /// Its name in the target.
        package var table: String

        /// A model and its name in the target.
        package init(model: String, table: String) {
            self.model = model
            self.table = table
        }
    }

    /// The state of a model, for the table `snapshots`.
    package struct Snapshot: Sendable, Hashable {
        /// The model's name.
        package var model: String
        /// The models whose events it takes; empty for all.
        package var sources: [String]
        /// The state after the tip's block, as JSON.
        package var json: String

        /// A state.
        package init(model: String, sources: [String], json: String) {
            self.model = model
            self.sources = sources
            self.json = json
        }
    }

    /// What tells the chain.
    package var network = Network.automatic
    /// The network model: which one of several the store has, or the name of the one that is made; nil for the only one, or `network`.
    package var networkModel: String?
    /// Models that are called otherwise in the target.
    package var renames: [Rename] = []
    /// Whether models whose names EasyLayer does not allow, and that are not renamed, get names much like theirs, instead of being refused.
    package var fitsNames = false
    /// Whether payloads that are not JSON are written as they are, instead of being refused.
    package var takesAnyPayload = false
    /// The states to write.
    package var snapshots: [Snapshot] = []

    /// All events, with a network model if there can be one.
    package init() {}
}

/// Why an export did not come about; then there is nothing of it in the target.
package enum EasyLayerExportError: Error, Sendable, Equatable {
    /// The store said no.
    case store(StoreError)
    /// The database said no.
    case database(SQLFailure)
    /// The file cannot be written.
    case file(StorageError)
    /// It cannot be; `code` is stable, for programs.
    case refused(code: String, String)
    /// Another process is writing the same target.
    case inUse(String)
    /// What was read back is not what was written.
    case different(String)
    /// It was asked to stop.
    case stopped
}

extension EasyLayerExportError: CustomStringConvertible {
    /// What is wrong and, where something can be done, what.
    package var description: String {
        switch self {
        case .store(let error): "\(error)"
        case .database(let failure): "\(failure)"
        case .file(let error): "\(error)"
        case .refused(_, let reason), .inUse(let reason), .different(let reason): reason
        case .stopped: "stopped; nothing was written"
        }
    }
}

/// How far an export is.
package struct EasyLayerExportProgress: Sendable, Hashable {
    /// What is being done.
    package enum Phase: Sendable, Hashable {
        /// Rows are being written.
        case rows
        /// Keys and indexes are being made.
        case indexes
        /// Rows are being read back.
        case checking
    }

    /// What is being done.
    package var phase = Phase.rows
    /// Rows written, or read back, so far.
    package var rows: UInt64 = 0
    /// The commit that is being written.
    package var sequence: UInt64 = 0
    /// The last commit to write.
    package var lastSequence: UInt64 = 0
}

/// What came of an export.
package struct EasyLayerExportReport: Sendable, Hashable {
    /// A model's table.
    package struct Table: Sendable, Hashable {
        /// Its name.
        package var name: String
        /// The model's name in the store; nil for a network model that was made from the store's blocks.
        package var model: String?
        /// What its rows add up to, as they were written and as they were read back.
        package var sum: EasyLayerSum
    }

    /// The last commit that is in the target.
    package var sequence: UInt64 = 0
    /// Height of the tip; nil if there is no block.
    package var height: Int64?
    /// The tables of models, in the order of their names.
    package var tables: [Table] = []
    /// The table that tells the chain; nil if none does.
    package var network: String?
    /// Whether the network model was left out because the store's heights may be skipped.
    package var lacksNetwork = false
    /// Models whose states are in `snapshots`.
    package var snapshots: [String] = []

    /// Number of rows in the models' tables.
    package var rows: UInt64 { tables.reduce(0) { $0 + $1.sum.rows } }
}

/// Runs a call to the database with the export's own error.
func writing<T: ~Copyable>(_ body: () throws(SQLFailure) -> T) throws(EasyLayerExportError) -> T {
    do throws(SQLFailure) { return try body() } catch { throw .database(error) }
}

/// Runs a call to the store with the export's own error.
func exporting<T: ~Copyable>(_ body: () throws(StoreError) -> T) throws(EasyLayerExportError) -> T {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
}
