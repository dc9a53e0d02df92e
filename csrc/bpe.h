/* bpe.h: what the tokenizer's three C files share.
 *
 *   bpe_split.c   text -> chunks, the pieces within which BPE merges
 *   bpe_train.c   chunks with their counts -> merges
 *   bpe_encode.c  chunks -> token ids
 *
 * Both the trainer and the encoder ask "have I seen this chunk?" for every chunk of the text, so they share a key: a
 * chunk of up to 15 bytes, which nearly all are, is packed with its length into 16 bytes and compared in two
 * instructions. Assumes a little-endian machine, as x86-64 and arm64 are.
 */
#ifndef MINIRL_BPE_H
#define MINIRL_BPE_H

#include "minirl.h"
#include <stdlib.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the tokenizer packs bytes in little-endian order"
#endif

enum { CHUNKS_AT_A_TIME = 128, PACKED_BYTES = 15 };

typedef struct {
    uint64_t low, high; /* the bytes, then zeros; the last byte of high is the length */
} chunk_key;

static inline uint64_t load_64(const uint8_t *p) {
    uint64_t x;
    memcpy(&x, p, 8);
    return x;
}

/* Pack n <= PACKED_BYTES bytes at p; `readable` bytes may be read there. */
static inline chunk_key pack_chunk(const uint8_t *p, int64_t n, int64_t readable) {
    chunk_key key;
    if (readable >= 16) { /* two plain loads, then cut off what belongs to the next chunk */
        uint64_t low_mask = n >= 8 ? ~0ULL : (1ULL << 8 * n) - 1;
        uint64_t high_mask = n > 8 ? (1ULL << 8 * (n - 8)) - 1 : 0;
        key.low = load_64(p) & low_mask;
        key.high = load_64(p + 8) & high_mask;
    } else {
        uint8_t bytes[16] = {0};
        memcpy(bytes, p, n);
        key.low = load_64(bytes);
        key.high = load_64(bytes + 8);
    }
    key.high |= (uint64_t)n << 56;
    return key;
}

/* A 64 x 64 -> 128 bit product folded in two: every input bit reaches every output bit. */
static inline uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_key(chunk_key key) {
    return mix(key.low ^ 0x9e3779b97f4a7c15ULL, key.high ^ 0xd1b54a32d192ed03ULL);
}

static inline uint64_t hash_bytes(const uint8_t *p, int64_t n) {
    uint64_t hash = mix((uint64_t)n ^ 0x9e3779b97f4a7c15ULL, 0xd1b54a32d192ed03ULL);
    for (; n > 0; p += PACKED_BYTES, n -= PACKED_BYTES)
        hash = mix(hash ^ 0x9e3779b97f4a7c15ULL, hash_key(pack_chunk(p, n < PACKED_BYTES ? n : PACKED_BYTES, n)));
    return hash;
}

#endif
