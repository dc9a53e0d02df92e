/* integers.h: small sums on sizes. */
#ifndef MINIRL_INTEGERS_H
#define MINIRL_INTEGERS_H

#include <stdint.h>

static inline int64_t smaller(int64_t x, int64_t y) { return x < y ? x : y; }
static inline int64_t larger(int64_t x, int64_t y) { return x > y ? x : y; }
static inline int64_t divide_up(int64_t x, int64_t y) { return (x + y - 1) / y; }
static inline int64_t round_up(int64_t x, int64_t multiple) { return divide_up(x, multiple) * multiple; }

#endif
