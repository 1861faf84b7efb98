import Ashlar
import AshlarFormat
import AshlarStorage

/// A store that is open for a run, with the input that had to be looked into to make it.
struct OpenedStore: ~Copyable {
    var writer: Writer
    /// The first input, at its first line; nil if it was not needed.
    var reader: LineReader?
}

extension IngestRun {
    /// Opens the store, or makes it if the directory is missing or empty; nil if asked to stop before that.
    func openStore() throws(IngestFailure) -> OpenedStore? {
        let path = settings.store
        do throws(StoreError) {
            return OpenedStore(writer: try Writer.open(at: path, options: settings.writerOptions), reader: nil)
        } catch {
            guard case .notAStore = error else { throw .store(error) }
        }
        try checkDirectory()
        var reader: LineReader?
        var notation = settings.notation
        if notation == nil {
            var first = try open(settings.inputs[0])
            guard try advance(&first) || !first.wasStopped else { return nil }
            notation = try detectNotation(first)
            reader = first.lineNumber > 0 ? consume first : nil
        }
        var options = settings.writerOptions
        var creation = CreationOptions()
        creation.allowsHeightGaps = settings.allowsHeightGaps
        creation.hashNotation = notation ?? .hex
        options.creation = creation
        let writer = try ofStore { () throws(StoreError) in try Writer.open(at: path, options: options) }
        return OpenedStore(writer: writer, reader: reader)
    }

    /// A store is made in a missing or an empty directory only, and nothing is left behind in any other.
    private func checkDirectory() throws(IngestFailure) {
        let path = settings.store
        let kind: SystemCalls.PathKind?
        let files: [String]
        do throws(StorageError) {
            kind = try SystemCalls.kind(of: path)
            files = kind == .directory ? try FileStorage(path: path).list() : []
        } catch {
            throw .store(.inputOutput(operation: error.operation, path: error.path, code: error.code))
        }
        if kind == .other { throw .store(.notAStore(path: path)) }
        let own = [SegmentName.noteFile, SegmentName.lockFile]
        let isForeign = files.contains {
            SegmentName(fileName: $0) == nil && !own.contains($0) && !$0.hasSuffix(SegmentName.temporarySuffix)
        }
        if isForeign { throw .foreignDirectory(path: path) }
    }

    /// The notation of the first block's hash: in the line that a pipe gives first, or in any line of a file.
    private func detectNotation(_ first: borrowing LineReader) throws(IngestFailure) -> HashNotation {
        if first.lineNumber > 0, let notation = try notation(in: first.line, first.path) { return notation }
        for input in settings.inputs {
            var reader = try open(input)
            // What a pipe gives cannot be given twice, and waiting for more would be waiting for an answer.
            guard reader.isReopenable else { break }
            while try advance(&reader) {
                if let notation = try notation(in: reader.line, reader.path) { return notation }
            }
        }
        throw .noNotation
    }

    private func notation(in line: InputTextLine, _ name: String) throws(IngestFailure) -> HashNotation? {
        var parser = LineParser(notation: nil, limits: settings.limits)
        let number = line.number
        do throws(InputError) {
            guard case .block = try parser.parse(line.bytes, lineNumber: number) else { return nil }
        } catch {
            throw .input(name: name, error)
        }
        return parser.notation
    }

    /// Opens an input.
    func open(_ path: String) throws(IngestFailure) -> LineReader {
        let shouldStop = shouldStop
        do throws(InputError) { return try LineReader(path: path, shouldStop: shouldStop) } catch {
            throw .input(name: path == "-" ? "standard input" : path, error)
        }
    }

    /// Goes to the next line of an input.
    func advance(_ reader: inout LineReader) throws(IngestFailure) -> Bool {
        do throws(InputError) { return try reader.advance() } catch { throw .input(name: reader.path, error) }
    }
}
