import CAshlarChecksum
import CAshlarZlib
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite("Checksum kernels")
struct ChecksumKernelTests {
    /// One way to compute a CRC that this CPU can run.
    struct Kernel: CustomStringConvertible, Sendable {
        let index: Int
        var description: String { String(cString: ashlar_crc32_kernel_name_at(index)) }

        static let all = (0..<ashlar_crc32_kernel_count()).map(Kernel.init)

        func crc(_ seed: UInt32, _ bytes: UnsafeRawPointer, _ count: Int) -> UInt32 {
            ashlar_crc32_with(index, seed, bytes, count)
        }

        func crc(_ seed: UInt32, _ bytes: [UInt8]) -> UInt32 {
            bytes.withUnsafeBytes { ashlar_crc32_with(index, seed, $0.baseAddress, $0.count) }
        }

        func copy(
            _ seed: UInt32, to target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ count: Int
        ) -> UInt32 {
            ashlar_crc32_copy_with(index, seed, target, source, count)
        }
    }

    /// Pages between two that may not be touched: a read or write outside ends the test with a signal.
    final class GuardedPages {
        static let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let whole: UnsafeMutableRawPointer
        let size: Int

        init(atLeast bytes: Int) throws {
            size = (bytes + Self.page - 1) / Self.page * Self.page
            let mapped = mmap(
                nil, size + 2 * Self.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
            whole = try #require(mapped != MAP_FAILED ? mapped : nil)
            #expect(mprotect(whole, Self.page, PROT_NONE) == 0)
            #expect(mprotect(whole + Self.page + size, Self.page, PROT_NONE) == 0)
        }

        deinit { munmap(whole, size + 2 * Self.page) }

        var start: UnsafeMutableRawPointer { whole + Self.page }
        var end: UnsafeMutableRawPointer { start + size }

        func fillAtRandom() {
            var generator = Numbers()
            for offset in stride(from: 0, to: size, by: 8) {
                start.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
            }
        }
    }

    /// The same numbers in each run, so that a failure comes back.
    struct Numbers: RandomNumberGenerator {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    static let seeds: [UInt32] = [0, 1, 0x8000_0000, 0xDEAD_BEEF, 0xFFFF_FFFF]

    static func zlib(_ seed: UInt32, _ bytes: UnsafeRawPointer, _ count: Int) -> UInt32 {
        UInt32(crc32_z(UInt(seed), bytes.assumingMemoryBound(to: UInt8.self), count))
    }

    @Test("the known values of the spec", arguments: Kernel.all)
    func knownValues(_ kernel: Kernel) {
        #expect(kernel.crc(0, []) == 0)
        #expect(kernel.crc(0, Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(kernel.crc(0, Array(repeating: 0, count: 32)) == 0x190A_55AD)
        #expect(kernel.crc(0, Array(repeating: 0xFF, count: 32)) == 0xFF6C_AB0B)
        #expect(kernel.crc(0, [2, 0, 0, 0] + Array("{}".utf8)) == 0x1E75_AD14)
        #expect(kernel.crc(ashlar_crc32_length(2), Array("{}".utf8)) == 0x1E75_AD14)
        #expect(kernel.crc(0, [0, 0, 0, 0]) == 0x2144_DF1C)
        #expect(ashlar_crc32_length(0) == 0x2144_DF1C)
    }

    @Test("every kernel agrees with zlib at every length and alignment", arguments: Kernel.all)
    func agreement(_ kernel: Kernel) throws {
        let source = try GuardedPages(atLeast: 8192)
        source.fillAtRandom()
        for count in 0...1100 {
            for alignment in 0..<16 {
                let seed = Self.seeds[(count + alignment) % Self.seeds.count]
                // The lowest and the highest such place: the first and last ones touch the guards.
                for bytes in [source.start + alignment, source.end - count - alignment] {
                    let expected = Self.zlib(seed, bytes, count)
                    guard kernel.crc(seed, bytes, count) != expected else { continue }
                    Issue.record("\(count) bytes, alignment \(alignment), seed \(seed)")
                    return
                }
            }
        }
    }

    @Test("every kernel agrees with zlib for every seed and length", arguments: Kernel.all)
    func seeds(_ kernel: Kernel) throws {
        let source = try GuardedPages(atLeast: 8192)
        source.fillAtRandom()
        for seed in Self.seeds {
            for count in 0...1100 {
                let expected = Self.zlib(seed, source.start, count)
                guard kernel.crc(seed, source.start, count) != expected else { continue }
                Issue.record("\(count) bytes, seed \(seed)")
                return
            }
        }
    }

