#ifndef ASHLAR_SHA256_H
#define ASHLAR_SHA256_H
#include <stddef.h>
#include <stdint.h>

/// SHA-256 (FIPS 180-4), as far as it has come. Every field is this library's own.
struct ashlar_sha256 {
    uint32_t words[8];
    /// Bytes taken so far.
    uint64_t count;
    /// The last `count % 64` of them.
    uint8_t rest[64];
};

void ashlar_sha256_begin(struct ashlar_sha256 *state);

/// Takes `count` more bytes; with the instructions that the CPU has for it, if it has them.
void ashlar_sha256_update(struct ashlar_sha256 *state, const void *bytes, size_t count);

/// The digest of all bytes taken; the state is of no use afterwards.
void ashlar_sha256_finish(struct ashlar_sha256 *state, uint8_t digest[32]);

/// For tests: the same with plain C alone, whatever the CPU has.
void ashlar_sha256_update_portable(struct ashlar_sha256 *state, const void *bytes, size_t count);

#endif
