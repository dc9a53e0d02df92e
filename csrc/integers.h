/* integers.h: small sums on sizes. */
#ifndef MINIRL_INTEGERS_H
#define MINIRL_INTEGERS_H

#include <stdint.h>

static inline int64_t smaller(int64_t x, int64_t y) { return x < y ? x : y; }
static inline int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }
static inline int64_t divide_up(int64_t x, int64_t y) { return (x + y - 1) / y; }
static inline int64_t round_up(int64_t x, int64_t multiple) { return divide_up(x, multiple) * multiple; }

/* All values of all arrays: what threads_for weighs where one call works on many arrays. */
static inline int64_t sum_of(int64_t arrays, const int64_t *sizes) {
    int64_t sum = 0;
    for (int64_t i = 0; i < arrays; i++) sum += sizes[i];
    return sum;
}

#endif
