/* tile.h: the micro-kernel, a small tile of C that stays in registers while k runs.
 *
 * One step of k multiplies a column of A by a row of B, and adds the result to every element of the tile:
 *
 *                    b[0] b[1]          TILE_VECTORS vectors, loaded once
 *             a[0]   sum  sum
 *             a[1]   sum  sum           rows x TILE_VECTORS sums: for each row, one number of A is spread over
 *             ...                       a vector and multiplied into that row
 *
 * So `rows` numbers and TILE_VECTORS vectors are loaded for rows * TILE_VECTORS fused multiply-adds; a taller, wider
 * tile asks less of the caches. How large it can be is how many registers there are: the tile, one row of B, and one
 * number of A must fit. And it must not be small: a fused multiply-add takes 4 cycles, two start in each cycle, so at
 * least 8 sums must be under way at once. Nothing else differs between instruction sets.
 */
#ifndef MINIRL_TILE_H
#define MINIRL_TILE_H

#include "simd.h"
#include "tiles.h"

#if defined(__AVX512F__)
#define TILE_ROWS 14 /* 28 sums + 2 + 1 of 32 registers */
#define TILE_VECTORS 2
#elif defined(__AVX2__)
#define TILE_ROWS 6 /* 12 sums + 2 + 1 of 16 registers */
#define TILE_VECTORS 2
#elif defined(__aarch64__)
#define TILE_ROWS 8 /* 24 sums + 3 + 1 of 32 registers */
#define TILE_VECTORS 3
#else
#define TILE_ROWS 4 /* 8 sums + 2 + 1, and a product (SSE2 has no fused multiply-add), of 16 registers */
#define TILE_VECTORS 2
#endif
#define TILE_COLUMNS (TILE_VECTORS * LANES)

#if defined(__AVX512BF16__) && !TILES
#define BF16_PAIRS 1 /* the CPU multiplies pairs of bfloat16: a 32-bit lane holds steps k and k + 1 */
#else /* or it does so by tiles, which matmul_tiles.c is for */
#define BF16_PAIRS 0
#endif

/* sum + a * b, with *a spread over the vector; on pairs of bfloat16, sum + a[1] * b[1] + a[0] * b[0] in each lane. */
INLINE vfloat multiply_add(vfloat sum, const float *a, vfloat b, const int pairs) {
#if BF16_PAIRS
    if (pairs) return (vfloat)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_ps(*a), (__m512bh)b);
#endif
    (void)pairs;
    return sum + vset(*a) * b;
}

/* sum[i * vectors + v] += sum over k < steps of a[i * a_row + k * a_step] * b[k * b_step + v * LANES ...], each element
 * as one chain of additions in the order of k. `rows`, `vectors` and `pairs` must be constants in the caller: then the
 * loops over the tile unroll, and `sum` lives in registers. */
INLINE void multiply_steps(const int rows, const int vectors, const int pairs, int64_t steps, const float *a,
                           int64_t a_row, int64_t a_step, const float *b, int64_t b_step, vfloat *sum) {
#pragma GCC unroll 4
    for (int64_t k = 0; k < steps; k++, a += a_step, b += b_step) {
        vfloat row[TILE_VECTORS];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) row[v] = vload(b + v * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++)
                sum[i * vectors + v] = multiply_add(sum[i * vectors + v], a + i * a_row, row[v], pairs);
    }
}

/* The same on a tile of at most TILE_ROWS rows, as wide as a tile can be. */
INLINE void tile_multiply(const int rows, const int pairs, int64_t steps, const float *a, int64_t a_row, int64_t a_step,
                          const float *b, int64_t b_step, vfloat sum[TILE_ROWS][TILE_VECTORS]) {
    multiply_steps(rows, TILE_VECTORS, pairs, steps, a, a_row, a_step, b, b_step, sum[0]);
}

#endif
