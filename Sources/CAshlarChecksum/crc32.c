#include "AshlarChecksum.h"
#include "crc32_kernels.h"
#include <string.h>
#include <zlib.h>

// Kernels, each one faster than those before it, and running only where they do too. So one number, that of the
// fastest, says all about a CPU.
enum { ZLIB, FIRST, SECOND };

#if ASHLAR_CRC32_X86
static const char *const names[] = {"zlib", "pclmul", "vpclmul"};
#elif ASHLAR_CRC32_ARM
static const char *const names[] = {"zlib", "armv8-crc"};
#else
static const char *const names[] = {"zlib"};
#endif

// Written once, while the library is loaded and no other thread can be in it; who calls even before gets zlib's.
static size_t fastest = ZLIB;

#if ASHLAR_CRC32_X86 || ASHLAR_CRC32_ARM
__attribute__((constructor)) static void choose(void) {
#if ASHLAR_CRC32_X86
    __builtin_cpu_init();
    if (ashlar_crc32_pclmul_runs()) fastest = ashlar_crc32_vpclmul_runs() ? SECOND : FIRST;
#else
    if (ashlar_crc32_arm_runs()) fastest = FIRST;
#endif
}
#endif

// Branches that always go the same way, and direct calls: cheaper than a call through a pointer. A message of no bytes
// is answered here, so that no kernel need ask.

static inline uint32_t crc(size_t kernel, uint32_t seed, const void *bytes, size_t count) {
    if (count == 0) return seed;
#if ASHLAR_CRC32_X86
    if (kernel == SECOND) return ashlar_crc32_vpclmul(seed, bytes, count);
    if (kernel == FIRST) return ashlar_crc32_pclmul(seed, bytes, count);
#elif ASHLAR_CRC32_ARM
    if (kernel == FIRST) return ashlar_crc32_arm(seed, bytes, count);
#else
    (void)kernel;
#endif
    return (uint32_t)crc32_z(seed, bytes, count);
}

static inline uint32_t copy(size_t kernel, uint32_t seed, void *target, const void *source, size_t count) {
    if (count == 0) return seed;
#if ASHLAR_CRC32_X86
    if (kernel == SECOND) return ashlar_crc32_copy_vpclmul(seed, target, source, count);
    if (kernel == FIRST) return ashlar_crc32_copy_pclmul(seed, target, source, count);
#elif ASHLAR_CRC32_ARM
    if (kernel == FIRST) return ashlar_crc32_copy_arm(seed, target, source, count);
#else
    (void)kernel;
#endif
    memcpy(target, source, count);
    return (uint32_t)crc32_z(seed, target, count);
}

uint32_t ashlar_crc32(uint32_t seed, const void *bytes, size_t count) { return crc(fastest, seed, bytes, count); }

uint32_t ashlar_crc32_copy(uint32_t seed, void *target, const void *source, size_t count) {
    return copy(fastest, seed, target, source, count);
}

size_t ashlar_crc32_kernel_count(void) { return fastest + 1; }

const char *ashlar_crc32_kernel_name(void) { return names[fastest]; }

const char *ashlar_crc32_kernel_name_at(size_t kernel) { return names[kernel]; }

uint32_t ashlar_crc32_with(size_t kernel, uint32_t seed, const void *bytes, size_t count) {
    return crc(kernel, seed, bytes, count);
}

uint32_t ashlar_crc32_copy_with(size_t kernel, uint32_t seed, void *target, const void *source, size_t count) {
    return copy(kernel, seed, target, source, count);
}
