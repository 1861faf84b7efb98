#include "crc32_kernels.h"
#if ASHLAR_CRC32_ARM
#include <arm_acle.h>
#include <string.h>
#if defined(__linux__)
#include <sys/auxv.h>
#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif
#endif

// CRC-32 by the instructions that ARMv8.0 has as an option, and ARMv8.1 always.

#define WITH_CRC __attribute__((target("+crc")))
#define INLINED static inline __attribute__((always_inline)) WITH_CRC

bool ashlar_crc32_arm_runs(void) {
#if defined(__APPLE__) || defined(__ARM_FEATURE_CRC32)
    return true;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
    return false;
#endif
}

/// Takes in the next bytes, as many as `Word` has, and copies them too if there is a target.
#define TAKE(instruction, Word)                        \
    do {                                               \
        Word word;                                     \
        memcpy(&word, source, sizeof word);            \
        if (target) {                                  \
            memcpy(target, &word, sizeof word);        \
            target += sizeof word;                     \
        }                                              \
        source += sizeof word;                         \
        crc = instruction(crc, word);                  \
    } while (0)

INLINED uint32_t run(uint32_t seed, uint8_t *target, const uint8_t *source, size_t count) {
    uint32_t crc = ~seed;
    for (size_t i = count >> 5; i > 0; i--) {
        TAKE(__crc32d, uint64_t);
        TAKE(__crc32d, uint64_t);
        TAKE(__crc32d, uint64_t);
        TAKE(__crc32d, uint64_t);
    }
    if (count & 16) {
        TAKE(__crc32d, uint64_t);
        TAKE(__crc32d, uint64_t);
    }
    if (count & 8) TAKE(__crc32d, uint64_t);
    if (count & 4) TAKE(__crc32w, uint32_t);
    if (count & 2) TAKE(__crc32h, uint16_t);
    if (count & 1) TAKE(__crc32b, uint8_t);
    return ~crc;
}

WITH_CRC uint32_t ashlar_crc32_arm(uint32_t seed, const void *bytes, size_t count) {
    return run(seed, NULL, bytes, count);
}

WITH_CRC uint32_t ashlar_crc32_copy_arm(uint32_t seed, void *target, const void *source, size_t count) {
    return run(seed, target, source, count);
}
#endif
