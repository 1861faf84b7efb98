/// The canonical chain in memory: where the block of each height is.
///
/// Invariants: positions 0 … count−1 ascend in height; as long as no height was skipped, height = `firstHeight` + position and nothing but
/// 8 bytes a block is kept. Chunks never move, so growing copies nothing.
struct HeightIndex: Sendable {
    private static let chunkSize = 8_192

    private var locations: [[UInt64]] = []
    /// The heights, only once one was skipped.
    private var heights: [Int64]?
    private(set) var firstHeight: Int64 = 0
    private(set) var count = 0

    /// Height of the highest block, or nil if there is none.
    var tipHeight: Int64? { count == 0 ? nil : height(at: count - 1) }

    func height(at position: Int) -> Int64 { heights.map { $0[position] } ?? firstHeight + Int64(position) }

    func location(at position: Int) -> Location {
        Location(bits: locations[position / Self.chunkSize][position % Self.chunkSize])
    }

    /// The position of the block at `height`, or nil if there is none. Complexity: O(1), O(log *n*) once heights were skipped.
    func position(of height: Int64) -> Int? {
        guard let position = position(notAbove: height), self.height(at: position) == height else { return nil }
        return position
    }

    /// The position of the highest block not above `height`, or nil if all are above.
    func position(notAbove height: Int64) -> Int? {
        guard count > 0, height >= firstHeight else { return nil }
        guard let heights else { return Int(min(height - firstHeight, Int64(count - 1))) }
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if heights[middle] <= height { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    /// Adds a block above all others. Complexity: O(1), no copying.
    mutating func append(height: Int64, _ location: Location) {
        if count == 0 {
            firstHeight = height
            heights = nil
        } else if heights == nil, height != firstHeight + Int64(count) {
            heights = (0..<count).map { firstHeight + Int64($0) }
        }
        heights?.append(height)
        if count % Self.chunkSize == 0 { beginChunk() }
        locations[locations.count - 1].append(location.bits)
        count += 1
    }

    /// Adds `added` blocks of heights that go up by one from `firstHeight`, above all others; `location` tells where the first, second … is.
    ///
    /// Complexity: O(blocks added).
    mutating func append(heightsFrom firstHeight: Int64, count added: Int, location: (Int) -> Location) {
        guard added > 0 else { return }
        append(height: firstHeight, location(0))
        guard heights == nil else {
            for step in 1..<added { append(height: firstHeight + Int64(step), location(step)) }
            return
        }
        var step = 1
        while step < added {
            if count % Self.chunkSize == 0 { beginChunk() }
            let end = min(added, step + Self.chunkSize - count % Self.chunkSize)
            // Taken out and put back: asking for every block whether the list of chunks is shared would cost more than the block.
            var chunk = locations.removeLast()
            for position in step..<end { chunk.append(location(position).bits) }
            locations.append(chunk)
            count += end - step
            step = end
        }
    }

    private mutating func beginChunk() {
        var chunk: [UInt64] = []
        chunk.reserveCapacity(Self.chunkSize)
        locations.append(chunk)
    }

    /// Removes all blocks from `newCount` on. Complexity: O(blocks removed).
    mutating func truncate(to newCount: Int) {
        guard newCount < count else { return }
        heights?.removeLast(count - newCount)
        count = newCount
        let chunks = (newCount + Self.chunkSize - 1) / Self.chunkSize
        locations.removeLast(locations.count - chunks)
        if newCount % Self.chunkSize != 0 {
            locations[chunks - 1].removeLast(locations[chunks - 1].count - newCount % Self.chunkSize)
        }
    }

    /// The index without its lowest `dropped` blocks. Complexity: O(blocks that stay).
    func removing(first dropped: Int) -> HeightIndex {
        var rest = HeightIndex()
        for position in dropped..<count { rest.append(height: height(at: position), location(at: position)) }
        return rest
    }

    /// Bytes the index takes.
    var byteCount: Int { locations.count * Self.chunkSize * 8 + (heights?.capacity ?? 0) * 8 }
}
