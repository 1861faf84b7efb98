#include "AshlarChecksum.h"
#include <string.h>
#include <zlib.h>

uint32_t ashlar_crc32(uint32_t seed, const void *bytes, size_t count) {
    return (uint32_t)crc32_z(seed, bytes, count);
}

uint32_t ashlar_crc32_copy(uint32_t seed, void *target, const void *source, size_t count) {
    memcpy(target, source, count);
    return ashlar_crc32(seed, source, count);
}
