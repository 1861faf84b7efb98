#ifndef ASHLAR_CRC32_CONSTANTS_H
#define ASHLAR_CRC32_CONSTANTS_H
#include <stdint.h>

// The arithmetic both carry-less multiplication kernels share.
//
// A message is a polynomial over GF(2) whose first bit has the highest power; its CRC is (message · x³²) mod P,
// P = x³² + 0x04C11DB7. "Reflected" means that the lowest bit of a byte comes first, so in a register a lower bit
// is a higher power:
//
//     32-bit value     bit i = x^(31 - i)
//     64-bit factor    bit i = x^(63 - i)
//     128-bit product  bit i = x^(126 - i)      what PCLMULQDQ gives for two such factors
//     128-bit data     bit i = x^(127 - i)      16 message bytes as loaded
//
// A product thus sits one bit off from data. Every constant here is a 32-bit value in the low half of a 64-bit
// factor, which adds x³² of its own. With both, multiplying data `a` by the constant x^e gives
//
//     read as data (bit i = x^(127 - i))         a · x^(e + 33)
//     read as a 96-bit sum (bit i = x^(95 - i))  a · x^(e + 1)
//
// Hence two uses of the same numbers x^(8k - 33):
//
//     folding: moving 16 bytes d bytes to the right multiplies their first half by x^(64 + 8d), their second by
//     x^(8d), so by the constants x^(8(d + 8) - 33) and x^(8d - 33);
//
//     finishing: data with d bytes after it counts x^(8d + 32) times in the CRC, so its halves take the constants
//     x^(8(d + 16) - 33) and x^(8(d + 8) - 33), and the products, added up as a 96-bit sum, need only be reduced.
//
// As x has an inverse modulo P, exponents may be negative.

/// x^(8k - 33) mod P for `k` from -8 to 535, as reflected 32-bit values.
#define ASHLAR_CRC32_POWER(k) (ashlar_crc32_powers[(k) + 8])
#define ASHLAR_CRC32_POWERS 544
extern const uint32_t ashlar_crc32_powers[ASHLAR_CRC32_POWERS];

/// For finishing 512 bytes at once: the constants of the halves of each 16 of them, in order.
#define ASHLAR_CRC32_LANES 32
extern const uint64_t ashlar_crc32_lanes[ASHLAR_CRC32_LANES][2];

/// Barrett reduction of the 96-bit sum S: with q = ⌊S / P⌋, the CRC is the last 32 bits of S - q · P. q is the upper
/// 64 bits of ⌊S / x³²⌋ · ⌊x⁹⁵ / P⌋, exactly. P is taken times x³¹, to have q · P lie where S does.
#define ASHLAR_CRC32_RECIPROCAL 0xb4e5b025f7011641u
#define ASHLAR_CRC32_POLYNOMIAL 0x00000001db710641u

#endif
