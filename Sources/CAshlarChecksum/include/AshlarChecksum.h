#ifndef ASHLAR_CHECKSUM_H
#define ASHLAR_CHECKSUM_H
#include <stddef.h>
#include <stdint.h>

/// CRC-32 as zlib computes it, continued from `seed` (0 starts one); the fastest kernel this CPU has.
uint32_t ashlar_crc32(uint32_t seed, const void *bytes, size_t count);

/// The CRC-32 of `source`, continued from `seed`, while copying it to `target` (which must not overlap).
uint32_t ashlar_crc32_copy(uint32_t seed, void *target, const void *source, size_t count);

static inline uint32_t ashlar_crc32_length(uint32_t length) { return ashlar_crc32(0, &length, 4); }

#endif
