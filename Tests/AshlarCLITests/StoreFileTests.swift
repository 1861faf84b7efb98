import Ashlar
import AshlarTestSupport
import Foundation
import Testing

/// What somebody with a hand in the directory could try.
@Suite("Files of a store: rights, links, pipes")
struct StoreFileTests {
    /// A store with a snapshot and a consumer, closed, and the names of its files.
    private func store(in directory: borrowing TemporaryDirectory) throws -> (String, [String]) {
        let path = directory.path + "/store"
        try SampleStore.make(at: path)
        #expect(try Tool.run("snapshots", "take", path).status == 0)
        #expect(try Tool.run("consumers", path, "--set", "search", "start").status == 0)
        return (path, try FileManager.default.contentsOfDirectory(atPath: path).sorted())
    }

    private func mode(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int ?? 0
    }

    @Test("all are for their owner alone")
    func modes() throws {
        let directory = TemporaryDirectory()
        let (path, files) = try store(in: directory)
        #expect(files.contains { $0.hasSuffix(".segment") } && files.contains { $0.hasSuffix(".snapshot") })
        #expect(files.contains { $0.hasSuffix(".consumer") } && files.contains("durable"))
        for file in files { #expect(try mode(path + "/" + file) == 0o600, "\(file)") }
    }

    @Test(
        "a link, a pipe or a directory in the place of the log is refused in one line, and never waited for",
        arguments: ["link", "pipe", "directory"])
    func replaced(by kind: String) throws {
        let directory = TemporaryDirectory()
        let (path, files) = try store(in: directory)
        let name = try #require(files.first { $0.hasSuffix(".segment") })
        let aside = directory.path + "/aside"
        try FileManager.default.moveItem(atPath: path + "/" + name, toPath: aside)
        switch kind {
        case "link": try FileManager.default.createSymbolicLink(atPath: path + "/" + name, withDestinationPath: aside)
        case "pipe": #expect(mkfifo(path + "/" + name, 0o600) == 0)
        default: try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: false)
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: aside))
        for command in [["stats", path], ["verify", path], ["rollback", path, "--to-height", "2"]] {
            let run = try Tool.run(command, wrapper: ["/usr/bin/timeout", "60"])
            #expect([1, 2, 4].contains(run.status), "\(command): \(run.status) \(run.error)")
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: aside)) == bytes)
    }

    @Test("a link in the place of the lock or of what is written beside the log leaves alone where it leads")
    func links() throws {
        let directory = TemporaryDirectory()
        let (path, _) = try store(in: directory)
        let victim = directory.path + "/victim"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: victim))
        for name in ["lock", "durable", "search.consumer"] {
            let file = path + "/" + name
            try? FileManager.default.moveItem(atPath: file, toPath: directory.path + "/aside")
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: victim)
            _ = try Tool.run("rollback", path, "--to-height", "4")
            _ = try Tool.run("consumers", path, "--set", "search", "end")
            #expect(try String(contentsOfFile: victim, encoding: .utf8) == "precious", "\(name)")
            try FileManager.default.removeItem(atPath: file)
            try? FileManager.default.moveItem(atPath: directory.path + "/aside", toPath: file)
        }
    }
}
