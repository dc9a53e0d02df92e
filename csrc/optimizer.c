/* optimizer.c: AdamW, the gradient's norm, and clipping: each one pass over memory, which is all that bounds them.
 *
 * The loops are plain C; the compiler turns them into vectors.
 */
#include <stdlib.h>

#include "integers.h"
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 1 << 14, PIECE = 1 << 14 };

/* p, m and v are read and written once, g is read: 28 bytes a value, where NumPy moves about 150. */
static void adamw_piece(int64_t n, float *restrict p, const float *restrict g, float *restrict m, float *restrict v,
                        float keep, float rate, float root, float beta1, float beta2, float eps, float grad_scale) {
    for (int64_t i = 0; i < n; i++) {
        float gradient = g[i] * grad_scale;
        m[i] = beta1 * m[i] + (1 - beta1) * gradient;
        v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
        p[i] = p[i] * keep - rate * m[i] / (sqrtf(v[i]) * root + eps);
    }
}

/* All parameters in one call and one parallel region: the norms of a small model have a hundred numbers each. */
void kernel_adamw(int64_t arrays, const int64_t *sizes, float *const *p, const float *const *g, float *const *m,
                  float *const *v, float lr, float beta1, float beta2, float eps, float weight_decay,
                  float correction1, float correction2, float grad_scale) {
    const float keep = 1 - lr * weight_decay, rate = lr / correction1, root = 1 / sqrtf(correction2);
#pragma omp parallel num_threads(threads_for(sum_of(arrays, sizes), GRAIN))
    for (int64_t i = 0; i < arrays; i++) {
#pragma omp for schedule(static) nowait
        for (int64_t start = 0; start < sizes[i]; start += PIECE)
            adamw_piece(smaller(PIECE, sizes[i] - start), p[i] + start, g[i] + start, m[i] + start, v[i] + start,
                        keep, rate, root, beta1, beta2, eps, grad_scale);
    }
}

static double sum_squares_of_piece(int64_t n, const float *x) {
    double sums[32] = {0}; /* independent, so that additions overlap */
    int64_t i = 0;
    for (; i + 32 <= n; i += 32)
        for (int j = 0; j < 32; j++) sums[j] += (double)x[i + j] * x[i + j];
    for (; i < n; i++) sums[0] += (double)x[i] * x[i];
    for (int width = 16; width > 0; width /= 2)
        for (int j = 0; j < width; j++) sums[j] += sums[j + width];
    return sums[0];
}

/* Sums in float64, in pieces of a fixed size, which are then added in order: those of an array, then the arrays. */
int kernel_sum_squares(int64_t arrays, const int64_t *sizes, const float *const *x, double *total) {
    int64_t pieces = 0;
    for (int64_t i = 0; i < arrays; i++) pieces += divide_up(sizes[i], PIECE);
    double *partials = malloc((size_t)(pieces + 1) * sizeof(double));
    if (!partials) return -1;
#pragma omp parallel num_threads(threads_for(sum_of(arrays, sizes), GRAIN))
    for (int64_t i = 0, first = 0; i < arrays; first += divide_up(sizes[i++], PIECE)) {
#pragma omp for schedule(static) nowait
        for (int64_t start = 0; start < sizes[i]; start += PIECE)
            partials[first + start / PIECE] = sum_squares_of_piece(smaller(PIECE, sizes[i] - start), x[i] + start);
    }
    const double *next = partials;
    *total = 0;
    for (int64_t i = 0; i < arrays; i++) {
        double sum = 0;
        for (int64_t piece = 0; piece < divide_up(sizes[i], PIECE); piece++) sum += *next++;
        *total += sum;
    }
    free(partials);
    return 0;
}

void kernel_scale(int64_t n, float *x, float factor) {
#pragma omp parallel for num_threads(threads_for(n, GRAIN)) schedule(static)
    for (int64_t i = 0; i < n; i++) x[i] *= factor;
}
