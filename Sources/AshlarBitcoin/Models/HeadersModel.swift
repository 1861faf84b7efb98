package import Ashlar

/// The tip of the chain, and the work in it.
package struct HeadersState: ModelState, Hashable {
    /// Height, hash and time of the highest block; nil before the first one.
    package struct Tip: Hashable, Sendable {
        package var height: Int64
        package var hash: Hash256
        /// Seconds since 1970.
        package var time: UInt32
        package var bits: UInt32
    }

    package var tip: Tip?
    /// The expected number of hashes that all blocks together took.
    package var work: UInt128 = 0
    package var blocks: Int64 = 0

    package init() {}
}

/// The model `headers`: where the chain stands.
package struct HeadersModel: Model {
    package let name = "headers"

    package init() {}

    package func makeState() -> HeadersState { HeadersState() }

    package func apply(_ event: borrowing ModelEvent, to state: inout HeadersState) throws {
        guard event.type == "block.added" else { return }
        var reader = PayloadReader(event.payload)
        var (hash, time, bits): (Hash256?, UInt32?, UInt32?)
        while try reader.next() {
            if reader.isNamed("hash") { hash = try reader.hash() }
            if reader.isNamed("time") { time = try reader.integer() }
            if reader.isNamed("bits") { bits = try reader.bits() }
        }
        guard let hash else { throw PayloadProblem.missing("hash") }
        guard let time else { throw PayloadProblem.missing("time") }
        guard let bits, let target = Target(bits: bits) else { throw PayloadProblem.missing("bits") }
        state.tip = HeadersState.Tip(height: event.height ?? 0, hash: hash, time: time, bits: bits)
        state.work &+= target.work
        state.blocks += 1
    }

    package func json(_ state: HeadersState) -> String? {
        guard let tip = state.tip else { return #"{"tip":null}"# }
        let digits = String(state.work, radix: 16)
        return #"{"tip":{"height":\#(tip.height),"hash":"\#(tip.hash)","time":\#(tip.time)},"blocks":\#(state.blocks),"#
            + #""chainwork":"\#(String(repeating: "0", count: 64 - digits.count))\#(digits)"}"#
    }
}

extension HeadersState: SnapshotCodable {
    package func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        try output.append(varint: blocks)
        try output.append(work)
        try output.append(tip != nil)
        guard let tip else { return }
        try output.append(varint: tip.height)
        try tip.hash.encode(to: &output)
        try output.append(tip.time)
        try output.append(tip.bits)
    }

    package static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> HeadersState {
        var state = HeadersState()
        state.blocks = try input.readSignedVarint()
        state.work = try input.read(UInt128.self)
        if try input.readBool() {
            state.tip = Tip(
                height: try input.readSignedVarint(), hash: try Hash256.decode(from: &input),
                time: try input.read(UInt32.self), bits: try input.read(UInt32.self))
        }
        return state
    }
}
