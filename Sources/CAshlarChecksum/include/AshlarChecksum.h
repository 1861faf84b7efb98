#ifndef ASHLAR_CHECKSUM_H
#define ASHLAR_CHECKSUM_H
#include <stddef.h>
#include <stdint.h>

/// CRC-32 as zlib computes it, continued from `seed` (0 starts one); the fastest kernel this CPU has. No byte outside
/// `bytes` is read, and with a count of 0 the seed comes back whatever `bytes` is (zlib takes NULL for a question).
uint32_t ashlar_crc32(uint32_t seed, const void *bytes, size_t count);

/// The CRC-32 of `source`, continued from `seed`, while copying it to `target` (which must not overlap),
/// in one pass. No byte outside the two is read or written.
uint32_t ashlar_crc32_copy(uint32_t seed, void *target, const void *source, size_t count);

extern const uint32_t ashlar_crc32_length_tables[4][256];

/// The CRC-32 of `length` as 4 little-endian bytes: what seeds the CRC of every record. Inlined into its callers, as a
/// call would cost more than the work.
static inline uint32_t ashlar_crc32_length(uint32_t length) {
    // A CRC is linear but for its initial value and final XOR; what these add is the CRC of a length of 0.
    return 0x2144df1cu ^ ashlar_crc32_length_tables[0][length & 0xff]
        ^ ashlar_crc32_length_tables[1][length >> 8 & 0xff]
        ^ ashlar_crc32_length_tables[2][length >> 16 & 0xff]
        ^ ashlar_crc32_length_tables[3][length >> 24];
}

/// For tests and measurements: the kernels this CPU runs, from the slowest (0, always zlib's own) to the fastest, which
/// is the one in use. An index must be less than `ashlar_crc32_kernel_count`.
size_t ashlar_crc32_kernel_count(void);

/// The name of the kernel in use.
const char *ashlar_crc32_kernel_name(void);
const char *ashlar_crc32_kernel_name_at(size_t kernel);
uint32_t ashlar_crc32_with(size_t kernel, uint32_t seed, const void *bytes, size_t count);
uint32_t ashlar_crc32_copy_with(size_t kernel, uint32_t seed, void *target, const void *source, size_t count);

#endif
