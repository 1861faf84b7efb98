#include "crc32_kernels.h"
#if ASHLAR_CRC32_X86
#include "crc32_constants.h"
#include <immintrin.h>
#include <string.h>

// CRC-32 by carry-less multiplication of 16 bytes at once; crc32_constants.h has the arithmetic.
//
// As in crc32_vpclmul.c, all is laid out from the end of the message: the head, 1 to 16 bytes, goes to the end of a
// vector that is zero before it, and from there on there are whole vectors only.

#define WITH_PCLMUL __attribute__((target("sse4.1,pclmul")))
#define INLINED static inline __attribute__((always_inline)) WITH_PCLMUL

bool ashlar_crc32_pclmul_runs(void) {
    return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("pclmul");
}

INLINED __m128i multiplied(__m128i data, __m128i constants) {
    __m128i first = _mm_clmulepi64_si128(data, constants, 0x00);
    return _mm_xor_si128(first, _mm_clmulepi64_si128(data, constants, 0x11));
}

/// 16 bytes from `offset`, which are copied too if there is a target.
INLINED __m128i loaded(uint8_t *target, const uint8_t *source, size_t offset) {
    __m128i data = _mm_loadu_si128((const void *)(source + offset));
    if (target) _mm_storeu_si128((void *)(target + offset), data);
    return data;
}

INLINED uint64_t word8(uint8_t *target, const uint8_t *source, size_t offset) {
    uint64_t word;
    memcpy(&word, source + offset, 8);
    if (target) memcpy(target + offset, &word, 8);
    return word;
}

INLINED uint32_t word4(uint8_t *target, const uint8_t *source, size_t offset) {
    uint32_t word;
    memcpy(&word, source + offset, 4);
    if (target) memcpy(target + offset, &word, 4);
    return word;
}

INLINED uint64_t byte(uint8_t *target, const uint8_t *source, size_t offset) {
    uint8_t byte = source[offset];
    if (target) target[offset] = byte;
    return byte;
}

/// A whole message of 1 to 15 bytes as the last ones of a vector: put together of two words that overlap, of which the
/// first loses what is in both.
INLINED __m128i alone(uint8_t *target, const uint8_t *source, size_t count) {
    if (count >= 8) {
        uint64_t first = word8(target, source, 0), last = word8(target, source, count - 8);
        first = first << (8 * (15 - count)) << 8; // by 64 for 8 bytes, which one shift may not do
        return _mm_set_epi64x((long long)last, (long long)first);
    }
    uint64_t word;
    if (count >= 4) {
        uint64_t first = word4(target, source, 0), last = word4(target, source, count - 4);
        word = last << 32 | (uint32_t)(first << (8 * (8 - count)));
    } else {
        // With 1 or 2 bytes, some are the same and come to lie on themselves.
        size_t before = 8 - count, middle = count >> 1;
        word = byte(target, source, 0) << (8 * before) | byte(target, source, middle) << (8 * (before + middle))
            | byte(target, source, count - 1) << 56;
    }
    return _mm_set_epi64x((long long)word, 0);
}

/// The first `count` bytes, 1 to 16, of at least 16, as the last ones of a vector.
INLINED __m128i head_of_more(uint8_t *target, const uint8_t *source, size_t count) {
    // A shuffle index with the highest bit gives a zero: 16 - count of these come first.
    static const uint8_t indices[32] = {
        0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    };
    return _mm_shuffle_epi8(loaded(target, source, 0), _mm_loadu_si128((const void *)(indices + count)));
}

/// The constants to finish the vector that is the `rank`th from the end.
INLINED __m128i lane(size_t rank) {
    return _mm_load_si128((const void *)ashlar_crc32_lanes[ASHLAR_CRC32_LANES - rank]);
}

/// `seed`, which belongs onto the first four bytes, moved past the bytes that `power` is for. So nobody need ask
/// whether there are four, or in which vectors they are.
INLINED __m128i moved(uint32_t seed, uint32_t power) {
    return _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)~seed), _mm_cvtsi32_si128((int)power), 0x00);
}

INLINED uint32_t reduced(__m128i sum) {
    __m128i quotient = _mm_clmulepi64_si128(sum, _mm_cvtsi64_si128((long long)ASHLAR_CRC32_RECIPROCAL), 0x00);
    __m128i multiple = _mm_clmulepi64_si128(quotient, _mm_cvtsi64_si128(ASHLAR_CRC32_POLYNOMIAL), 0x00);
    return ~(uint32_t)_mm_extract_epi32(_mm_xor_si128(sum, multiple), 2);
}

/// Up to 512 bytes: each vector is finished on its own, so none waits for another.
INLINED uint32_t short_crc(uint32_t seed, uint8_t *target, const uint8_t *source, size_t count) {
    size_t rank = (count + 15) >> 4, at = ((count - 1) & 15) + 1;
    __m128i sum = moved(seed, ASHLAR_CRC32_POWER(count));
    __m128i head = count < 16 ? alone(target, source, count) : head_of_more(target, source, at);
    sum = _mm_xor_si128(sum, multiplied(head, lane(rank)));
    for (; at < count; at += 16) {
        rank -= 1;
        sum = _mm_xor_si128(sum, multiplied(loaded(target, source, at), lane(rank)));
    }
    return reduced(sum);
}

INLINED __m128i fold(__m128i data, __m128i by, __m128i next) { return _mm_xor_si128(multiplied(data, by), next); }

/// At least 16 bytes: four vectors move on by 64 bytes at a time, and are finished at the end.
INLINED uint32_t long_crc(uint32_t seed, uint8_t *target, const uint8_t *source, size_t count) {
    size_t at = ((count - 1) & 15) + 1;
    __m128i head = _mm_xor_si128(head_of_more(target, source, at), moved(seed, ASHLAR_CRC32_POWER((ptrdiff_t)at - 8)));
    __m128i a = _mm_setzero_si128(), b = a, c = a, d = head;
    for (size_t more = (count - at) >> 4 & 3; more > 0; more--, at += 16) {
        a = b, b = c, c = d, d = loaded(target, source, at);
    }
    __m128i by_64 = _mm_set_epi64x(ASHLAR_CRC32_POWER(64), ASHLAR_CRC32_POWER(72));
    for (; at < count; at += 64) {
        a = fold(a, by_64, loaded(target, source, at));
        b = fold(b, by_64, loaded(target, source, at + 16));
        c = fold(c, by_64, loaded(target, source, at + 32));
        d = fold(d, by_64, loaded(target, source, at + 48));
    }
    __m128i first = _mm_xor_si128(multiplied(a, lane(4)), multiplied(b, lane(3)));
    __m128i second = _mm_xor_si128(multiplied(c, lane(2)), multiplied(d, lane(1)));
    return reduced(_mm_xor_si128(first, second));
}

WITH_PCLMUL uint32_t ashlar_crc32_pclmul(uint32_t seed, const void *bytes, size_t count) {
    return count <= 512 ? short_crc(seed, NULL, bytes, count) : long_crc(seed, NULL, bytes, count);
}

WITH_PCLMUL uint32_t ashlar_crc32_copy_pclmul(uint32_t seed, void *target, const void *source, size_t count) {
    return count <= 512 ? short_crc(seed, target, source, count) : long_crc(seed, target, source, count);
}
#endif
