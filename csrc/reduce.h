/* reduce.h: sums and maxima along a row, in one fixed order.
 *
 * A sum of n floats is n dependent additions, each waiting 4 cycles for the one before. Four running sums hide that
 * wait. They are folded together in a fixed order, so a row gives the same bits wherever and by whomever it is summed.
 */
#ifndef MINIRL_REDUCE_H
#define MINIRL_REDUCE_H

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

/* The first n lanes of x, the rest zero. */
INLINE vfloat vkeep(vfloat x, int64_t n) {
    if (n >= LANES) return x;
    float lanes[LANES];
    vstore(lanes, x);
    return vload_tail(lanes, n);
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
