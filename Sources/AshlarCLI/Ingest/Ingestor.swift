import Ashlar
import AshlarFormat

/// Takes lines into a store, one after the other.
///
/// Invariants: `choice` knows what the log holds from its final block up, and what `side` keeps; a line that throws has changed neither, unless
/// the store failed. The mark of each commit says which line it completes.
struct Ingestor: ~Copyable {
    let settings: IngestSettings
    let store: Store
    var writer: Writer
    var parser: LineParser
    var choice: ForkChoice
    var side: SideStore
    var marks: MarkKeeper
    var names: EventNames
    var summary = IngestSummary()
    var acks: AckPrinter?
    /// What people should know beside the summary.
    var notes: [String] = []
    /// What the present input is called, and which of them it is.
    var inputName = ""
    var inputIndex = 0
    /// At and below this height `choice` has forgotten what it can.
    private var droppedHeight: Int64 = -1

    init(_ writer: consuming Writer, settings: IngestSettings) throws(StoreError) {
        let store = writer.store
        let choice = try ForkChoice(rule: settings.rule, of: store)
        let output = DescriptorOutput(descriptor: settings.outputDescriptor)
        let acks = settings.acknowledges ? try AckPrinter(store, output) : nil
        self.settings = settings
        self.store = store
        self.choice = choice
        self.acks = acks
        self.writer = writer
        parser = LineParser(notation: store.hashNotation, limits: settings.limits)
        side = SideStore()
        marks = MarkKeeper(rule: settings.rule)
        names = EventNames()
    }

    /// At and below this height nothing changes any more.
    var floor: Int64 { min(store.finalHeight ?? -1, choice.tip?.height ?? -1) }

    /// Takes one line.
    mutating func take(_ line: InputTextLine) throws(IngestFailure) {
        let name = inputName
        let number = line.number
        let before = writer.sequence
        do throws(LineFailure) {
            let place = InputPlace(line)
            switch try parse(line) {
            case .block(let block): try take(block, line, place)
            case .floating(let floating): try take(floating, line, place)
            case .rollback(let height, _): try rollBack(toHeight: height, place)
            }
            marks.finish(place, madeCommit: writer.sequence > before)
        } catch {
            switch error {
            case .input(let error): throw .input(name: name, error)
            case .store(let error): throw .line(name: name, line: number, error)
            case .unlinked(let detail): throw .unlinked(name: name, line: number, detail: detail)
            }
        }
        if let code = acks?.failure { throw .output(code: code) }
    }

    /// Notes the end of all inputs where the last lines made no commit.
    mutating func finish() throws(IngestFailure) {
        guard let mark = marks.closingMark(nextSequence: writer.sequence + 1) else { return }
        do throws(StoreError) { try writer.note(mark: mark) } catch { throw .store(error) }
    }

    /// Makes everything durable and closes the store.
    consuming func close() throws(StoreError) { try writer.close() }

    private mutating func parse(_ line: InputTextLine) throws(LineFailure) -> InputLine {
        do throws(InputError) { return try parser.parse(line.bytes, lineNumber: line.number) } catch {
            throw .input(error)
        }
    }

    private mutating func take(
        _ block: BlockLine, _ line: InputTextLine, _ place: InputPlace
    ) throws(LineFailure) {
        let header = block.header
        let action = try decide(header, line.number)
        switch action {
        case .extend: try append(block, line, place)
        case .duplicate: try takeDuplicate(block, line)
        case .unlinked, .belowFinal: try passOver(block, line, action)
        case .keepAside: try keepAside(header, line)
        case .switchTo(let ancestor, let path): try switchTo(path, above: ancestor, block, line, place)
        }
        choice.apply(action, of: header)
        forgetWhatIsFinal()
    }

    /// Decides about a block; what only the final height forbids is found here, because `choice` is told of it in steps.
    private func decide(_ header: BlockHeader, _ line: Int) throws(LineFailure) -> ForkAction {
        let floor = floor
        if header.height <= floor, choice.standing(of: header.hash) == nil { return .belowFinal }
        let action: ForkAction
        do throws(InputError) { action = try choice.action(for: header, line: line) } catch { throw .input(error) }
        if case .switchTo(let ancestor, _) = action, ancestor < floor { return .belowFinal }
        return action
    }

    private mutating func keepAside(_ header: BlockHeader, _ line: InputTextLine) throws(LineFailure) {
        do throws(InputError) { try side.keep(line, of: header, input: inputIndex) } catch { throw .input(error) }
        if marks.side == nil { marks.side = IngestMark.SideStart(line: line.number, offset: line.startOffset) }
        summary.sideBlocks += 1
        acknowledge(line.number, unchanged: .aside)
    }

    /// Lets go of blocks kept aside.
    mutating func removeSides(_ hashes: some Sequence<[UInt8]>) {
        var isChanged = false
        for hash in hashes where side[hash] != nil {
            side.remove(hash)
            isChanged = true
        }
        guard isChanged else { return }
        marks.side = side.earliest(ofInput: inputIndex).map {
            IngestMark.SideStart(line: $0.lineNumber, offset: $0.startOffset)
        }
    }

    /// Forgets what the final height makes needless, in steps: each costs as much as there are heights above.
    private mutating func forgetWhatIsFinal() {
        let floor = floor
        guard floor >= droppedHeight + max(64, settings.writer.finalityDepth / 4) else { return }
        droppedHeight = floor
        removeSides(choice.drop(atOrBelow: floor))
        marks.drop(atOrBelow: floor)
    }
}

/// What is wrong with a line, before it is known which input it stands in.
enum LineFailure: Error {
    case input(InputError)
    case store(StoreError)
    case unlinked(String)
}

/// Runs a part that talks to the store about a line.
func ofLine<Result: ~Copyable>(_ body: () throws(StoreError) -> Result) throws(LineFailure) -> Result {
    do throws(StoreError) { return try body() } catch { throw .store(error) }
}
