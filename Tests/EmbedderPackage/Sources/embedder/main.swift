import Ashlar

/// A block whose hash is one letter: the hashes of your chain go here.
func block(_ height: Int64, _ hash: String, on parent: String) throws -> Block {
    Block(
        height: height, hash: try BlockHash(validating: hash.utf8), parent: try BlockHash(validating: parent.utf8),
        timestamp: Timestamp(seconds: 1_700_000_000 + height * 600))
}

func index(into path: String) throws {
    var options = WriterOptions()
    options.creation = CreationOptions()  // make the store if there is none
    var writer = try Writer.open(at: path, options: options)

    // A block goes in with its events, or not at all.
    let created = Event(model: "utxo", type: "output.created", payload: Array(#"{"value":50}"#.utf8))
    try writer.append(block(1, "A", on: "0"), events: [created])
    try writer.append(block(2, "B", on: "A"), events: [created, created])
    // Another block 2 wins: the first one is undone in the same commit, and stays readable.
    print(try writer.append(block(2, "C", on: "A"), events: [created]))
    try writer.sync()  // from here on it survives a power cut

    var cursor = try writer.store.view().cursor()
    while try cursor.next() {
        print(cursor.height ?? -1, cursor.model, cursor.type, cursor.version ?? 0, cursor.payload.byteCount, "bytes")
    }
    print("before the fork:", try writer.store.view(asOf: 2).events().count, "events")
    try writer.close()
}

try index(into: CommandLine.arguments.dropFirst().first ?? "chain.ashlar")
