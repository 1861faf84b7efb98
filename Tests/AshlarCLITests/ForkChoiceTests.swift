import AshlarCLI
import Testing

@Suite("Fork choice")
struct ForkChoiceTests {
    /// A block named by a letter; a made-up hash is enough here.
    private func block(_ name: String, on parent: String, at height: Int64) -> BlockHeader {
        BlockHeader(hash: Array(name.utf8), parent: Array(parent.utf8), height: height)
    }

    private func path(_ name: String, _ height: Int64, _ source: PathBlock.Source) -> PathBlock {
        PathBlock(hash: Array(name.utf8), height: height, source: source)
    }

    /// Decides and applies, and gives the decision.
    private func arrive(_ header: BlockHeader, _ choice: inout ForkChoice) throws(InputError) -> ForkAction {
        let action = try choice.action(for: header, line: 1)
        choice.apply(action, of: header)
        return action
    }

    @Test("a first block is taken whatever its parent, and the next must link", arguments: ForkChoice.Rule.allCases)
    func takesFirstBlock(_ rule: ForkChoice.Rule) throws {
        var choice = ForkChoice(rule: rule)
        #expect(try arrive(block("x", on: "?", at: 100), &choice) == .extend)
        #expect(try arrive(block("y", on: "?", at: 100), &choice) == .unlinked)
        #expect(try arrive(block("z", on: "x", at: 101), &choice) == .extend)
        #expect(try arrive(block("x", on: "?", at: 100), &choice) == .duplicate)
        #expect(choice.tip == block("z", on: "x", at: 101))
    }

