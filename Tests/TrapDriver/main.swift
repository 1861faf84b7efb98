import Ashlar
import AshlarStorage
import AshlarTestSupport

// Does, or with the argument `not` does not do, what must end the process: a model puts another map in a map's place.

/// A dictionary-like state that one event may wrongly replace.
private struct Replacing: Model {
    let name = "replacing"
    let sources = ["utxo"]
    let replaces: Bool

    func makeState() -> StateMap<[UInt8], Int> { StateMap() }

    func apply(_ event: borrowing ModelEvent, to state: inout StateMap<[UInt8], Int>) throws {
        state[[1], default: 0] += 1
        if replaces, event.height == 2 { state = StateMap() }
    }
}

private func run(replaces: Bool) throws {
    var writer = try Writer.open(MemoryStorage(), options: Samples.options())
    let projection = Projection(writer.store)
    _ = try projection.add(Replacing(replaces: replaces), snapshots: .off)
    for height in 0...3 as ClosedRange<Int64> {
        try writer.append(Samples.block(height), events: [Event(model: "utxo", type: "Created", payload: [1])])
    }
    try projection.advance()
    projection.close()
    try writer.close()
}

try run(replaces: CommandLine.arguments.dropFirst() != ["not"])
