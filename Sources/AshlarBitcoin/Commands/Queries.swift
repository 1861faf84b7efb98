import ArgumentParser
import Ashlar
import AshlarCLI

/// `ashlar-bitcoin balance`: what a script can spend.
struct BalanceCommand: StateQuery {
    static let configuration = CommandConfiguration(
        commandName: "balance", abstract: "Tell what a script can spend, at the tip or at any height.")

    @OptionGroup var options: StateQueryOptions

    @Argument(help: "The script in hexadecimal digits.")
    var script: Script

    var model: UnspentModel { UnspentModel() }

    func answer(_ state: UnspentState, height: Int64) -> String {
        let balance = state.balances[script] ?? Balance()
        guard options.json else {
            return "\(Amount.bitcoins(balance.value)) in \(balance.outputs) outputs at height \(height)\n"
        }
        return #"{"height":\#(height),"script":"\#(script)","balance":\#(balance.value),"#
            + #""outputs":\#(balance.outputs)}"# + "\n"
    }
}

/// `ashlar-bitcoin supply`: how much money there is.
struct SupplyCommand: StateQuery {
    static let configuration = CommandConfiguration(
        commandName: "supply",
        abstract: "Tell how much money can be spent, at the tip or at any height, and where the rest went.")

    @OptionGroup var options: StateQueryOptions

    @Option(help: "The network, for how often the subsidy halves.")
    var network = Network.mainnet

    var model: UnspentModel { UnspentModel() }

    func answer(_ state: UnspentState, height: Int64) throws(CommandError) -> String {
        guard let supply = Supply(state.sums, height: height, halving: network.halving) else {
            throw .refused(
                code: "partial", message: "the store does not begin with the first block, so nobody can tell the supply"
            )
        }
        guard options.json else {
            let rows = [
                ("supply at height \(height)", supply.unspent), ("allowed by the rules", supply.allowed),
                ("paid to nobody (first block, unspendable scripts)", supply.unspendable),
                ("overwritten by a coinbase of the same txid", supply.overwritten),
                ("not claimed by miners", supply.unclaimed),
            ]
            return NumberText.table(rows.map { ($0.0, Amount.bitcoins($0.1)) })
        }
        return #"{"height":\#(height),"supply":\#(supply.unspent),"allowed":\#(supply.allowed),"#
            + #""unspendable":\#(supply.unspendable),"overwritten":\#(supply.overwritten),"#
            + #""unclaimed":\#(supply.unclaimed)}"# + "\n"
    }
}

/// `ashlar-bitcoin utxo`: one unspent output.
struct OutputCommand: StateQuery {
    static let configuration = CommandConfiguration(
        commandName: "utxo", abstract: "Tell of an output whether it is unspent, at the tip or at any height.")

    @OptionGroup var options: StateQueryOptions

    @Argument(help: "The output, as TXID:VOUT.")
    var output: Outpoint

    var model: UnspentModel { UnspentModel() }

    func answer(_ state: UnspentState, height: Int64) -> String {
        let found = state.outputs[output]
        guard options.json else {
            guard let found else { return "not unspent at height \(height)\n" }
            return "\(Amount.bitcoins(found.value)) for \(found.script), created at height \(found.height)"
                + (found.isCoinbase ? " by a coinbase\n" : "\n")
        }
        let details = found.map {
            #"{"value":\#($0.value),"script":"\#($0.script)","height":\#($0.height),"coinbase":\#($0.isCoinbase)}"#
        }
        return #"{"height":\#(height),"output":"\#(output)","unspent":\#(details ?? "null")}"# + "\n"
    }
}

/// `ashlar-bitcoin top`: the richest scripts.
struct TopCommand: StateQuery {
    static let configuration = CommandConfiguration(
        commandName: "top", abstract: "List the scripts that can spend the most, at the tip or at any height.")

    @OptionGroup var options: StateQueryOptions

    @Option(help: "How many.")
    var limit = 100

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
    }

    var model: UnspentModel { UnspentModel() }

    func answer(_ state: UnspentState, height: Int64) -> String {
        state.top(limit).map { entry in
            options.json
                ? #"{"script":"\#(entry.script)","balance":\#(entry.balance.value),"outputs":\#(entry.balance.outputs)}"#
                    + "\n"
                : "\(Amount.bitcoins(entry.balance.value))  \(entry.balance.outputs)  \(entry.script)\n"
        }.joined()
    }
}

/// `ashlar-bitcoin headers`: where the chain stands.
struct HeadersCommand: StateQuery {
    static let configuration = CommandConfiguration(
        commandName: "headers", abstract: "Tell the block at a height, or the tip, and the work of the chain up to it.")

    @OptionGroup var options: StateQueryOptions

    var model: HeadersModel { HeadersModel() }

    func answer(_ state: HeadersState, height: Int64) -> String {
        if options.json { return model.json(state).map { $0 + "\n" } ?? "" }
        return "height \(height)  \(state.tip.map { "\($0.hash)" } ?? "none")  work \(state.work)\n"
    }
}

extension Script: ExpressibleByArgument {
    package init?(argument: String) { self.init(hex: argument.utf8) }
}

extension Outpoint: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

/// Amounts as people write them.
private enum Amount {
    /// Satoshi as bitcoins, with all eight decimals.
    static func bitcoins(_ satoshi: Int64) -> String {
        let digits = String(satoshi.magnitude)
        let padded = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
        return (satoshi < 0 ? "-" : "") + padded.dropLast(8) + "." + padded.suffix(8) + " BTC"
    }
}
