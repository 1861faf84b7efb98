#include "AshlarSHA256.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define WITH_SHA __attribute__((target("sha,sse4.1")))
#endif

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotated(uint32_t value, int bits) { return value >> bits | value << (32 - bits); }

static void take_portable(uint32_t words[8], const uint8_t *bytes, size_t blocks) {
    for (; blocks > 0; blocks--, bytes += 64) {
        uint32_t schedule[64];
        for (int i = 0; i < 16; i++)
            schedule[i] = (uint32_t)bytes[4 * i] << 24 | (uint32_t)bytes[4 * i + 1] << 16
                | (uint32_t)bytes[4 * i + 2] << 8 | bytes[4 * i + 3];
        for (int i = 16; i < 64; i++) {
            uint32_t early = schedule[i - 15], late = schedule[i - 2];
            schedule[i] = schedule[i - 16] + (rotated(early, 7) ^ rotated(early, 18) ^ early >> 3) + schedule[i - 7]
                + (rotated(late, 17) ^ rotated(late, 19) ^ late >> 10);
        }
        uint32_t a = words[0], b = words[1], c = words[2], d = words[3];
        uint32_t e = words[4], f = words[5], g = words[6], h = words[7];
        for (int i = 0; i < 64; i++) {
            uint32_t first = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g))
                + constants[i] + schedule[i];
            uint32_t second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
        }
        words[0] += a, words[1] += b, words[2] += c, words[3] += d;
        words[4] += e, words[5] += f, words[6] += g, words[7] += h;
    }
}

#if defined(__x86_64__)
static int has_instructions;

__attribute__((constructor)) static void choose(void) {
    __builtin_cpu_init();
    // Leaf 7, EBX bit 29; not every compiler knows "sha" by name.
    unsigned a = 0, b = 0, c = 0, d = 0;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0), "c"(0));
    if (a < 7) return;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
    has_instructions = (b >> 29 & 1) && __builtin_cpu_supports("sse4.1");
}

WITH_SHA static void take_sha(uint32_t words[8], const uint8_t *bytes, size_t blocks) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    // The instructions want the words as ABEF and CDGH.
    __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const void *)words), 0xb1);
    __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const void *)(words + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8);
    __m128i cdgh = _mm_blend_epi16(high, low, 0xf0);
    for (; blocks > 0; blocks--, bytes += 64) {
        __m128i before_abef = abef, before_cdgh = cdgh, schedule[4];
        for (int i = 0; i < 4; i++)
            schedule[i] = _mm_shuffle_epi8(_mm_loadu_si128((const void *)(bytes + 16 * i)), swap);
        for (int i = 0; i < 16; i++) {
            __m128i now = schedule[i & 3];
            __m128i sum = _mm_add_epi32(now, _mm_loadu_si128((const void *)(constants + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            if (i >= 12) continue;
            // The four words that come 16 later take the place of these.
            __m128i next = _mm_sha256msg1_epu32(now, schedule[(i + 1) & 3]);
            next = _mm_add_epi32(next, _mm_alignr_epi8(schedule[(i + 3) & 3], schedule[(i + 2) & 3], 4));
            schedule[i & 3] = _mm_sha256msg2_epu32(next, schedule[(i + 3) & 3]);
        }
        abef = _mm_add_epi32(abef, before_abef);
        cdgh = _mm_add_epi32(cdgh, before_cdgh);
    }
    low = _mm_shuffle_epi32(abef, 0x1b);
    high = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((void *)words, _mm_blend_epi16(low, high, 0xf0));
    _mm_storeu_si128((void *)(words + 4), _mm_alignr_epi8(high, low, 8));
}
#endif

static void take(uint32_t words[8], const uint8_t *bytes, size_t blocks, int portable) {
#if defined(__x86_64__)
    if (has_instructions && !portable) {
        take_sha(words, bytes, blocks);
        return;
    }
#endif
    (void)portable;
    take_portable(words, bytes, blocks);
}

void ashlar_sha256_begin(struct ashlar_sha256 *state) {
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memset(state, 0, sizeof *state);
    memcpy(state->words, first, sizeof first);
}

static void update(struct ashlar_sha256 *state, const void *source, size_t count, int portable) {
    const uint8_t *bytes = source;
    size_t filled = state->count % 64;
    state->count += count;
    if (filled > 0) {
        size_t part = 64 - filled < count ? 64 - filled : count;
        if (part > 0) memcpy(state->rest + filled, bytes, part);
        bytes += part, count -= part;
        if (filled + part < 64) return;
        take(state->words, state->rest, 1, portable);
    }
    if (count >= 64) take(state->words, bytes, count / 64, portable);
    if (count % 64 > 0) memcpy(state->rest, bytes + count / 64 * 64, count % 64);
}

void ashlar_sha256_update(struct ashlar_sha256 *state, const void *bytes, size_t count) {
    if (count > 0) update(state, bytes, count, 0);
}

void ashlar_sha256_update_portable(struct ashlar_sha256 *state, const void *bytes, size_t count) {
    if (count > 0) update(state, bytes, count, 1);
}

void ashlar_sha256_finish(struct ashlar_sha256 *state, uint8_t digest[32]) {
    uint64_t bits = state->count * 8;
    uint8_t end[72] = {0x80};
    size_t zeros = (119 - state->count % 64) % 64;
    for (int i = 0; i < 8; i++) end[1 + zeros + i] = (uint8_t)(bits >> (56 - 8 * i));
    update(state, end, 1 + zeros + 8, 0);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < 4; j++) digest[4 * i + j] = (uint8_t)(state->words[i] >> (24 - 8 * j));
}
