/* pack.h: copying a piece of a matrix into the order in which the micro-kernel reads it.
 *
 * A panel is a few columns wide and many steps of k long, and lies in memory step by step:
 *
 *     step 0: width numbers, step 1: width numbers, ...
 *
 * The micro-kernel then reads memory from front to back, which caches and prefetchers like best, whatever the matrix
 * looked like. Four cases become two: the rows of a stored B (K, N), or of A stored as (K, M), are steps already and
 * are copied; the rows of A (M, K), or of B stored as (N, K), run along k and are transposed on the way, a square of
 * LANES x LANES at a time, in registers. Where rows are steps, a panel alone would visit a cache line or two of each
 * row, a stride at which memory is slow, so a few panels are packed together.
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
/* Each group of four lanes a b c d of x and e f g h of y gives a e b f (low), c g d h (high), a b e f (first), c d g h
 * (second). Lanes of y are counted from LANES on. These are single instructions everywhere. */
#if LANES == 16
#define UNPACK_LOW 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define UNPACK_HIGH 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define UNPACK_FIRST 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define UNPACK_SECOND 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#elif LANES == 8
#define UNPACK_LOW 0, 8, 1, 9, 4, 12, 5, 13
#define UNPACK_HIGH 2, 10, 3, 11, 6, 14, 7, 15
#define UNPACK_FIRST 0, 1, 8, 9, 4, 5, 12, 13
#define UNPACK_SECOND 2, 3, 10, 11, 6, 7, 14, 15
#else
#define UNPACK_LOW 0, 4, 1, 5
#define UNPACK_HIGH 2, 6, 3, 7
#define UNPACK_FIRST 0, 1, 4, 5
#define UNPACK_SECOND 2, 3, 6, 7
#endif

/* Four numbers from each of LANES / 4 places that lie `stride` apart. */
INLINE vfloat load_quads(const float *p, int64_t stride) {
#if LANES == 16
    __m256 low = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + stride), 1);
    __m256 high = _mm256_castps128_ps256(_mm_loadu_ps(p + 2 * stride));
    high = _mm256_insertf128_ps(high, _mm_loadu_ps(p + 3 * stride), 1);
    return (vfloat)_mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
#elif LANES == 8
    return (vfloat)_mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + stride), 1);
#else
    (void)stride;
    return *(const vfloat4_unaligned *)p;
#endif
}

/* Transposes a square of LANES x LANES numbers from memory to memory. Loading four columns of rows r, r + 4, r + 8 ...
 * as one vector leaves only squares of 4 x 4 to transpose, all LANES / 4 of them by the same eight shuffles. */
