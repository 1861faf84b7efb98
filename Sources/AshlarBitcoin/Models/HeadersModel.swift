package import Ashlar
import AshlarJSON

/// The tip of the chain, and the work in it.
package struct HeadersState: ModelState, Hashable, Codable {
    /// Height, hash and time of the highest block; nil before the first one.
    package struct Tip: Hashable, Sendable, Codable {
        package var height: Int64
        package var hash: Hash256
        /// Seconds since 1970.
        package var time: UInt32
    }

    package var tip: Tip?
    /// The expected number of hashes that all blocks together took.
    package var work: UInt128 = 0
    package var blocks: Int64 = 0

    package init() {}
}

/// The model `headers`: where the chain stands. Its state is small, so that `Codable` does for its snapshots.
package struct HeadersModel: Model {
    package let name = "headers"
    package let schemaVersion: UInt32 = 2

    package init() {}

    package func makeState() -> HeadersState { HeadersState() }

    package func apply(_ event: borrowing ModelEvent, to state: inout HeadersState) throws {
        guard event.type == "block.added" else { return }
        let payload = try JSONMembers(event.payload, ["hash", "time", "bits"])
        state.work &+= try payload.target(2).work
        state.tip = HeadersState.Tip(
            height: event.height ?? 0, hash: try payload.hash(0), time: try payload.number(1))
        state.blocks += 1
    }

    package func json(_ state: HeadersState) -> String? {
        guard let tip = state.tip else { return #"{"tip":null}"# }
        let digits = String(state.work, radix: 16)
        return #"{"tip":{"height":\#(tip.height),"hash":"\#(tip.hash)","time":\#(tip.time)},"blocks":\#(state.blocks),"#
            + #""chainwork":"\#(String(repeating: "0", count: 64 - digits.count))\#(digits)"}"#
    }
}
