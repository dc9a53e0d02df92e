/* optimizer.c: AdamW, the gradient's norm, and clipping: each one pass over memory, which is all that bounds them.
 *
 * The loops are plain C; the compiler turns them into vectors.
 */
#include <stdlib.h>

#include "parallel.h"
#include "simd.h"

enum { GRAIN = 1 << 14, PIECE = 1 << 14 };

/* p, m and v are read and written once, g is read: 28 bytes a value, where NumPy moves about 150. */
void kernel_adamw(int64_t n, float *restrict p, const float *restrict g, float *restrict m, float *restrict v, float lr,
                  float beta1, float beta2, float eps, float weight_decay, float correction1, float correction2,
                  float grad_scale) {
    const float keep = 1 - lr * weight_decay, rate = lr / correction1, root = 1 / sqrtf(correction2);
#pragma omp parallel for num_threads(threads_for(n, GRAIN)) schedule(static)
    for (int64_t start = 0; start < n; start += PIECE) {
        int64_t end = start + PIECE < n ? start + PIECE : n;
        for (int64_t i = start; i < end; i++) {
            float gradient = g[i] * grad_scale;
            m[i] = beta1 * m[i] + (1 - beta1) * gradient;
            v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
            p[i] = p[i] * keep - rate * m[i] / (sqrtf(v[i]) * root + eps);
        }
    }
}

/* Sums in float64, in pieces of a fixed size, which are then added in order. */
int kernel_sum_squares(int64_t n, const float *x, double *total) {
    int64_t pieces = (n + PIECE - 1) / PIECE;
    double *partial = malloc((size_t)(pieces + 1) * sizeof(double));
    if (!partial) return -1;
#pragma omp parallel for num_threads(threads_for(n, GRAIN)) schedule(static)
    for (int64_t piece = 0; piece < pieces; piece++) {
        const float *from = x + piece * PIECE;
        int64_t count = n - piece * PIECE < PIECE ? n - piece * PIECE : PIECE, i = 0;
        double sums[32] = {0}; /* independent, so that additions overlap */
        for (; i + 32 <= count; i += 32)
            for (int j = 0; j < 32; j++) sums[j] += (double)from[i + j] * from[i + j];
        for (; i < count; i++) sums[0] += (double)from[i] * from[i];
        for (int width = 16; width > 0; width /= 2)
            for (int j = 0; j < width; j++) sums[j] += sums[j + width];
        partial[piece] = sums[0];
    }
    *total = 0;
    for (int64_t piece = 0; piece < pieces; piece++) *total += partial[piece];
    free(partial);
    return 0;
}

void kernel_scale(int64_t n, float *x, float factor) {
#pragma omp parallel for num_threads(threads_for(n, GRAIN)) schedule(static)
    for (int64_t i = 0; i < n; i++) x[i] *= factor;
}
