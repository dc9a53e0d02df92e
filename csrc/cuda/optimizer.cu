/* optimizer.cu: AdamW, the sum of squares of gradients, and scaling: each one pass over memory, which bounds them. */
#include "device.cuh"

enum { THREADS = 256, PIECE = 1 << 14 };

/* p, m and v are read and written once, g is read: 28 bytes a number. */
extern "C" __global__ void __launch_bounds__(THREADS)
adamw(int64 n, float *p, const float *g, float *m, float *v, float keep, float rate, float root, float beta1, float beta2,
      float eps, float grad_scale) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const float gradient = g[i] * grad_scale;
    const float first = beta1 * m[i] + (1 - beta1) * gradient;
    const float second = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    m[i] = first;
    v[i] = second;
    p[i] = p[i] * keep - rate * first / (sqrtf(second) * root + eps);
}

/* Block b: the sum of the squares of numbers PIECE b to PIECE (b + 1) - 1, in float64, into sums[first + b]. */
extern "C" __global__ void __launch_bounds__(THREADS) sum_squares(int64 n, int64 first, const float *x, double *sums) {
    __shared__ double shared[THREADS / WARP_SIZE];
    const int64 start = (int64)blockIdx.x * PIECE, end = smaller(n, start + PIECE);
    double sum = 0;
    for (int64 i = start + threadIdx.x; i < end; i += THREADS) sum += (double)x[i] * x[i];
    sum = block_sum<THREADS>(sum, shared);
    if (threadIdx.x == 0) sums[first + blockIdx.x] = sum;
}

/* One block adds the n sums. Thread t takes every THREADS-th. */
extern "C" __global__ void __launch_bounds__(THREADS) add_sums(int64 n, const double *sums, double *total) {
    __shared__ double shared[THREADS / WARP_SIZE];
    double sum = 0;
    for (int64 i = threadIdx.x; i < n; i += THREADS) sum += sums[i];
    sum = block_sum<THREADS>(sum, shared);
    if (threadIdx.x == 0) *total = sum;
}

extern "C" __global__ void __launch_bounds__(THREADS) scale(int64 n, float factor, float *x) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n) x[i] *= factor;
}
