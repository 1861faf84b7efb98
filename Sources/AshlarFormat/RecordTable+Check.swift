extension RecordTable {
    /// Counts the types of the records that `loadAll` has loaded; with `inFull` checks every record's CRC and its own fields too
    /// ([COM-10]), and that the meta's event times are theirs.
    ///
    /// `frame` is the frame they were loaded from. It stands here so that the loop over a commit's records is one function.
    package func check(
        _ frame: borrowing RawSpan, _ meta: CommitMeta, inFull: Bool, counting types: inout TypeCounter
    ) throws(FormatError) {
        guard inFull else {
            for index in 0..<count { types.count(self[index].typeAndFlags & RecordHead.typeMask) }
            return
        }
        let times = try frame.withUnsafeBytes { (bytes) throws(FormatError) -> EventTimes? in
            guard let base = bytes.baseAddress else { return nil }
            return try checkInFull(base, counting: &types)
        }
        try require(times == meta.eventTimes, "commit: event times are not those of its records")
    }

    /// Returns the earliest and the latest own timestamp of the records.
    private func checkInFull(
        _ base: UnsafeRawPointer, counting types: inout TypeCounter
    ) throws(FormatError) -> EventTimes? {
        var times: EventTimes?
        for index in 0..<count {
            let row = self[index]
            types.count(row.typeAndFlags & RecordHead.typeMask)
            let content = content(of: row, base: base)
            guard Checksum.record(content) == row.crc else {
                throw .damaged("record \(row.ordinal): checksum does not match")
            }
            guard row.typeAndFlags & (RecordHead.ownTimestamp | RecordHead.ownRequestID) != 0 else { continue }
            let own = try OwnFields(typeAndFlags: row.typeAndFlags, content: content)
            guard let time = own.timestamp else { continue }
            times = EventTimes(
                earliest: min(times?.earliest ?? time, time), latest: max(times?.latest ?? time, time))
        }
        return times
    }
}
