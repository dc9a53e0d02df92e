/* norm.cu: layer norm and RMS norm along rows, their gradients, and sums over rows.
 *
 * Along a row: one warp a row. Its lanes read 32 neighbouring numbers at a time, and add up by shuffles, so no shared
 * memory and no barrier is needed. Over rows (the gradients of gamma and beta): rows are cut into parts, a block sums 32
 * columns of a part, and a last kernel adds the parts in order.
 */
#include "device.cuh"

enum { WARPS = 8, THREADS = WARPS * WARP_SIZE };

#define ROW ((int64)blockIdx.x * WARPS + warp_number()) /* the row of this warp: the same for all of its lanes */

/* ---- forward ---- */

extern "C" __global__ void __launch_bounds__(THREADS)
layer_norm(int64 rows, int64 C, float eps, const float *x, const float *gamma, const float *beta, float *y, float *mean,
           float *rstd) {
    const int64 row = ROW;
    if (row >= rows) return;
    x += row * C, y += row * C;
    float sum = 0, squares = 0;
    for (int64 i = lane_number(); i < C; i += WARP_SIZE) sum += x[i];
    const float m = C ? warp_sum(sum) / C : 0;
    for (int64 i = lane_number(); i < C; i += WARP_SIZE) squares += (x[i] - m) * (x[i] - m);
    const float r = 1 / sqrtf((C ? warp_sum(squares) / C : 0) + eps);
    for (int64 i = lane_number(); i < C; i += WARP_SIZE) y[i] = (x[i] - m) * r * gamma[i] + (beta ? beta[i] : 0);
    if (lane_number() == 0) mean[row] = m, rstd[row] = r;
}

extern "C" __global__ void __launch_bounds__(THREADS)
rms_norm(int64 rows, int64 C, float eps, const float *x, const float *gamma, float *y, float *rstd) {
    const int64 row = ROW;
    if (row >= rows) return;
    x += row * C, y += row * C;
    float squares = 0;
    for (int64 i = lane_number(); i < C; i += WARP_SIZE) squares += x[i] * x[i];
    const float r = 1 / sqrtf((C ? warp_sum(squares) / C : 0) + eps);
    for (int64 i = lane_number(); i < C; i += WARP_SIZE) y[i] = x[i] * r * gamma[i];
    if (lane_number() == 0) rstd[row] = r;
}

/* ---- backward, along rows. With n = (x - mean) rstd and g = dy gamma: dx = rstd (g - mean(g) - n mean(g n)). RMS norm
 *      has no mean (NULL), and no mean(g) ---- */

extern "C" __global__ void __launch_bounds__(THREADS)
norm_backward(int64 rows, int64 C, const float *dy, const float *x, const float *gamma, const float *mean,
              const float *rstd, float *dx) {
    const int64 row = ROW;
    if (row >= rows) return;
    dy += row * C, x += row * C, dx += row * C;
    const float m = mean ? mean[row] : 0, r = rstd[row];
    float sum_g = 0, sum_gn = 0;
    for (int64 i = lane_number(); i < C; i += WARP_SIZE) {
        const float g = dy[i] * gamma[i];
        sum_g += g;
        sum_gn += g * ((x[i] - m) * r);
    }
    const float all_g = warp_sum(sum_g), mean_g = mean ? all_g / C : 0, mean_gn = warp_sum(sum_gn) / C;
    for (int64 i = lane_number(); i < C; i += WARP_SIZE)
        dx[i] = r * (dy[i] * gamma[i] - mean_g - (x[i] - m) * r * mean_gn);
}

/* ---- over rows. Block (c, p) sums columns 32 c to 32 c + 31 of part p, which has part_rows rows. Warp w takes every
 *      WARPS-th row from the w-th on; then the sums of the warps are added, in their order ---- */

__device__ __forceinline__ void add_warps(float sum, float (*sums)[WARP_SIZE], int64 column, int64 C, float *out) {
    sums[warp_number()][lane_number()] = sum;
    __syncthreads();
    if (warp_number() == 0 && column < C) {
        for (int warp = 1; warp < WARPS; warp++) sum += sums[warp][lane_number()];
        out[blockIdx.y * C + column] = sum;
    }
    __syncthreads();
}

extern "C" __global__ void __launch_bounds__(THREADS)
column_sums(int64 rows, int64 C, int64 part_rows, const float *x, float *parts) {
    __shared__ float sums[WARPS][WARP_SIZE];
    const int64 column = (int64)blockIdx.x * WARP_SIZE + lane_number();
    const int64 end = smaller(rows, (blockIdx.y + 1) * part_rows);
    float sum = 0;
    for (int64 row = blockIdx.y * part_rows + warp_number(); row < end && column < C; row += WARPS)
        sum += x[row * C + column];
    add_warps(sum, sums, column, C, parts);
}

/* dgamma = sum of dy n, dbeta = sum of dy. For RMS norm mean and beta_parts are NULL. */
extern "C" __global__ void __launch_bounds__(THREADS)
norm_column_sums(int64 rows, int64 C, int64 part_rows, const float *dy, const float *x, const float *mean,
                 const float *rstd, float *gamma_parts, float *beta_parts) {
    __shared__ float sums[WARPS][WARP_SIZE];
    const int64 column = (int64)blockIdx.x * WARP_SIZE + lane_number();
    const int64 end = smaller(rows, (blockIdx.y + 1) * part_rows);
    float dgamma = 0, dbeta = 0;
    for (int64 row = blockIdx.y * part_rows + warp_number(); row < end && column < C; row += WARPS) {
        const float d = dy[row * C + column];
        dgamma += d * ((x[row * C + column] - (mean ? mean[row] : 0)) * rstd[row]);
        dbeta += d;
    }
    add_warps(dgamma, sums, column, C, gamma_parts);
    if (beta_parts) add_warps(dbeta, sums, column, C, beta_parts);
}

extern "C" __global__ void __launch_bounds__(THREADS) add_parts(int64 parts, int64 C, const float *partial, float *out) {
    const int64 column = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (column >= C) return;
    float sum = 0;
    for (int64 part = 0; part < parts; part++) sum += partial[part * C + column];
    out[column] = sum;
}