INLINE void transpose(const float *source, int64_t ld, float *out, int64_t out_step) {
#pragma GCC unroll 4
    for (int column = 0; column < LANES; column += 4) {
        vfloat r0 = load_quads(source + column, 4 * ld), r1 = load_quads(source + ld + column, 4 * ld);
        vfloat r2 = load_quads(source + 2 * ld + column, 4 * ld), r3 = load_quads(source + 3 * ld + column, 4 * ld);
        vfloat low01 = SHUFFLE(r0, r1, UNPACK_LOW), high01 = SHUFFLE(r0, r1, UNPACK_HIGH);
        vfloat low23 = SHUFFLE(r2, r3, UNPACK_LOW), high23 = SHUFFLE(r2, r3, UNPACK_HIGH);
        vstore(out + column * out_step, SHUFFLE(low01, low23, UNPACK_FIRST));
        vstore(out + (column + 1) * out_step, SHUFFLE(low01, low23, UNPACK_SECOND));
        vstore(out + (column + 2) * out_step, SHUFFLE(high01, high23, UNPACK_FIRST));
        vstore(out + (column + 3) * out_step, SHUFFLE(high01, high23, UNPACK_SECOND));
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

/* How many steps of the packed panel hold k steps of the matrix. */
INLINE int64_t packed_steps(int64_t k, int bf16) { return bf16 && BF16_PAIRS ? (k + 1) / 2 : k; }

/* Room for a packed panel: transposing writes whole squares. */
INLINE int64_t packed_size(int64_t steps, int vectors) { return (steps + LANES - 1) / LANES * LANES * LANES * vectors; }

#ifdef __AVX512BF16__
/* Two steps in each 32-bit lane, rounded: of one stored row that runs along k, of which n numbers are left; */
INLINE vfloat round_pairs_along(const float *p, int64_t n) {
    vfloat low = vload_some(p, n), high = vload_some(p + LANES, n - LANES);
    return (vfloat)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
}
/* and of two stored rows, each a step, of which n columns are left; `last` when there is no second one. */
INLINE vfloat round_pairs_across(const float *p, int64_t ld, int last, int64_t n) {
    static const uint16_t pairs[2 * LANES] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                              8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    vfloat x = vload_some(p, n), next = last ? (vfloat){0} : vload_some(p + ld, n);
    __m512bh both = _mm512_cvtne2ps_pbh((__m512)next, (__m512)x);
    return (vfloat)_mm512_permutexvar_epi16(_mm512_loadu_si512(pairs), (__m512i)both);
}
#endif

/* LANES packed steps of one stored row that runs along k, of which n numbers are left. */
INLINE vfloat load_along_k(const float *p, int64_t n, int bf16) {
#if BF16_PAIRS
    return bf16 ? round_pairs_along(p, n) : vload_some(p, n);
#else
    return bf16 ? vround_bf16(vload_some(p, n)) : vload_some(p, n);
#endif
}

/* One packed step of LANES stored columns, of which n are left; `last` when no step k + 1 follows. */
INLINE vfloat load_across_k(const float *p, int64_t ld, int last, int64_t n, int bf16) {
#if BF16_PAIRS
    return bf16 ? round_pairs_across(p, ld, last, n) : vload_some(p, n);
#else
    (void)ld, (void)last;
    return bf16 ? vround_bf16(vload_some(p, n)) : vload_some(p, n);
#endif
}

/* Packs k steps of panels of which each begins `advance` columns behind the one before it, and goes to a place `size`
 * numbers behind. Stored rows, ld apart, are steps; the panels advance together, so that memory is read in longer
 * runs. */
INLINE void pack_steps(const int vectors, int64_t panels, int64_t advance, int64_t k, int64_t columns,
                       const float *source, int64_t ld, int bf16, float *packed, int64_t size) {
    const int per_step = bf16 && BF16_PAIRS ? 2 : 1;
    const int64_t steps = packed_steps(k, bf16), width = vectors * LANES;
    for (int64_t step = 0; step < steps; step++, source += per_step * ld)
        for (int64_t i = 0; i < panels; i++)
            for (int v = 0; v < vectors; v++)
                vstore(packed + i * size + step * width + v * LANES,
                       load_across_k(source + i * advance + v * LANES, ld, step * per_step + 1 == k,
                                     columns - i * advance - v * LANES, bf16));
}

/* Packs `columns` columns and k steps of a matrix into a panel of `vectors` vectors a step. Stored rows lie ld apart;
 * they run along k when `along_k`, else each is one step. Lanes past `columns` hold anything: what they yield is never
 * stored. */
INLINE void pack_panel(const int vectors, int64_t k, int64_t columns, const float *source, int64_t ld, int along_k,
                       int bf16, float *panel) {
    const int per_step = bf16 && BF16_PAIRS ? 2 : 1;
    const int64_t steps = packed_steps(k, bf16), width = vectors * LANES;
    if (!along_k) {
        pack_steps(vectors, 1, 0, k, columns, source, ld, bf16, panel, 0);
        return;
    }
    for (int64_t step = 0; step < steps; step += LANES)
        for (int v = 0; v < vectors; v++) {
            const float *square = source + v * LANES * ld + step * per_step;
            int64_t square_ld = ld;
            float staged[LANES * LANES];
            if (bf16 || k - step < LANES || columns < (v + 1) * LANES) { /* no whole square of plain numbers */
                for (int i = 0; i < LANES; i++) {
                    int64_t column = v * LANES + i < columns ? v * LANES + i : 0;
                    const float *row = source + column * ld + step * per_step;
                    vstore(staged + i * LANES, load_along_k(row, k - step * per_step, bf16));
                }
                square = staged;
                square_ld = LANES;
            }
            transpose(square, square_ld, panel + step * width + v * LANES, width);
        }
}

/* Packs panels that lie as in pack_steps; where rows run along k, a single one. */
INLINE void pack_panels(const int vectors, int64_t panels, int64_t advance, int64_t k, int64_t columns,
                        const float *source, int64_t ld, int along_k, int bf16, float *packed, int64_t size) {
    if (along_k) pack_panel(vectors, k, columns, source, ld, 1, bf16, packed);
    else pack_steps(vectors, panels, advance, k, columns, source, ld, bf16, packed, size);
}

#endif