    @Test("every kernel agrees with zlib for messages up to 64 KiB", arguments: Kernel.all)
    func largeMessages(_ kernel: Kernel) throws {
        let source = try GuardedPages(atLeast: 65536 + 64)
        source.fillAtRandom()
        var generator = Numbers()
        let counts = (0..<500).map { _ in Int.random(in: 1100...65536, using: &generator) }
        for count in counts + [4095, 4096, 4097, 49152, 65535, 65536] {
            let seed = UInt32.random(in: 0 ... .max, using: &generator)
            let bytes = source.start + Int.random(in: 0..<64, using: &generator)
            guard kernel.crc(seed, bytes, count) != Self.zlib(seed, bytes, count) else { continue }
            Issue.record("\(count) bytes, seed \(seed)")
            return
        }
    }

    @Test("a CRC in two parts is that of the whole", arguments: Kernel.all)
    func continuation(_ kernel: Kernel) throws {
        let source = try GuardedPages(atLeast: 4096)
        source.fillAtRandom()
        let whole = Self.zlib(0, source.start, 700)
        for first in 0...700 {
            let seed = kernel.crc(0, source.start, first)
            #expect(kernel.crc(seed, source.start + first, 700 - first) == whole, "split at \(first)")
        }
    }

    @Test("a copy is the source, and nothing around it is touched", arguments: Kernel.all)
    func copies(_ kernel: Kernel) throws {
        let source = try GuardedPages(atLeast: 8192)
        let target = try GuardedPages(atLeast: 8192)
        source.fillAtRandom()
        let blank = [UInt8](repeating: 0xA5, count: target.size)
        var counts = Array(0...1100)
        counts += [2047, 2048, 2049, 4095, 4096, 4097, 8000]
        for count in counts {
            let seed = Self.seeds[count % Self.seeds.count]
            for alignment in [0, 1, 7, 15] {
                let places = [
                    (source.start + alignment, target.start), (source.start, target.start + alignment),
                    (source.end - count, target.end - count - alignment),
                    (source.end - count - alignment, target.end - count),
                ]
                for (from, to) in places {
                    target.start.copyMemory(from: blank, byteCount: blank.count)
                    let crc = kernel.copy(seed, to: to, from, count)
                    let before = to - target.start
                    guard
                        crc != Self.zlib(seed, from, count) || memcmp(to, from, count) != 0
                            || memcmp(target.start, blank, before) != 0
                            || memcmp(to + count, blank, target.size - before - count) != 0
                    else { continue }
                    Issue.record("\(count) bytes, alignment \(alignment)")
                    return
                }
            }
        }
    }

    @Test("an empty message leaves the seed as it is, even without an address", arguments: Kernel.all)
    func emptyMessages(_ kernel: Kernel) {
        for seed in Self.seeds {
            #expect(ashlar_crc32_with(kernel.index, seed, nil, 0) == seed)
            #expect(ashlar_crc32_copy_with(kernel.index, seed, nil, nil, 0) == seed)
        }
    }

    @Test("the CRC of a length is that of its four bytes")
    func lengths() {
        var generator = Numbers()
        let random = (0..<20_000).map { _ in UInt32.random(in: 0 ... .max, using: &generator) }
        let bits = (0..<32).map { UInt32(1) << $0 }
        for length in Array(0...70_000) + bits + random + [.max] {
            var bytes = length.littleEndian
            guard ashlar_crc32_length(length) != Self.zlib(0, &bytes, 4) else { continue }
            Issue.record("\(length)")
            return
        }
    }

    @Test("the kernel in use is the fastest this CPU runs, and zlib's the first")
    func selection() throws {
        let fastest = try #require(Kernel.all.last)
        #expect(String(cString: ashlar_crc32_kernel_name()) == fastest.description)
        #expect(Kernel.all.first?.description == "zlib")
        let bytes = Array("123456789".utf8)
        var copy = [UInt8](repeating: 0, count: bytes.count)
        #expect(ashlar_crc32(0, bytes, bytes.count) == 0xCBF4_3926)
        #expect(ashlar_crc32_copy(0, &copy, bytes, bytes.count) == 0xCBF4_3926)
        #expect(copy == bytes)
    }
}
