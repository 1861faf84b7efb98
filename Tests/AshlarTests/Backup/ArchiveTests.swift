import AshlarStorage
import AshlarTestSupport
import Foundation
import Testing

@testable import Ashlar
@testable import AshlarFormat

/// Backups as one stream, also from strangers; "The archive" in `format-spec/backup.md`.
@Suite("Backup archives")
struct ArchiveTests {
    /// A small store: two blocks, and a consumer.
    private static func small() throws -> (disk: SimulatedDisk, archive: [UInt8]) {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...1, count: 1) }
        let store = try Store.open(disk)
        try store.consumer("x").ack(store.cursor(at: .sequence(1)))
        return (disk, try archive(of: disk))
    }

    private static func archive(of disk: any Storage) throws(BackupError) -> [UInt8] {
        let stream = MemoryStream()
        _ = try Store.backup(disk, to: stream)
        return stream.bytes
    }

    private static func verify(_ bytes: [UInt8]) throws(BackupError) -> BackupVerification {
        try Backup.verify(MemoryStream(bytes))
    }

    /// An archive of these members, in our own form.
    private static func archive(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
        var bytes: [UInt8] = []
        for member in members {
            bytes += ArchiveHeader(name: member.name, bytes: member.bytes.count, time: 7).encoded() + member.bytes
            bytes += [UInt8](repeating: 0, count: ArchiveHeader.padding(of: member.bytes.count))
        }
        return bytes + [UInt8](repeating: 0, count: 1_024)
    }

    private static func members(_ archive: [UInt8]) throws -> [(name: String, bytes: [UInt8])] {
        var members: [(String, [UInt8])] = []
        var offset = 0
        while let header = try ArchiveHeader(decoding: Array(archive[offset..<offset + 512])) {
            offset += 512
            members.append((header.name, Array(archive[offset..<offset + header.bytes])))
            offset += header.bytes + ArchiveHeader.padding(of: header.bytes)
        }
        return members
    }

    @Test("what goes through a stream is what comes out, manifest last ([BAK-7])")
    func roundTrip() throws {
        for disk in [try BackupSamples.disk(), try BackupSamples.withSnapshots(), try Self.small().disk] {
            let archive = try Self.archive(of: disk)
            #expect(archive.count % 512 == 0)
            let found = try Self.verify(archive)
            #expect(found.isSound && found.generations.count == 1)
            let contents = try LogContents(archive: archive)
            let wanted = try LogContents(disk)
            #expect(contents.commits == wanted.commits && contents.state == wanted.state)
            #expect(try Self.members(archive).last?.name == "0000000001.manifest")
        }
    }

    @Test("its members put into a directory are a backup in a directory")
    func unpacked() throws {
        let disk = try BackupSamples.disk()
        let target = SimulatedDisk(seed: 2)
        for member in try Self.members(Self.archive(of: disk)) { target[member.name] = member.bytes }
        #expect(try Backup.verify(target).isSound)
        #expect(try LogContents(backup: target).commits == LogContents(disk).commits)
        // And goes on as one.
        #expect(try Store.backup(disk, to: target).newFiles == 0)
    }

    @Test("a stream that breaks is an error, wherever")
    func broken() throws {
        let disk = try Self.small().disk
        let size = try Self.archive(of: disk).count
        for room in stride(from: 1, through: size, by: 97) {
            let error = backupFailure { () throws(BackupError) in
                _ = try Store.backup(disk, to: MemoryStream(room: room))
            }
            #expect(error == .inputOutput(operation: "write", path: "memory", code: 32))
        }
    }

    @Test("every truncation, and bytes behind the end, are found, and leave no store")
    func truncated() throws {
        let archive = try Self.small().archive
        for count in 0..<archive.count {
            let bytes = Array(archive[..<count])
            #expect(try !Self.verify(bytes).isSound, "\(count)")
            if count % 101 == 0 { try Self.refuse(bytes, "\(count)") }
        }
        #expect(try !Self.verify(archive + [0]).isSound)
        #expect(try !Self.verify(archive + [UInt8](repeating: 0, count: 512)).isSound)
        #expect(try !Self.verify(archive + archive).isSound)
    }

    @Test("every flipped bit is found")
    func flipped() throws {
        let disk = try SimulatedDisk.store { (writer) throws(StoreError) in try writer.append(0...0, count: 1) }
        var archive = try Self.archive(of: disk)
        for offset in archive.indices {
            for bit in 0..<8 {
                archive[offset] ^= 1 << bit
                #expect(try !Self.verify(archive).isSound, "bit \(bit) of \(offset)")
                if bit == offset % 8, offset % 13 == 0 { try Self.refuse(archive, "\(offset)") }
                archive[offset] ^= 1 << bit
            }
        }
        #expect(try Self.verify(archive).isSound)
    }

    /// Restoring gives the error of a damaged backup, before there is anything that a store could be opened from.
    private static func refuse(_ bytes: [UInt8], _ comment: String) throws {
        let error = backupFailure { () throws(BackupError) in
            _ = try Backup.restore(MemoryStream(bytes), into: SimulatedDisk(seed: 9))
        }
        guard case .damaged = error else {
            Issue.record("\(comment): \(error.map { "\($0)" } ?? "it was restored")")
            return
        }
    }

    @Test(
        "names that lead elsewhere are refused, in members and in the manifest, though all digests are right ([BAK-6])")
    func names() throws {
        let members = try Self.members(Self.small().archive)
        for name in ["../evil", "/etc/passwd", "a/b", "..", "", "durable", members[0].name + "x", "lock"] {
            try Self.refuse(Self.archive([(name, [1])] + members), name)
        }
        let text = String(decoding: try #require(members.last).bytes.dropLast(72), as: UTF8.self)
        let segment = "0000000001-0000.segment"
        let bad = [
            "../0000000001-0000.segment", "/0000000001-0000.segment", "0000000001-0001.segment", "durable", "lock",
            ".consumer",
            "..consumer", "a/b.consumer", "..%2f.consumer", "x.tmp", "0000000001-0000.index", "a b.consumer",
            String(repeating: "a", count: 300) + ".consumer", "0000000000-0000.segment", "",
        ]
        for name in bad + [segment + "\n" + segment] {
            let body = Array(text.replacing(segment, with: name).utf8)
            let manifest = body + Array("sha256 \(SHA256.digest(of: body))\n".utf8)
            try Self.refuse(Self.archive(members.dropLast() + [("0000000001.manifest", manifest)]), name)
        }
    }

    @Test("sizes that no stream has allocate nothing, and members too many or too few are found")
    func sizes() throws {
        let members = try Self.members(Self.small().archive)
        for size in [1 << 33, 1 << 43, 1 << 61] {
            let header = ArchiveHeader(name: members[0].name, bytes: size, time: 7)
            #expect(size > 1 << 60 || (try? ArchiveHeader(decoding: header.encoded())) == .some(header))
            try Self.refuse(header.encoded() + members[0].bytes, "\(size)")
        }
        let large = ArchiveHeader(name: "0000000001.manifest", bytes: BackupManifest.maxBytes + 1, time: 7)
        try Self.refuse(large.encoded(), "manifest")
        try Self.refuse(Self.archive([members[0]] + members), "twice")
        try Self.refuse(Self.archive(Array(members.dropFirst())), "missing")
        try Self.refuse(Self.archive(Array(members.dropLast())), "no manifest")
        try Self.refuse(Self.archive(members + [members[0]]), "behind the manifest")
        try Self.refuse([], "nothing")
        try Self.refuse([UInt8](repeating: 0, count: 1_024), "an empty archive")
        // A large file under two names would be written twice; a small one may be.
        let text = String(decoding: try #require(members.last).bytes.dropLast(72), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.hasSuffix(".consumer") })
        for (size, isRefused) in [(1_024, false), (1_025, true)] {
            let zeros = [UInt8](repeating: 0, count: size)
            let part = "\(SHA256.digest(of: zeros)) \(size) 0000000000000000 "
            let names = part + "y.consumer\n" + part + "z.consumer"
            let body = Array(text.replacing(line, with: names).replacing("files 2", with: "files 3").utf8)
            let manifest = body + Array("sha256 \(SHA256.digest(of: body))\n".utf8)
            let archive = Self.archive(
                [members[0], ("\(SHA256.digest(of: zeros)).part", zeros), ("0000000001.manifest", manifest)])
            guard !isRefused else { return try Self.refuse(archive, "two names") }
            let target = SimulatedDisk(seed: 2)
            _ = try Backup.restore(MemoryStream(archive), into: target)
            #expect(target["y.consumer"] == zeros && target["z.consumer"] == zeros)
        }
    }

    @Test("a file that is right and that no manifest names is left out")
    func extra() throws {
        let members = try Self.members(Self.small().archive)
        // A writer that met a prune on its way leaves such.
        let more = Array("more".utf8)
        let extra = (name: "\(SHA256.digest(of: more)).part", bytes: more)
        let archive = Self.archive([extra] + members)
        let target = SimulatedDisk(seed: 2)
        _ = try Backup.restore(MemoryStream(archive), into: target)
        #expect(target.fileNames == ["0000000001-0000.segment", "durable", "x.consumer"])
    }

    @Test("a manifest that lies about a log that is right in itself is refused")
    func lies() throws {
        let members = try Self.members(Self.small().archive)
        let text = String(decoding: try #require(members.last).bytes.dropLast(72), as: UTF8.self)
        for (old, new) in [
            ("sequence 2\n", "sequence 1\n"), ("sequence 2\n", "sequence 3\n"), ("pruned 0\n", "pruned 1\n"),
            ("store ", "store 0"), ("files 2\n", "files 3\n"), ("generation 1\n", "generation 2\n"),
            ("chainvalue ", "chainvalue 0"), ("tip 1\n", "tip 01\n"),
        ] {
            let body = Array(text.replacing(old, with: new).utf8)
            #expect(body != Array(text.utf8), "\(old)")
            let manifest = body + Array("sha256 \(SHA256.digest(of: body))\n".utf8)
            let archive = Self.archive(members.dropLast() + [("0000000001.manifest", manifest)])
            let error = backupFailure { () throws(BackupError) in
                _ = try Backup.restore(MemoryStream(archive), into: SimulatedDisk(seed: 9))
            }
            switch error {
            case .damaged, .store(.corrupt): break
            default: Issue.record("\(new): \(error.map { "\($0)" } ?? "it was restored")")
            }
        }
    }
}
