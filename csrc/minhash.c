/* minhash.c: a short signature of a set, such that similar sets have similar signatures (Broder 1997).
 *
 * The smallest value of a random function over a set is the same for two sets with the probability that a random element
 * of either is in both. A signature holds the smallest values of many functions. The functions are computed side by
 * side: the smallest values of BLOCK of them stay in registers while all elements pass.
 */
#include "isa.h"

enum { BLOCK = 64 };

static inline uint32_t smaller(uint32_t x, uint32_t y) { return x < y ? x : y; }

/* A number in, a number out: multiply and add, then let the high bits, which depend on all bits of x, reach the low. */
static inline uint32_t hashed(uint32_t x, uint32_t a, uint32_t b) {
    uint32_t y = a * x + b;
    y = (y ^ y >> 16) * 0x7feb352du;
    return y ^ y >> 15;
}

void kernel_minhash(int64_t n, const uint32_t *x, int64_t functions, const uint32_t *a, const uint32_t *b,
                    uint32_t *out) {
    for (int64_t first = 0; first < functions; first += BLOCK) {
        int64_t width = functions - first < BLOCK ? functions - first : BLOCK;
        uint32_t lowest[BLOCK], by[BLOCK] = {0}, plus[BLOCK] = {0};
        for (int64_t j = 0; j < BLOCK; j++) lowest[j] = UINT32_MAX;
        for (int64_t j = 0; j < width; j++) by[j] = a[first + j], plus[j] = b[first + j];
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < BLOCK; j++) lowest[j] = smaller(lowest[j], hashed(x[i], by[j], plus[j]));
        for (int64_t j = 0; j < width; j++) out[first + j] = lowest[j];
    }
}
