#include "crc32_kernels.h"
#if ASHLAR_CRC32_X86
#include "crc32_constants.h"
#include <immintrin.h>

// CRC-32 by carry-less multiplication of 64 bytes at once; crc32_constants.h has the arithmetic.
//
// All is laid out from the end of the message. Its first bytes go to the end of a vector that is zero before them,
// which changes nothing: a polynomial may have leading zeros. So there are whole vectors only, and the constants of
// each depend on how far it is from the end, but not on the length of the message.

#define WITH_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,vpclmulqdq,pclmul,sse4.1,bmi2")))
#define INLINED static inline __attribute__((always_inline)) WITH_AVX512

bool ashlar_crc32_vpclmul_runs(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("vpclmulqdq")
        && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("bmi2");
}

/// The truth table of a XOR b XOR c.
#define XOR3 0x96

/// The products of both halves of each 16 bytes, added to `sum`.
INLINED __m512i multiplied(__m512i data, __m512i constants, __m512i sum) {
    __m512i firsts = _mm512_clmulepi64_epi128(data, constants, 0x00);
    __m512i seconds = _mm512_clmulepi64_epi128(data, constants, 0x11);
    return _mm512_ternarylogic_epi64(firsts, seconds, sum, XOR3);
}

/// 64 bytes from `offset`, which are copied too if there is a target.
INLINED __m512i loaded(uint8_t *target, const uint8_t *source, size_t offset) {
    __m512i data = _mm512_loadu_si512(source + offset);
    if (target) _mm512_storeu_si512(target + offset, data);
    return data;
}

/// The 64 bytes that end at `end`, with zeros for those before the message.
///
/// The mask keeps these from being touched, even where nothing is mapped: hence addresses as numbers, since pointers
/// may not leave their object. Yet a CPU may take 100 ns and more to find out that an unmapped byte is not asked for,
/// so a vector wholly before the message looks at its start instead.
INLINED __m512i masked(uint8_t *target, const uint8_t *source, ptrdiff_t end) {
    ptrdiff_t at = end - 64;
    unsigned outside = at < 0 ? (unsigned)-at : 0; // less than 256, so that BZHI, which sees 8 bits of it, is right
    __mmask64 mask = ~_bzhi_u64(~0ull, outside);
    at = end > 0 ? at : 0;
    __m512i data = _mm512_maskz_loadu_epi8(mask, (const void *)((uintptr_t)source + (uintptr_t)at));
    if (target) _mm512_mask_storeu_epi8((void *)((uintptr_t)target + (uintptr_t)at), mask, data);
    return data;
}

/// The constants to finish the vector that is the `rank`th from the end.
INLINED __m512i lanes(size_t rank) {
    return _mm512_loadu_si512(ashlar_crc32_lanes[ASHLAR_CRC32_LANES - 4 * rank]);
}

/// `seed`, which belongs onto the first four bytes, moved past the bytes that `power` is for. So nobody need ask
/// whether there are four, or in which vectors they are.
INLINED __m128i moved(uint32_t seed, uint32_t power) {
    return _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)~seed), _mm_cvtsi32_si128((int)power), 0x00);
}

INLINED uint32_t reduced(__m512i sums, __m128i sum) {
    __m256i half = _mm256_xor_si256(_mm512_castsi512_si256(sums), _mm512_extracti64x4_epi64(sums, 1));
    __m128i first = _mm256_castsi256_si128(half), second = _mm256_extracti128_si256(half, 1);
    sum = _mm_ternarylogic_epi64(first, second, sum, XOR3);
    __m128i quotient = _mm_clmulepi64_si128(sum, _mm_cvtsi64_si128((long long)ASHLAR_CRC32_RECIPROCAL), 0x00);
    __m128i multiple = _mm_clmulepi64_si128(quotient, _mm_cvtsi64_si128(ASHLAR_CRC32_POLYNOMIAL), 0x00);
    return ~(uint32_t)_mm_extract_epi32(_mm_xor_si128(sum, multiple), 2);
}

