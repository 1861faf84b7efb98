import AshlarJSON

/// All paths of a table in one tree, so that one walk over a payload finds all of them.
///
/// Nodes, names and columns stand in flat arrays: a step costs no allocation and no counting of references.
struct PathTree {
    /// A place in a payload that a path leads to or through.
    private struct Node {
        /// For a member, where its name stands in `names`.
        var name = 0..<0
        /// For an element, its number; −1 for a member.
        var element = -1
        /// The nodes one step down.
        var children = 0..<0
        /// Where the columns whose path ends here stand in `columns`.
        var columns = 0..<0
        /// Where the columns whose path ends here or further down stand in `columns`.
        var below = 0..<0
    }

    private var nodes: [Node] = []
    private var names: [UInt8] = []
    private var columns: [Int] = []

    /// Where each column's value stands in the payload that was walked last; empty if it is not there.
    private(set) var found: [Range<Int>]

    /// A tree of these paths; a column without one is never found.
    init(_ paths: [JSONPath?]) {
        found = Array(repeating: 0..<0, count: paths.count)
        nodes = [Node()]
        let all = paths.enumerated().compactMap { column, path in path.map { (column, $0.steps[...]) } }
        fill(0, with: all)
    }

    /// Makes the nodes below one, given the rest of each path that leads through it.
    private mutating func fill(_ node: Int, with paths: [(column: Int, steps: ArraySlice<JSONPath.Step>)]) {
        let start = columns.count
        columns += paths.map(\.column)
        nodes[node].below = start..<columns.count
        let ends = columns.count
        columns += paths.filter { $0.steps.isEmpty }.map(\.column)
        nodes[node].columns = ends..<columns.count
        var order: [JSONPath.Step] = []
        for case let step? in paths.map(\.steps.first) where !order.contains(step) { order.append(step) }
        let first = nodes.count
        nodes[node].children = first..<first + order.count
        for step in order {
            var child = Node()
            switch step {
            case .element(let index): child.element = index
            case .member(let name):
                child.name = names.count..<names.count + name.count
                names += name
            }
            nodes.append(child)
        }
        for (index, step) in order.enumerated() {
            let below = paths.filter { $0.steps.first == step }.map { ($0.column, $0.steps.dropFirst()) }
            fill(first + index, with: below)
        }
    }

    /// Finds the values of all columns in a payload; false if it is not JSON. If an object names a member twice, the last counts.
    ///
    /// - Complexity: O(*n*) in the payload's length times the most children that a node has.
    mutating func walk(_ payload: borrowing RawSpan) -> Bool {
        for column in found.indices { found[column] = 0..<0 }
        var scanner = JSONScanner(copy payload, maximumDepth: PayloadClassifier.maximumDepth)
        do throws(JSONError) {
            try walk(0, &scanner)
            try scanner.finish()
            return true
        } catch {
            return false
        }
    }

    private mutating func walk(_ node: Int, _ scanner: inout JSONScanner) throws(JSONError) {
        let first = try scanner.peek()
        let start = scanner.position
        let children = nodes[node].children
        switch first {
        case UInt8(ascii: "{") where !children.isEmpty: try walkObject(children, &scanner)
        case UInt8(ascii: "[") where !children.isEmpty: try walkArray(children, &scanner)
        default: _ = try scanner.skipValue()
        }
        for index in nodes[node].columns { found[columns[index]] = start..<scanner.position }
    }

    private mutating func walkObject(_ children: Range<Int>, _ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.enter()
        var isFirst = true
        while let key = try scanner.nextKey(&isFirst) {
            if let child = member(key, children, scanner) {
                for index in nodes[child].below { found[columns[index]] = 0..<0 }
                try walk(child, &scanner)
            } else {
                _ = try scanner.skipValue()
            }
        }
    }

    private mutating func walkArray(_ children: Range<Int>, _ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.enter()
        var isFirst = true
        var element = 0
        while try scanner.nextElement(&isFirst) {
            if let child = children.first(where: { nodes[$0].element == element }) {
                try walk(child, &scanner)
            } else {
                _ = try scanner.skipValue()
            }
            element += 1
        }
    }

    private func member(_ key: JSONString, _ children: Range<Int>, _ scanner: borrowing JSONScanner) -> Int? {
        if key.isEscaped { return escapedMember(key, children, scanner) }
        for child in children where nodes[child].element < 0 && nodes[child].name.count == key.range.count {
            let shift = key.range.lowerBound &- nodes[child].name.lowerBound
            if nodes[child].name.allSatisfy({ names[$0] == scanner.byte($0 &+ shift) }) { return child }
        }
        return nil
    }

    private func escapedMember(_ key: JSONString, _ children: Range<Int>, _ scanner: borrowing JSONScanner) -> Int? {
        var name: [UInt8] = []
        scanner.forEachByte(of: key) { name.append($0) }
        return children.first { nodes[$0].element < 0 && names[nodes[$0].name].elementsEqual(name) }
    }
}
