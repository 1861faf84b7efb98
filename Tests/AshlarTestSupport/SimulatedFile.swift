/// One file of a simulated disk: what a process sees, what is on the medium, and what has happened in between.
struct SimulatedFile: Sendable {
    /// A change that no successful sync has covered yet.
    enum Change: Sendable {
        case write(offset: Int, bytes: [UInt8])
        case truncate(size: Int)
    }

    static let sectorBytes = 512

    /// What reading gives now.
    private(set) var visible: [UInt8] = []
    /// What is on the medium for certain.
    private(set) var durable: [UInt8] = []
    private(set) var pending: [Change] = []

    init() {}

    /// A file with this content, all of it on the medium.
    init(durable bytes: [UInt8]) {
        visible = bytes
        durable = bytes
    }

    mutating func write(_ bytes: [UInt8], at offset: Int) {
        guard !bytes.isEmpty else { return }
        let change = Change.write(offset: offset, bytes: bytes)
        Self.apply(change, to: &visible)
        pending.append(change)
    }

    mutating func truncate(to size: Int) {
        let change = Change.truncate(size: size)
        Self.apply(change, to: &visible)
        pending.append(change)
    }

    /// A successful sync: everything since the last one reaches the medium.
    ///
    /// What an earlier failed sync dropped does not: its pages look clean ([MED-4]).
    mutating func sync() {
        for change in pending { Self.apply(change, to: &durable) }
        pending = []
    }

    /// A failed sync: some writes reach the medium, the others never will, and reading shows them all the same ([MED-4]).
    ///
    /// A truncation is no page: the file system still has it to do.
    mutating func failSync(_ random: inout SplitMix64) {
        var left: [Change] = []
        for change in pending {
            if case .truncate = change {
                left.append(change)
            } else if random.chance(30) {
                Self.apply(change, to: &durable)
            }
        }
        pending = left
    }

    /// What is left after a power cut ([MED-1] to [MED-3]).
    func afterPowerCut(_ random: inout SplitMix64) -> SimulatedFile {
        guard !pending.isEmpty else { return SimulatedFile(durable: durable) }
        var content = durable
        var changes = pending
        if random.chance(25) { changes.shuffle(using: &random) }
        for change in changes {
            switch random.below(10) {
            case 0..<4: Self.apply(change, to: &content)
            case 4..<7: break
            default: Self.tear(change, &content, &random)
            }
        }
        settleSize(of: &content, &random)
        return SimulatedFile(durable: content)
    }

    /// Applies each sector of a change or not; or all but one.
    private static func tear(_ change: Change, _ content: inout [UInt8], _ random: inout SplitMix64) {
        guard case .write(let offset, let bytes) = change else { return }
        var start = 0
        let lost = random.chance(50) ? random.below((bytes.count + sectorBytes - 1) / sectorBytes) : nil
        while start < bytes.count {
            let sectorEnd = (offset + start) / sectorBytes * sectorBytes + sectorBytes
            let end = min(bytes.count, sectorEnd - offset)
            if lost.map({ start / sectorBytes != $0 }) ?? random.chance(50) {
                apply(.write(offset: offset + start, bytes: Array(bytes[start..<end])), to: &content)
            }
            start = end
        }
    }

    /// Growth may survive without data, and data without its growth.
    private func settleSize(of content: inout [UInt8], _ random: inout SplitMix64) {
        if visible.count > content.count, random.chance(30) {
            content.append(contentsOf: [UInt8](repeating: 0, count: visible.count - content.count))
        } else if content.count > durable.count, random.chance(30) {
            content.removeLast(random.below(content.count - durable.count + 1))
        }
    }

    private static func apply(_ change: Change, to content: inout [UInt8]) {
        switch change {
        case .write(let offset, let bytes):
            let end = offset + bytes.count
            if end > content.count { content.append(contentsOf: [UInt8](repeating: 0, count: end - content.count)) }
            content.withUnsafeMutableBytes { content in
                bytes.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: content[offset..<end]).copyMemory(from: $0)
                }
            }
        case .truncate(let size):
            if size < content.count {
                content.removeSubrange(size...)
            } else {
                content.append(contentsOf: [UInt8](repeating: 0, count: size - content.count))
            }
        }
    }
}