    @Test("newest: each linked block becomes the tip, and known blocks on the way are taken up again")
    func newestSwitches() throws {
        var choice = ForkChoice(rule: .newest)
        for header in [block("a", on: "", at: 0), block("b", on: "a", at: 1), block("c", on: "b", at: 2)] {
            #expect(try arrive(header, &choice) == .extend)
        }
        #expect(
            try arrive(block("B", on: "a", at: 1), &choice)
                == .switchTo(commonAncestorHeight: 0, path: [path("B", 1, .line)]))
        #expect(choice.standing(of: Array("c".utf8)) == .undone)
        #expect(
            try arrive(block("d", on: "c", at: 3), &choice)
                == .switchTo(
                    commonAncestorHeight: 0, path: [path("b", 1, .undone), path("c", 2, .undone), path("d", 3, .line)]))
        #expect(
            try arrive(block("B", on: "a", at: 1), &choice)
                == .switchTo(commonAncestorHeight: 0, path: [path("B", 1, .undone)]))
        #expect(choice.tip == block("B", on: "a", at: 1))
    }

    @Test("longest: the chain switches only to a higher block, through blocks kept aside and undone")
    func longestSwitches() throws {
        var choice = ForkChoice(rule: .longest)
        for header in [block("a", on: "", at: 0), block("b", on: "a", at: 1)] {
            #expect(try arrive(header, &choice) == .extend)
        }
        #expect(try arrive(block("B", on: "a", at: 1), &choice) == .keepAside)
        #expect(try arrive(block("B", on: "a", at: 1), &choice) == .duplicate)
        #expect(
            try arrive(block("C", on: "B", at: 2), &choice)
                == .switchTo(commonAncestorHeight: 0, path: [path("B", 1, .aside), path("C", 2, .line)]))
        #expect(try arrive(block("c", on: "b", at: 2), &choice) == .keepAside)
        #expect(
            try arrive(block("d", on: "c", at: 3), &choice)
                == .switchTo(
                    commonAncestorHeight: 0, path: [path("b", 1, .undone), path("c", 2, .aside), path("d", 3, .line)]))
        #expect(choice.standing(of: Array("B".utf8)) == .undone)
        #expect(try arrive(block("b", on: "a", at: 1), &choice) == .duplicate)
    }

    @Test("a height that does not follow the parent's is refused")
    func checksHeights() throws {
        var choice = ForkChoice(rule: .newest)
        var gaps = ForkChoice(rule: .newest, allowsHeightGaps: true)
        _ = try arrive(block("a", on: "", at: 5), &choice)
        _ = try arrive(block("a", on: "", at: 5), &gaps)
        for height: Int64 in [0, 4, 5, 7] {
            #expect(
                failure(of: block("b", on: "a", at: height), choice)
                    == .heightDoesNotFollow(line: 3, height: height, parentHeight: 5, gapsAllowed: false))
        }
        #expect(failure(of: block("b", on: "a", at: 5), gaps) != nil)
        #expect(try arrive(block("b", on: "a", at: 70), &gaps) == .extend)
    }

    @Test("a hash that comes again with another parent or height is refused")
    func refusesContradictions() throws {
        var choice = ForkChoice(rule: .longest)
        _ = try arrive(block("a", on: "", at: 5), &choice)
        for other in [block("a", on: "x", at: 5), block("a", on: "", at: 6)] {
            #expect(
                failure(of: other, choice)
                    == .contradictsKnownBlock(line: 3, height: other.height, knownHeight: 5))
        }
    }

    @Test("after a rollback the undone blocks may come back, one by one or all at once")
    func comesBackAfterRollback() throws {
        for rule in ForkChoice.Rule.allCases {
            var choice = ForkChoice(rule: rule)
            for header in [block("a", on: "", at: 0), block("b", on: "a", at: 1), block("c", on: "b", at: 2)] {
                _ = try arrive(header, &choice)
            }
            try choice.rollBack(toHeight: 0, line: 4)
            #expect(choice.tip == block("a", on: "", at: 0))
            var other = choice
            #expect(
                try arrive(block("b", on: "a", at: 1), &choice)
                    == .switchTo(commonAncestorHeight: 0, path: [path("b", 1, .undone)]))
            #expect(
                try arrive(block("d", on: "c", at: 3), &other)
                    == .switchTo(
                        commonAncestorHeight: 0,
                        path: [path("b", 1, .undone), path("c", 2, .undone), path("d", 3, .line)]))
        }
    }

    @Test("after a rollback of everything, the old chain and a new one may come")
    func comesBackAfterRollbackOfAll() throws {
        var choice = ForkChoice(rule: .newest)
        _ = try arrive(block("a", on: "", at: 0), &choice)
        try choice.rollBack(toHeight: -1, line: 2)
        #expect(choice.tip == nil)
        #expect(try arrive(block("A", on: "", at: 0), &choice) == .extend)
        #expect(
            try arrive(block("b", on: "a", at: 1), &choice)
                == .switchTo(commonAncestorHeight: -1, path: [path("a", 0, .undone), path("b", 1, .line)]))
        #expect(choice.standing(of: Array("A".utf8)) == .undone)
    }

    @Test("a store's own blocks are known from the start")
    func knowsStore() throws {
        var choice = ForkChoice(rule: .longest)
        choice.know(block("a", on: "", at: 0), as: .canonical)
        choice.know(block("b", on: "a", at: 1), as: .canonical)
        choice.know(block("B", on: "a", at: 1), as: .undone)
        #expect(try arrive(block("B", on: "a", at: 1), &choice) == .duplicate)
        #expect(
            try arrive(block("C", on: "B", at: 2), &choice)
                == .switchTo(commonAncestorHeight: 0, path: [path("B", 1, .undone), path("C", 2, .line)]))
    }

    @Test("what is final is dropped, with the branches that hang on it, and nothing below is decided any more")
    func dropsFinal() throws {
        var choice = ForkChoice(rule: .longest)
        for (index, name) in "abcdef".enumerated() {
            let parent = index == 0 ? "" : String(Array("abcdef")[index - 1])
            _ = try arrive(block(String(name), on: parent, at: Int64(index)), &choice)
        }
        for (name, parent, height) in [("B", "a", 1), ("C", "B", 2), ("D", "C", 3), ("E", "d", 4)]
            as [(String, String, Int64)]
        {
            #expect(try arrive(block(name, on: parent, at: height), &choice) == .keepAside)
        }
        #expect(Set(choice.drop(atOrBelow: 2)) == [Array("B".utf8), Array("C".utf8), Array("D".utf8)])
        #expect(choice.count == 5)  // c d e f E
        #expect(try arrive(block("E", on: "d", at: 4), &choice) == .duplicate)
        #expect(try arrive(block("c", on: "b", at: 2), &choice) == .duplicate)
        #expect(try arrive(block("b", on: "a", at: 1), &choice) == .belowFinal)
        #expect(try arrive(block("F", on: "D", at: 4), &choice) == .unlinked)
        #expect(try arrive(block("D2", on: "c", at: 3), &choice) == .keepAside)
        #expect(choice.drop(atOrBelow: 1).isEmpty)
        #expect(choice.finalHeight == 2)
        var below: InputError?
        do { try choice.rollBack(toHeight: 1, line: 9) } catch { below = error }
        #expect(below == .rollbackBelowFinal(line: 9, toHeight: 1, finalHeight: 2))
        try choice.rollBack(toHeight: 2, line: 9)
        #expect(choice.tip?.height == 2)
    }

    @Test("made-up hashes that form a ring are decided about in finite time")
    func survivesRings() throws {
        var choice = ForkChoice(rule: .newest)
        _ = try arrive(block("a", on: "ring", at: 0), &choice)
        _ = try arrive(block("ring", on: "a", at: 1), &choice)
        try choice.rollBack(toHeight: -1, line: 1)
        _ = try arrive(block("x", on: "", at: 0), &choice)
        #expect(
            try arrive(block("y", on: "ring", at: 2), &choice)
                == .switchTo(
                    commonAncestorHeight: -1,
                    path: [path("a", 0, .undone), path("ring", 1, .undone), path("y", 2, .line)]))
    }

    private func failure(of header: BlockHeader, _ choice: ForkChoice) -> InputError? {
        do {
            _ = try choice.action(for: header, line: 3)
            return nil
        } catch {
            return error
        }
    }
}

