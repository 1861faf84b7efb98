import ArgumentParser
import Ashlar
import AshlarCLI

/// `ashlar-bitcoin balance`: what a script can spend.
struct BalanceCommand: QueryCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Tell what a script can spend, at the tip or at any height.")

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: "The script in hexadecimal digits.")
    var script: Script

    @OptionGroup var options: QueryOptions

    func answer(_ states: QueryStates) throws(CommandError) -> String {
        let balance = try states.unspent().balances[script] ?? Balance()
        guard options.json else {
            return "\(Amount.bitcoins(balance.value)) in \(balance.outputs) outputs at height \(states.height)\n"
        }
        return #"{"height":\#(states.height),"script":"\#(script)","balance":\#(balance.value),"#
            + #""outputs":\#(balance.outputs)}"# + "\n"
    }
}

/// `ashlar-bitcoin supply`: how much money there is.
struct SupplyCommand: QueryCommand {
    static let configuration = CommandConfiguration(
        commandName: "supply",
        abstract: "Tell how much money can be spent, at the tip or at any height, and where the rest went.")

    @Argument(help: "The store's directory.")
    var store: String

    @Option(help: "The network, for how often the subsidy halves.")
    var network = Network.mainnet

    @OptionGroup var options: QueryOptions

    func answer(_ states: QueryStates) throws(CommandError) -> String {
        let halving: Int64 = network == .regtest ? 150 : 210_000
        guard let supply = Supply(try states.unspent().sums, height: states.height, halving: halving) else {
            throw .refused(
                code: "partial", message: "the store does not begin with the first block, so nobody can tell the supply"
            )
        }
        guard options.json else { return supply.table }
        return #"{"height":\#(supply.height),"supply":\#(supply.unspent),"allowed":\#(supply.allowed),"#
            + #""unspendable":\#(supply.unspendable),"overwritten":\#(supply.overwritten),"#
            + #""unclaimed":\#(supply.unclaimed)}"# + "\n"
    }
}

extension Supply {
    /// The supply for people.
    fileprivate var table: String {
        let rows = [
            ("supply at height \(height)", unspent), ("allowed by the rules", allowed),
            ("paid to nobody (first block, unspendable scripts)", unspendable),
            ("overwritten by a coinbase of the same txid", overwritten), ("not claimed by miners", unclaimed),
        ]
        return NumberText.table(rows.map { ($0.0, Amount.bitcoins($0.1)) })
    }
}

/// `ashlar-bitcoin utxo`: one unspent output.
struct OutputCommand: QueryCommand {
    static let configuration = CommandConfiguration(
        commandName: "utxo", abstract: "Tell of an output whether it is unspent, at the tip or at any height.")

    @Argument(help: "The store's directory.")
    var store: String

    @Argument(help: "The output, as TXID:VOUT.")
    var output: Outpoint

    @OptionGroup var options: QueryOptions

    func answer(_ states: QueryStates) throws(CommandError) -> String {
        let found = try states.unspent().outputs[output]
        guard options.json else {
            guard let found else { return "not unspent at height \(states.height)\n" }
            return "\(Amount.bitcoins(found.value)) for \(found.script), created at height \(found.height)"
                + (found.isCoinbase ? " by a coinbase\n" : "\n")
        }
        let details = found.map {
            #"{"value":\#($0.value),"script":"\#($0.script)","height":\#($0.height),"coinbase":\#($0.isCoinbase)}"#
        }
        return #"{"height":\#(states.height),"output":"\#(output)","unspent":\#(details ?? "null")}"# + "\n"
    }
}

/// `ashlar-bitcoin top`: the richest scripts.
struct TopCommand: QueryCommand {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "List the scripts that can spend the most, at the tip or at any height.")

    @Argument(help: "The store's directory.")
    var store: String

    @Option(help: "How many.")
    var limit = 100

    @OptionGroup var options: QueryOptions

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
    }

    func answer(_ states: QueryStates) throws(CommandError) -> String {
        let top = try states.unspent().top(limit)
        return top.map { entry in
            options.json
                ? #"{"script":"\#(entry.script)","balance":\#(entry.balance.value),"outputs":\#(entry.balance.outputs)}"#
                    + "\n"
                : "\(Amount.bitcoins(entry.balance.value))  \(entry.balance.outputs)  \(entry.script)\n"
        }.joined()
    }
}

/// `ashlar-bitcoin headers`: where the chain stands.
struct HeadersCommand: QueryCommand {
    static let configuration = CommandConfiguration(
        commandName: "headers", abstract: "Tell the block at a height, or the tip, and the work of the chain up to it.")

    @Argument(help: "The store's directory.")
    var store: String

    @OptionGroup var options: QueryOptions

    func answer(_ states: QueryStates) throws(CommandError) -> String {
        let state = try states.headers()
        if options.json { return HeadersModel().json(state).map { $0 + "\n" } ?? "" }
        return "height \(states.height)  \(state.tip.map { "\($0.hash)" } ?? "none")  work \(state.work)\n"
    }
}

extension Script: ExpressibleByArgument {
    package init?(argument: String) { self.init(hex: argument.utf8) }
}

extension Outpoint: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}
