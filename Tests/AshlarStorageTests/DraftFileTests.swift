import AshlarStorage
import Foundation
import Testing

@Suite("Drafts")
struct DraftFileTests {
    let folder: String
    var place: String { folder + "/file" }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("draft-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
    func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path)) }

    @Test("a draft is at its place whole or not at all")
    func publish() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        guard case .opened(let draft) = try DraftFile.open(place: place, isOurs: { _ in false }) else {
            Issue.record("not opened")
            return
        }
        guard case .inUse = try DraftFile.open(place: place, isOurs: { _ in true }) else {
            Issue.record("opened twice")
            return
        }
        try FileHandle(forWritingTo: URL(fileURLWithPath: draft.path)).write(contentsOf: Data("new".utf8))
        #expect(text(place) == nil)
        try write("old", to: place)
        #expect(throws: StorageError.self) { try draft.publish(replacing: false) }
        #expect(text(place) == "old" && text(draft.path) == "new")
        try draft.publish(replacing: true)
        #expect(text(place) == "new" && text(draft.path) == nil)
    }

    @Test("what a crash left is emptied, what somebody else left is not")
    func leftovers() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write("ours: half", to: place + DraftFile.suffix)
        guard case .foreign = try DraftFile.open(place: place, isOurs: { _ in false }) else {
            Issue.record("taken")
            return
        }
        #expect(text(place + DraftFile.suffix) == "ours: half")
        let outcome = try DraftFile.open(place: place) { $0.starts(with: Array("ours".utf8)) }
        guard case .opened(let draft) = outcome else {
            Issue.record("not opened")
            return
        }
        #expect(text(draft.path) == "")
        draft.discard()
        #expect(text(draft.path) == nil)
    }
}
