/// The line of a block that waits outside of the log.
package struct SideBlock: Hashable, Sendable {
    /// The block's height.
    package var height: Int64
    /// Its line, without the line end.
    package var line: [UInt8]
    /// The line's number.
    package var lineNumber: Int
    /// Where the line starts in the input.
    package var startOffset: Int64
    /// Which of several inputs the line stands in.
    package var input: Int

    /// Makes a side block.
    package init(height: Int64, line: [UInt8], lineNumber: Int, startOffset: Int64, input: Int = 0) {
        self.height = height
        self.line = line
        self.lineNumber = lineNumber
        self.startOffset = startOffset
        self.input = input
    }
}

/// The lines of blocks that are kept aside, by hash, in memory.
///
/// There is a limit to their bytes: reaching it is an error and not a reason to forget one, because a branch with a
/// missing block could never be taken up.
package struct SideStore: Sendable {
    private var blocks: [[UInt8]: SideBlock] = [:]
    private var lowestHeight = Int64.max

    /// The bytes of all lines kept.
    package private(set) var bytes = 0
    /// The most bytes that may be kept.
    package let maximumBytes: Int

    /// Makes an empty store.
    package init(maximumBytes: Int = 256 << 20) {
        self.maximumBytes = maximumBytes
    }

    /// How many blocks are kept.
    package var count: Int { blocks.count }

    /// Where the first line kept starts: who resumes the input there loses none of them.
    ///
    /// - Complexity: O(*n*) in the blocks kept.
    package var earliestOffset: Int64? { blocks.values.lazy.map(\.startOffset).min() }

    /// The first line kept of one of several inputs.
    ///
    /// - Complexity: O(*n*) in the blocks kept.
    package func earliest(ofInput input: Int) -> SideBlock? {
        blocks.values.lazy.filter { $0.input == input }.min { $0.lineNumber < $1.lineNumber }
    }

    /// The block with a hash, if it is kept.
    package subscript(hash: [UInt8]) -> SideBlock? { blocks[hash] }

    /// Keeps a block's line.
    package mutating func keep(
        _ line: InputTextLine, of header: BlockHeader, input: Int = 0
    ) throws(InputError) {
        let copy = [UInt8](line.bytes)
        let block = SideBlock(
            height: header.height, line: copy, lineNumber: line.number, startOffset: line.startOffset, input: input)
        try keep(block, of: header.hash)
    }

    /// Keeps a block under its hash.
    package mutating func keep(_ block: SideBlock, of hash: [UInt8]) throws(InputError) {
        let total = bytes - (blocks[hash]?.line.count ?? 0) + block.line.count
        guard total <= maximumBytes else {
            throw .sideBlocksTooLarge(line: block.lineNumber, bytes: total, limit: maximumBytes)
        }
        blocks[hash] = block
        bytes = total
        lowestHeight = min(lowestHeight, block.height)
    }

    /// Lets go of a block: the log has it, or nobody will ask for it.
    package mutating func remove(_ hash: [UInt8]) {
        guard let block = blocks.removeValue(forKey: hash) else { return }
        bytes -= block.line.count
    }

    /// Lets go of the blocks at or below a height.
    ///
    /// - Complexity: O(1) if there are none, else O(*n*) in the blocks kept.
    package mutating func drop(atOrBelow height: Int64) {
        guard lowestHeight <= height else { return }
        for (hash, block) in blocks where block.height <= height { remove(hash) }
        lowestHeight = blocks.values.lazy.map(\.height).min() ?? .max
    }
}
