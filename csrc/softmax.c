/* softmax.c: softmax and log-softmax along rows, and their gradients.
 *
 * Each row is read three times (maximum, exponentials and their sum, scaling), but only the first reading comes from
 * memory: a row of 50,000 floats stays in a core's second-level cache. Rows are independent, so they are shared out
 * among the threads as they come.
 */
#include "parallel.h"
#include "reduce.h"

enum { GRAIN = 1 << 14 }; /* values per thread below which a second thread costs more than it brings */

/* y = e^(x - shift); returns the sum of y. */
static float exponentials(const float *x, float shift, float *y, int64_t n) {
    vfloat sums[2] = {{0}, {0}};
    int64_t i = 0;
    for (; i + 2 * LANES <= n; i += 2 * LANES)
        for (int part = 0; part < 2; part++) {
            vfloat e = vexp(vload(x + i + part * LANES) - vset(shift));
            vstore(y + i + part * LANES, e);
            sums[part] += e;
        }
    for (; i < n; i += LANES) {
        int64_t left = n - i < LANES ? n - i : LANES;
        vfloat e = vkeep(vexp(vload_tail(x + i, left) - vset(shift)), left);
        vstore_tail(y + i, e, left);
        sums[0] += e;
    }
    return vsum(sums[0] + sums[1]);
}

void kernel_softmax(int64_t rows, int64_t cols, const float *x, float *y) {
#pragma omp parallel for num_threads(threads_for(rows *cols, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *xs = x + row * cols;
        float *ys = y + row * cols;
        float scale = 1 / exponentials(xs, row_max(xs, cols), ys, cols); /* one division a row, not one a value */
        for (int64_t i = 0; i < cols; i++) ys[i] *= scale;
    }
}

void kernel_softmax_backward(int64_t rows, int64_t cols, const float *y, const float *dy, float *dx) {
#pragma omp parallel for num_threads(threads_for(rows *cols, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *ys = y + row * cols, *dys = dy + row * cols;
        float *dxs = dx + row * cols;
        float dot = row_dot(ys, dys, cols);
        for (int64_t i = 0; i < cols; i++) dxs[i] = ys[i] * (dys[i] - dot);
    }
}

void kernel_log_softmax(int64_t rows, int64_t cols, const float *x, float *y) {
#pragma omp parallel for num_threads(threads_for(rows *cols, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *xs = x + row * cols;
        float *ys = y + row * cols;
        float shift = row_max(xs, cols);
        float log_total = logf(exponentials(xs, shift, ys, cols));
        for (int64_t i = 0; i < cols; i++) ys[i] = (xs[i] - shift) - log_total;
    }
}

void kernel_log_softmax_backward(int64_t rows, int64_t cols, const float *y, const float *dy, float *dx) {
#pragma omp parallel for num_threads(threads_for(rows *cols, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *ys = y + row * cols, *dys = dy + row * cols;
        float *dxs = dx + row * cols;
        float total = row_sum(dys, cols);
        int64_t i = 0;
        for (; i + LANES <= cols; i += LANES) vstore(dxs + i, vload(dys + i) - vexp(vload(ys + i)) * vset(total));
        if (i < cols) {
            vfloat pi = vexp(vload_tail(ys + i, cols - i));
            vstore_tail(dxs + i, vload_tail(dys + i, cols - i) - pi * vset(total), cols - i);
        }
    }
}
