#ifndef ASHLAR_CRC32_KERNELS_H
#define ASHLAR_CRC32_KERNELS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What one kernel is made of. A kernel never sees `count == 0`; the dispatch in crc32.c answers that itself.

#if defined(__x86_64__)
#define ASHLAR_CRC32_X86 1

bool ashlar_crc32_pclmul_runs(void);
uint32_t ashlar_crc32_pclmul(uint32_t seed, const void *bytes, size_t count);
uint32_t ashlar_crc32_copy_pclmul(uint32_t seed, void *target, const void *source, size_t count);

bool ashlar_crc32_vpclmul_runs(void);
uint32_t ashlar_crc32_vpclmul(uint32_t seed, const void *bytes, size_t count);
uint32_t ashlar_crc32_copy_vpclmul(uint32_t seed, void *target, const void *source, size_t count);

#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ASHLAR_CRC32_ARM 1

bool ashlar_crc32_arm_runs(void);
uint32_t ashlar_crc32_arm(uint32_t seed, const void *bytes, size_t count);
uint32_t ashlar_crc32_copy_arm(uint32_t seed, void *target, const void *source, size_t count);

#endif
#endif
