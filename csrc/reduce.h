/* reduce.h: sums and maxima along a row, and sums over rows, in one fixed order.
 *
 * A sum of n floats is n dependent additions, each waiting 4 cycles for the one before. Four running sums hide that
 * wait. They are folded together in a fixed order, so a row gives the same bits wherever and by whomever it is summed.
 */
#ifndef MINIRL_REDUCE_H
#define MINIRL_REDUCE_H

#include "integers.h"
#include "simd.h"

/* total of `value`, an expression in the vectors `xs` (and `ys`) loaded from rows x (and y), over i in [0, n) */
#define ROW_SUM(n, x, y, value)                                                                        \
    ({                                                                                                 \
        vfloat sums[4] = {{0}, {0}, {0}, {0}};                                                         \
        int64_t i = 0;                                                                                 \
        for (; i + 4 * LANES <= (n); i += 4 * LANES)                                                   \
            for (int part = 0; part < 4; part++) {                                                     \
                vfloat xs = vload((x) + i + part * LANES), ys = vload((y) + i + part * LANES);         \
                (void)ys;                                                                              \
                sums[part] += (value);                                                                 \
            }                                                                                          \
        for (; i + LANES <= (n); i += LANES) {                                                         \
            vfloat xs = vload((x) + i), ys = vload((y) + i);                                           \
            (void)ys;                                                                                  \
            sums[0] += (value);                                                                        \
        }                                                                                              \
        if (i < (n)) {                                                                                 \
            vfloat xs = vload_tail((x) + i, (n) - i), ys = vload_tail((y) + i, (n) - i);               \
            (void)ys;                                                                                  \
            sums[1] += vkeep((value), (n) - i);                                                        \
        }                                                                                              \
        vsum((sums[0] + sums[1]) + (sums[2] + sums[3]));                                               \
    })

/* out[i] = vsum(x[i]), by the same tree: all four are folded at once, the last two levels as a transposition. */
INLINE vfloat4 vfold_to_four(vfloat x) {
#if LANES == 16
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256((__m512)x), _mm512_extractf32x8_ps((__m512)x, 1));
    return (vfloat4)_mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
#elif LANES == 8
    return (vfloat4)_mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
#else
    return x;
#endif
}
INLINE void vsum_four(const vfloat x[4], float out[4]) {
    vfloat4 a = vfold_to_four(x[0]), b = vfold_to_four(x[1]), c = vfold_to_four(x[2]), d = vfold_to_four(x[3]);
    vfloat4 ab = SHUFFLE4(a, b, 0, 1, 4, 5) + SHUFFLE4(a, b, 2, 3, 6, 7);
    vfloat4 cd = SHUFFLE4(c, d, 0, 1, 4, 5) + SHUFFLE4(c, d, 2, 3, 6, 7);
    vfloat4 sums = SHUFFLE4(ab, cd, 0, 2, 4, 6) + SHUFFLE4(ab, cd, 1, 3, 5, 7);
    memcpy(out, &sums, sizeof sums);
}

/* The first n lanes of x, the rest zero. */
INLINE vfloat vkeep(vfloat x, int64_t n) {
    if (n >= LANES) return x;
    float lanes[LANES];
    vstore(lanes, x);
    return vload_tail(lanes, n);
}

/* Sums over rows: rows are cut into parts by their number alone, each part is summed by one thread, and the parts, rows
 * of n numbers, are added up in order, along the rows, for they lie far apart. So threads do not change the result. */
INLINE int64_t rows_in_part(int64_t rows) { return larger(divide_up(rows, 64), 8); }
INLINE void add_parts(int64_t parts, int64_t n, float *partial) {
    for (int64_t part = 1; part < parts; part++)
        for (int64_t i = 0; i < n; i++) partial[i] += partial[part * n + i];
}

INLINE float row_sum(const float *x, int64_t n) { return ROW_SUM(n, x, x, xs); }
INLINE float row_dot(const float *x, const float *y, int64_t n) { return ROW_SUM(n, x, y, xs * ys); }

/* The largest value of a row; -inf when it is empty. NaN may be passed over: what follows meets it again. */
INLINE float row_max(const float *x, int64_t n) {
    vfloat best[4];
    for (int part = 0; part < 4; part++) best[part] = vset(-INFINITY);
    int64_t i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int part = 0; part < 4; part++) best[part] = vmax(best[part], vload(x + i + part * LANES));
    for (; i + LANES <= n; i += LANES) best[0] = vmax(best[0], vload(x + i));
    float largest = vmaximum(vmax(vmax(best[0], best[1]), vmax(best[2], best[3])));
    for (; i < n; i++) largest = x[i] > largest ? x[i] : largest;
    return largest;
}

#endif