/// Up to 512 bytes: each vector is finished on its own, so none waits for another.
///
/// Up to 256 bytes there is no branch: with records of many lengths, guessing wrong how many vectors there are costs
/// more than multiplying zeros. Measured on Zen 4, against a switch over that number: 9 ns and not 13 for random lengths
/// of 40 to 256. If all have one length, the switch would win, by 4 ns for 40 bytes and by 1 ns for 250.
INLINED uint32_t short_crc(uint32_t seed, uint8_t *target, const uint8_t *source, size_t count) {
    __m128i sum = moved(seed, ASHLAR_CRC32_POWER(count));
    ptrdiff_t end = (ptrdiff_t)count;
    __m512i sums = multiplied(masked(target, source, end), lanes(1), _mm512_setzero_si512());
    sums = multiplied(masked(target, source, end - 64), lanes(2), sums);
    sums = multiplied(masked(target, source, end - 128), lanes(3), sums);
    sums = multiplied(masked(target, source, end - 192), lanes(4), sums);
    if (count > 256) {
        sums = multiplied(masked(target, source, end - 256), lanes(5), sums);
        if (count > 320) {
            sums = multiplied(masked(target, source, end - 320), lanes(6), sums);
            sums = multiplied(masked(target, source, end - 384), lanes(7), sums);
            sums = multiplied(masked(target, source, end - 448), lanes(8), sums);
        }
    }
    return reduced(sums, sum);
}

/// More than 256 bytes: four vectors move on by 256 bytes at a time, and are finished at the end. The first 1 to 256
/// bytes fill them.
INLINED uint32_t long_crc(uint32_t seed, uint8_t *target, const uint8_t *source, size_t count) {
    size_t at = ((count - 1) & 255) + 1;
    ptrdiff_t end = (ptrdiff_t)at;
    __m512i a = masked(target, source, end - 192), b = masked(target, source, end - 128);
    __m512i c = masked(target, source, end - 64), d = masked(target, source, end);
    __m128i start = moved(seed, ASHLAR_CRC32_POWER(end - 8));
    d = _mm512_xor_si512(d, _mm512_inserti32x4(_mm512_setzero_si512(), start, 3));

    __m512i by_256 = _mm512_broadcast_i32x4(_mm_set_epi64x(ASHLAR_CRC32_POWER(256), ASHLAR_CRC32_POWER(264)));
    for (; at < count; at += 256) {
        a = multiplied(a, by_256, loaded(target, source, at));
        b = multiplied(b, by_256, loaded(target, source, at + 64));
        c = multiplied(c, by_256, loaded(target, source, at + 128));
        d = multiplied(d, by_256, loaded(target, source, at + 192));
    }
    __m512i sums = multiplied(a, lanes(4), _mm512_setzero_si512());
    sums = multiplied(b, lanes(3), sums);
    sums = multiplied(c, lanes(2), sums);
    sums = multiplied(d, lanes(1), sums);
    return reduced(sums, _mm_setzero_si128());
}

WITH_AVX512 uint32_t ashlar_crc32_vpclmul(uint32_t seed, const void *bytes, size_t count) {
    return count <= 512 ? short_crc(seed, NULL, bytes, count) : long_crc(seed, NULL, bytes, count);
}

WITH_AVX512 uint32_t ashlar_crc32_copy_vpclmul(uint32_t seed, void *target, const void *source, size_t count) {
    // What is copied piece by piece mostly stands there one behind the other: events that were parsed, records of a
    // section. The prefetcher of the processor alone keeps up only with callers who do nothing in between.
    const uintptr_t ahead = (uintptr_t)source + 2 * count;
    for (unsigned offset = 0; offset < 256; offset += 64) __builtin_prefetch((const void *)(ahead + offset));
    return count <= 512 ? short_crc(seed, target, source, count) : long_crc(seed, target, source, count);
}
#endif
