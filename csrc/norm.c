/* norm.c: layer norm and RMS norm along rows, and their gradients. That of gamma is a sum over rows: see reduce.h. */
#include <stdlib.h>

#include "parallel.h"
#include "reduce.h"

enum { GRAIN = 1 << 13 };

/* ---- forward ---- */

void kernel_layer_norm(int64_t rows, int64_t C, float eps, const float *x, const float *gamma, const float *beta,
                       float *y, float *mean, float *rstd) {
#pragma omp parallel for num_threads(threads_for(rows *C, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *xr = x + row * C;
        float *yr = y + row * C;
        float m = row_sum(xr, C) / C;
        float variance = ROW_SUM(C, xr, xr, (xs - vset(m)) * (xs - vset(m))) / C;
        float r = 1 / sqrtf(variance + eps);
        if (beta)
            for (int64_t i = 0; i < C; i++) yr[i] = (xr[i] - m) * r * gamma[i] + beta[i];
        else
            for (int64_t i = 0; i < C; i++) yr[i] = (xr[i] - m) * r * gamma[i];
        mean[row] = m;
        rstd[row] = r;
    }
}

void kernel_rms_norm(int64_t rows, int64_t C, float eps, const float *x, const float *gamma, float *y, float *rstd) {
#pragma omp parallel for num_threads(threads_for(rows *C, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *xr = x + row * C;
        float *yr = y + row * C;
        float r = 1 / sqrtf(row_dot(xr, xr, C) / C + eps);
        for (int64_t i = 0; i < C; i++) yr[i] = xr[i] * r * gamma[i];
        rstd[row] = r;
    }
}

/* ---- backward ---- */

/* One row: writes dx, and adds to this part's dgamma (and dbeta, unless it is NULL as for RMS norm, whose mean is 0).
 * With n = (x - mean) rstd and g = dy gamma: dx = rstd (g - mean(g) - n mean(g n)). */
INLINE void row_backward(int64_t C, const float *dy, const float *x, const float *gamma, float mean, float rstd,
                         float *dx, float *dgamma, float *dbeta) {
    vfloat sums[2] = {{0}, {0}}; /* of g and of g n */
    for (int64_t i = 0; i < C; i += LANES) {
        int64_t left = C - i;
        vfloat g = vload_some(dy + i, left) * vload_some(gamma + i, left); /* 0 beyond the row's end */
        sums[0] += g;
        sums[1] += vkeep(g * ((vload_some(x + i, left) - vset(mean)) * vset(rstd)), left);
    }
    vfloat mean_g = vset(dbeta ? vsum(sums[0]) / C : 0), mean_gn = vset(vsum(sums[1]) / C);
    for (int64_t i = 0; i < C; i += LANES) {
        int64_t left = C - i;
        vfloat d = vload_some(dy + i, left), n = (vload_some(x + i, left) - vset(mean)) * vset(rstd);
        vstore_some(dx + i, vset(rstd) * (d * vload_some(gamma + i, left) - mean_g - n * mean_gn), left);
        vstore_some(dgamma + i, vload_some(dgamma + i, left) + d * n, left);
        if (dbeta) vstore_some(dbeta + i, vload_some(dbeta + i, left) + d, left);
    }
}

/* Both norms; mean and dbeta are NULL for RMS norm. */
INLINE int norm_backward(int64_t rows, int64_t C, const float *dy, const float *x, const float *gamma,
                         const float *mean, const float *rstd, float *dx, float *dgamma, float *dbeta) {
    const int centre = mean != NULL;
    const int64_t part_rows = rows_in_part(rows), parts = divide_up(rows, part_rows);
    float *partial = calloc((size_t)((parts > 0 ? parts : 1) * 2 * C) + 1, sizeof(float));
    if (!partial) return -1;
#pragma omp parallel for num_threads(threads_for(rows *C, GRAIN)) schedule(static)
    for (int64_t part = 0; part < parts; part++) {
        float *part_dgamma = partial + part * 2 * C, *part_dbeta = part_dgamma + C;
        int64_t end = (part + 1) * part_rows < rows ? (part + 1) * part_rows : rows;
        for (int64_t row = part * part_rows; row < end; row++)
            row_backward(C, dy + row * C, x + row * C, gamma, centre ? mean[row] : 0, rstd[row], dx + row * C,
                         part_dgamma, centre ? part_dbeta : NULL);
    }
    add_parts(parts, 2 * C, partial);
    memcpy(dgamma, partial, (size_t)C * sizeof(float));
    if (centre) memcpy(dbeta, partial + C, (size_t)C * sizeof(float));
    free(partial);
    return 0;
}

int kernel_layer_norm_backward(int64_t rows, int64_t C, const float *dy, const float *x, const float *gamma,
                               const float *mean, const float *rstd, float *dx, float *dgamma, float *dbeta) {
    return norm_backward(rows, C, dy, x, gamma, mean, rstd, dx, dgamma, dbeta);
}

int kernel_rms_norm_backward(int64_t rows, int64_t C, const float *dy, const float *x, const float *gamma,
                             const float *rstd, float *dx, float *dgamma) {
    return norm_backward(rows, C, dy, x, gamma, NULL, rstd, dx, dgamma, NULL);
}
