package struct BlockHeader: Hashable, Sendable {
    package var hash: [UInt8]
    package var parent: [UInt8]
    package var height: Int64
    package init(hash: [UInt8], parent: [UInt8], height: Int64) {
        self.hash = hash
        self.parent = parent
        self.height = height
    }
}
