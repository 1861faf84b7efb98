import Ashlar

/// What each address holds, from events whose payload reads `ADDRESS CHANGE`.
struct Balances: Model {
    let name = "balances"

    func makeState() -> StateMap<String, Int> { StateMap() }

    func apply(_ event: borrowing ModelEvent, to state: inout StateMap<String, Int>) throws {
        let words = event.payload.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }.split(separator: " ")
        state[String(words[0]), default: 0] += Int(words[1]) ?? 0
    }
}

/// A block whose hash is one letter, with what it changes.
func append(_ height: Int64, _ hash: String, on parent: String, _ changes: String..., to writer: inout Writer) throws {
    let block = Block(
        height: height, hash: try BlockHash(validating: hash.utf8), parent: try BlockHash(validating: parent.utf8),
        timestamp: Timestamp(seconds: 1_700_000_000 + height * 600))
    try writer.append(block, events: changes.map { Event(model: "balances", type: "changed", payload: Array($0.utf8)) })
}

func fold(_ path: String) throws {
    var options = WriterOptions()
    options.creation = CreationOptions()
    var writer = try Writer.open(at: path, options: options)
    let projection = Projection(writer.store)
    let balances = try projection.add(Balances())  // from its best snapshot, if there is one

    try append(1, "A", on: "0", "ann 50", to: &writer)
    try append(2, "B", on: "A", "ann -20", "bob 20", to: &writer)
    try projection.advance()
    print("tip:", try balances.latest().state["bob"] ?? 0)

    // Another block 2 wins: the model goes back and on by itself.
    try append(2, "C", on: "A", "ann -5", "cid 5", to: &writer)
    try projection.advance()
    print("after the reorg:", try balances.latest().state["bob"] ?? 0)
    print("at height 1:", try balances.state(at: 1).state["ann"] ?? 0)
    print("before the reorg:", try balances.state(asOf: 2).state["bob"] ?? 0)

    try projection.takeSnapshots()  // or every 1,000 blocks in the background, by default
    projection.close()
    try writer.close()
}

try fold(CommandLine.arguments.dropFirst().first ?? "chain.ashlar")
