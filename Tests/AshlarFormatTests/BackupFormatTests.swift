import AshlarTestSupport
import CAshlarChecksum
import Testing

@testable import AshlarFormat

@Suite("Backup format")
struct BackupFormatTests {
    @Test("SHA-256 is that of FIPS 180-4, in pieces and with plain C alone too")
    func sha256() {
        let known = [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                String(repeating: "a", count: 1_000_000),
                "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
            ),
        ]
        for (text, digest) in known { #expect(SHA256.digest(of: Array(text.utf8)).description == digest) }
        var random = SplitMix64(seed: 1)
        for count in 0..<300 {
            let bytes = random.bytes(count)
            let cut = random.below(count + 1)
            var pieces = SHA256()
            bytes[..<cut].withUnsafeBytes { pieces.update($0) }
            bytes[cut...].withUnsafeBytes { pieces.update($0) }
            var state = ashlar_sha256()
            ashlar_sha256_begin(&state)
            ashlar_sha256_update_portable(&state, bytes, bytes.count)
            var plain = [UInt8](repeating: 0, count: 32)
            ashlar_sha256_finish(&state, &plain)
            #expect(pieces.digest == SHA256.digest(of: bytes) && pieces.digest.bytes == plain, "\(count)")
        }
    }

    static let manifest = BackupManifest(
        storeID: StoreID(high: 0x0706_0504_0302_0100, low: 0x0f0e_0d0c_0b0a_0908), generation: 3,
        createdTime: 1_700_000_000_000_000, sequence: 42, chainValue: 0xa43c_53cd_65c7_98e7, prunedSequence: 0,
        tipHeight: 40,
        files: [
            BackupFile(
                name: "0000000001-0000.segment", size: 3, digest: SHA256.digest(of: Array("abc".utf8)),
                fingerprint: 0x1122_3344_5566_7788),
            BackupFile(name: "search.consumer", size: 0, digest: SHA256.digest(of: []), fingerprint: 0),
        ])

    @Test("a manifest is the text of the specification, and reads as it was written ([BAK-4])")
    func manifest() throws {
        let bytes = Self.manifest.encoded()
        #expect(String(decoding: bytes, as: UTF8.self) == Self.text)
        #expect(try BackupManifest(decoding: bytes) == Self.manifest)
        for offset in bytes.indices {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[offset] ^= 1 << bit
                #expect(throws: FormatError.self) { try BackupManifest(decoding: flipped) }
            }
            #expect(throws: FormatError.self) { try BackupManifest(decoding: Array(bytes[..<offset])) }
        }
    }

    static let text = """
        ashlar backup 1
        store 000102030405060708090a0b0c0d0e0f
        generation 3
        created 1700000000000000
        sequence 42
        chainvalue a43c53cd65c798e7
        pruned 0
        tip 40
        files 2
        ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 1122334455667788 0000000001-0000.segment
        e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 0000000000000000 search.consumer
        sha256 c5763fb3e3d65291616f4e39037e8b3180ba42d21d63ebe3f842eb5d3efe0fdc

        """

    @Test("the header of a member reads as it was written, whatever its size")
    func header() throws {
        for size in [0, 1, 511, 512, (1 << 33) - 1, 1 << 33, 1 << 43] {
            let header = ArchiveHeader(name: "0000000001.manifest", bytes: size, time: 1_700_000_000)
            #expect(try ArchiveHeader(decoding: header.encoded()) == header)
        }
        #expect(try ArchiveHeader(decoding: [UInt8](repeating: 0, count: 512)) == nil)
    }
}
