/* pack.h: copying a piece of a matrix into the order in which the micro-kernel reads it.
 *
 * A panel is a few columns wide and many steps of k long, and lies in memory step by step:
 *
 *     step 0: width numbers, step 1: width numbers, ...
 *
 * The micro-kernel then reads memory from front to back, which caches and prefetchers like best, whatever the matrix
 * looked like. Four cases become two: the rows of a stored B (K, N), or of A stored as (K, M), are steps already and
 * are copied; the rows of A (M, K), or of B stored as (N, K), run along k and are transposed on the way, a square of
 * LANES x LANES at a time, in registers.
 *
 * bfloat16 is made here too. Where the CPU multiplies pairs, each 32-bit lane holds steps k (low half) and k + 1, and a
 * panel has half as many steps; elsewhere each number is rounded to a bfloat16 and kept as a float.
 */
#ifndef MINIRL_PACK_H
#define MINIRL_PACK_H

#include "tile.h"

#if defined(__clang__)
#define SHUFFLE(x, y, ...) __builtin_shufflevector(x, y, __VA_ARGS__)
#else
#define SHUFFLE(x, y, ...) __builtin_shuffle(x, y, (vint){__VA_ARGS__})
#endif
#if LANES == 16 /* the lanes of x and y in turn: x0 y0 x1 y1 ...; lanes of y are counted from LANES on */
#define LOW_HALVES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_HALVES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif LANES == 8
#define LOW_HALVES 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_HALVES 4, 12, 5, 13, 6, 14, 7, 15
#else
#define LOW_HALVES 0, 4, 1, 5
#define HIGH_HALVES 2, 6, 3, 7
#endif

/* Transposes a square of numbers. Seen as one list of LANES * LANES numbers, each round interleaves the first half of
 * the list with the second, which turns the bits of every index by one place; after log2(LANES) rounds the bits that
 * counted rows count columns. */
INLINE void transpose(vfloat square[LANES]) {
#pragma GCC unroll 4
    for (int round = 1; round < LANES; round *= 2) {
        vfloat next[LANES];
#pragma GCC unroll 8
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = SHUFFLE(square[i], square[i + LANES / 2], LOW_HALVES);
            next[2 * i + 1] = SHUFFLE(square[i], square[i + LANES / 2], HIGH_HALVES);
        }
#pragma GCC unroll 16
        for (int i = 0; i < LANES; i++) square[i] = next[i];
    }
}

/* Rounds to the nearest bfloat16, ties to even: a float whose low 16 bits are zero. Adding half a unit of the last kept
 * bit carries into it when it should; NaN is left out, for its bits might carry into an infinity. */
INLINE vfloat vround_bf16(vfloat x) {
    vint bits = (vint)x;
    vint rounded = bits + 0x7fff + ((bits >> 16) & 1);
    vint quiet = bits | 0x400000;
    return (vfloat)((vint)vselect(x == x, (vfloat)rounded, (vfloat)quiet) & ~0xffff);
}

/* The numbers p[0 .. n), zeros after them. */
INLINE vfloat load_first(const float *p, int64_t n) {
    if (n >= LANES) return vload(p);
    return n > 0 ? vload_tail(p, n) : (vfloat){0};
}

/* How many steps of the packed panel hold k steps of the matrix. */
INLINE int64_t packed_steps(int64_t k, int bf16) { return bf16 && BF16_PAIRS ? (k + 1) / 2 : k; }

/* Room for a packed panel: transposing writes whole squares. */
INLINE int64_t packed_size(int64_t k, int vectors) { return (k + LANES - 1) / LANES * LANES * LANES * vectors; }

/* LANES packed steps of one stored row that runs along k, of which n numbers are left. */
INLINE vfloat load_along_k(const float *p, int64_t n, int bf16) {
#if BF16_PAIRS
    if (bf16) {
        vfloat low = load_first(p, n), high = load_first(p + LANES, n - LANES);
        return (vfloat)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    }
    return load_first(p, n);
#else
    return bf16 ? vround_bf16(load_first(p, n)) : load_first(p, n);
#endif
}

/* One packed step of LANES stored columns, of which n are left; `last` when no step k + 1 follows. */
INLINE vfloat load_across_k(const float *p, int64_t ld, int last, int64_t n, int bf16) {
    vfloat x = load_first(p, n);
    if (!bf16) return x;
#if BF16_PAIRS
    vint low = (vint)vround_bf16(x), high = (vint)vround_bf16(last ? (vfloat){0} : load_first(p + ld, n));
    return (vfloat)(((low >> 16) & 0xffff) | high);
#else
    (void)ld, (void)last;
    return vround_bf16(x);
#endif
}

/* Packs `columns` columns and k steps of a matrix into a panel of `vectors` vectors a step. Stored rows lie ld apart; they
 * run along k when `along_k`, else each is one step. Lanes past `columns` hold anything: what they yield is never stored. */
INLINE void pack_panel(const int vectors, int64_t k, int64_t columns, const float *source, int64_t ld, int along_k,
                       int bf16, float *panel) {
    const int per_step = bf16 && BF16_PAIRS ? 2 : 1;
    const int64_t steps = packed_steps(k, bf16), width = vectors * LANES;
    if (along_k) {
        for (int64_t step = 0; step < steps; step += LANES)
            for (int v = 0; v < vectors; v++) {
                vfloat square[LANES];
#pragma GCC unroll 16
                for (int i = 0; i < LANES; i++) {
                    int64_t column = v * LANES + i;
                    const float *row = source + (column < columns ? column : 0) * ld + step * per_step;
                    square[i] = load_along_k(row, k - step * per_step, bf16);
                }
                transpose(square);
#pragma GCC unroll 16
                for (int i = 0; i < LANES; i++) vstore(panel + (step + i) * width + v * LANES, square[i]);
            }
    } else {
        for (int64_t step = 0; step < steps; step++, source += per_step * ld)
            for (int v = 0; v < vectors; v++)
                vstore(panel + step * width + v * LANES, load_across_k(source + v * LANES, ld, step * per_step + 1 == k,
                                                                        columns - v * LANES, bf16));
    }
}

#endif
