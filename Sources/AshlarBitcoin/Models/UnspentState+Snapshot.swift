package import Ashlar

/// The outputs alone are written: the balances follow from them.
extension UnspentState: SnapshotCodable {
    package func encode(to output: inout SnapshotOutput) throws(SnapshotError) {
        for sum in [sums.unspent, sums.unspendable, sums.overwritten, sums.unknownSpends, sums.firstHeight ?? -1] {
            try output.append(varint: sum)
        }
        try output.append(varint: UInt64(outputs.count))
        for (outpoint, unspent) in outputs {
            try outpoint.txid.encode(to: &output)
            try output.append(varint: UInt64(outpoint.vout))
            try output.append(varint: unspent.value)
            try output.append(varint: UInt64(bitPattern: unspent.height) << 1 | (unspent.isCoinbase ? 1 : 0))
            try output.append(sized: unspent.script.bytes)
        }
    }

    package static func decode(from input: inout SnapshotInput) throws(SnapshotError) -> UnspentState {
        var state = UnspentState()
        var sums = Sums()
        sums.unspent = try input.readSignedVarint()
        sums.unspendable = try input.readSignedVarint()
        sums.overwritten = try input.readSignedVarint()
        sums.unknownSpends = try input.readSignedVarint()
        let firstHeight = try input.readSignedVarint()
        sums.firstHeight = firstHeight < 0 ? nil : firstHeight
        // The smallest output has 36 bytes: hash, number, value, height, length of the script.
        for _ in 0..<(try input.readCount(bytesEach: 36)) {
            let txid = try Hash256.decode(from: &input)
            guard let vout = UInt32(exactly: try input.readVarint()) else {
                throw .malformed("the number of an output")
            }
            let value = try input.readSignedVarint()
            let heightAndKind = try input.readVarint()
            let script = Script(try input.readSizedArray())
            state.restore(
                Outpoint(txid: txid, vout: vout),
                UnspentOutput(
                    script: script, value: value, height: Int64(heightAndKind >> 1), isCoinbase: heightAndKind & 1 == 1)
            )
        }
        guard state.sums.unspent == sums.unspent else { throw .malformed("the outputs are not what their sum says") }
        state.restore(sums)
        return state
    }
}
