/// The block files while they are read: how far each was seen, and which of its records are not done with.
package struct InputFiles: Sendable {
    /// One file.
    struct File: Sendable {
        var name: String
        /// All records before this offset were seen.
        var seen: Int64 = 0
        /// Before this offset only records that an earlier run has seen too.
        var seenBefore: Int64 = 0
        /// Records that were not in the log when they were seen, in their order; those before `firstOpen` are done with.
        var records: [(offset: Int64, node: NodeIndex)] = []
        var firstOpen = 0
        /// What the file looked like when it was read to its end; nil before.
        var status: FileStatus?
        /// Whether it was the last file then.
        var wasLast = false
        /// Whether it ends with its last record, and is no longer looked at for marks.
        var isComplete = false
        /// How large it was when it was complete.
        var size: Int64 = 0
        /// Whether what stands at its end was told of.
        var hasWarned = false
        /// Whether it has at least one record.
        var hasRecords = false
    }

    var files: [File] = []
    /// The numbers of files that are begun and may stand in a mark.
    private var open: [Int] = []
    private var begun = 0
    private var doneBytes: Int64 = 0

    package init() {}

    /// Takes up files that are new; names come in their order.
    mutating func add(_ names: [String]) {
        // Files that come later may have names that stand before others: they are simply read later.
        let known = Set(files.map(\.name))
        for name in names where !known.contains(name) { files.append(File(name: name)) }
    }

    /// Begins with a file.
    mutating func begin(_ number: Int) {
        guard number >= begun else { return }
        begun = number + 1
        open.append(number)
    }

    /// Notes that a record was seen; it is open until its block is in the log, or never will be.
    mutating func see(_ record: RecordPlace, in number: Int, node: NodeIndex?) {
        files[number].seen = record.end
        files[number].hasRecords = true
        if let node { files[number].records.append((record.offset, node)) }
    }

    /// Notes that a file was read to its end, and whether more can come.
    mutating func end(_ number: Int, size: Int64, isComplete: Bool) {
        files[number].isComplete = isComplete
        files[number].size = size
    }

    /// How far everything was taken, if `isDone` says of a node that its record need not be looked at again.
    mutating func mark(isDone: (NodeIndex) -> Bool) -> InputMark {
        var mark = InputMark()
        var stillOpen: [Int] = []
        for number in open {
            while let record = files[number].next, isDone(record.node) { files[number].firstOpen += 1 }
            if files[number].next == nil, files[number].isComplete {
                doneBytes += files[number].size
                files[number].records = []
                files[number].firstOpen = 0
                continue
            }
            files[number].trim()
            stillOpen.append(number)
            let taken = files[number].next?.offset ?? files[number].seen
            mark.open.append(
                InputMark.OpenFile(name: files[number].name, taken: taken, seen: files[number].seen))
        }
        open = stillOpen
        mark.fileCount = begun
        mark.doneBytes = doneBytes
        return mark
    }

    /// Goes to where a mark says that everything was taken, if these are still the files it is about; false if not.
    mutating func resume(at mark: InputMark, size: (String) throws(InputProblem) -> Int64) throws(InputProblem) -> Bool
    {
        guard mark.fileCount <= files.count else { return false }
        var open: [String: InputMark.OpenFile] = [:]
        for file in mark.open { open[file.name] = file }
        var sum: Int64 = 0
        var found = 0
        for file in files[..<mark.fileCount] {
            let size = try size(file.name)
            if let open = open[file.name] {
                guard open.seen <= size else { return false }
                found += 1
            } else {
                sum += size
            }
        }
        guard found == open.count, sum == mark.doneBytes else { return false }
        doneBytes = sum
        begun = mark.fileCount
        for number in 0..<mark.fileCount {
            if let place = open[files[number].name] {
                files[number].seen = place.taken
                files[number].seenBefore = place.seen
                self.open.append(number)
            } else {
                let size = try size(files[number].name)
                files[number].seen = size
                files[number].size = size
                files[number].isComplete = true
                files[number].hasRecords = true
            }
        }
        return true
    }
}

extension InputFiles.File {
    /// The first record that is not done with.
    fileprivate var next: (offset: Int64, node: NodeIndex)? {
        firstOpen < records.count ? records[firstOpen] : nil
    }

    /// Gives back the memory of records that are done with, now and then.
    fileprivate mutating func trim() {
        guard firstOpen > 1_024, firstOpen > records.count / 2 else { return }
        records.removeFirst(firstOpen)
        firstOpen = 0
    }
}
