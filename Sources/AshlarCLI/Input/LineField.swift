/// The members that a line's objects can have and that mean something.
enum LineField: UInt8 {
    case height, hash, parent, timestamp, requestId, events
    case floating, key
    case rollback, toHeight
    case model, type, payload

    /// The member with this name; only names of the same length are compared.
    @inline(__always)
    static func named(_ name: RawSpan) -> LineField? {
        switch name.byteCount {
        case 3: pick(name, ("key", .key))
        case 4: pick(name, ("type", .type)) ?? pick(name, ("hash", .hash))
        case 5: pick(name, ("model", .model))
        case 6: pick(name, ("height", .height)) ?? pick(name, ("parent", .parent)) ?? pick(name, ("events", .events))
        case 7: pick(name, ("payload", .payload))
        case 8:
            pick(name, ("floating", .floating)) ?? pick(name, ("rollback", .rollback))
                ?? pick(name, ("toHeight", .toHeight))
        case 9: pick(name, ("timestamp", .timestamp)) ?? pick(name, ("requestId", .requestId))
        default: nil
        }
    }

    @inline(__always)
    private static func pick(_ name: RawSpan, _ entry: (StaticString, LineField)) -> LineField? {
        for index in 0..<entry.0.utf8CodeUnitCount
        where name.unsafeLoad(fromByteOffset: index, as: UInt8.self) != entry.0.utf8Start[index] {
            return nil
        }
        return entry.1
    }
}