@Suite("Fork choice against a model")
struct ForkChoiceModelTests {
    @Test(
        "random trees give the chain that the rule says", arguments: ForkChoice.Rule.allCases, 0..<40 as Range<UInt64>)
    func followsRule(_ rule: ForkChoice.Rule, _ seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var choice = ForkChoice(rule: rule)
        var dropping = ForkChoice(rule: rule)
        var blocks = [BlockHeader(hash: [0, 0], parent: [9], height: 0)]
        var chain: [BlockHeader] = []
        for step in 0..<400 {
            let header = step == 0 ? blocks[0] : arrival(&blocks, &generator)
            let action = try choice.action(for: header, line: step)
            choice.apply(action, of: header)
            chain = expectedChain(after: header, chain, blocks, rule)
            #expect(choice.tip == chain.last)
            #expect(chain.allSatisfy { choice.standing(of: $0.hash) == .canonical })

            let same = try dropping.action(for: header, line: step)
            if same != .belowFinal, same != .unlinked {
                #expect(same == action)
            }
            dropping.apply(action, of: header)
            dropping.drop(atOrBelow: (dropping.tip?.height ?? 0) - 30)
            #expect(dropping.tip == choice.tip)
            #expect(dropping.count < 300)
        }
    }

    /// A new block near the top, or now and then one that came before.
    private func arrival(_ blocks: inout [BlockHeader], _ generator: inout SeededGenerator) -> BlockHeader {
        let recent = blocks.suffix(6)
        if Int.random(in: 0..<10, using: &generator) == 0, let old = recent.randomElement(using: &generator) {
            return old
        }
        let parent = recent.randomElement(using: &generator) ?? blocks[0]
        let number = UInt16(blocks.count)
        let header = BlockHeader(
            hash: [UInt8(number >> 8), UInt8(number & 255)], parent: parent.hash, height: parent.height + 1)
        blocks.append(header)
        return header
    }

    /// The chain by the plain words of the rule, computed from the root each time.
    private func expectedChain(
        after header: BlockHeader, _ chain: [BlockHeader], _ blocks: [BlockHeader], _ rule: ForkChoice.Rule
    ) -> [BlockHeader] {
        if chain.contains(header) { return chain }
        if rule == .longest, let tip = chain.last, header.height <= tip.height { return chain }
        let byHash = Dictionary(uniqueKeysWithValues: blocks.map { ($0.hash, $0) })
        var result = [header]
        while let parent = byHash[result[result.count - 1].parent] { result.append(parent) }
        return result.reversed()
    }
}
