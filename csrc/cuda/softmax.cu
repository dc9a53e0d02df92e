/* softmax.cu: softmax and log-softmax along rows, and their gradients: one block a row.
 *
 * Each thread takes every THREADS-th number of the row. The row is read three times (maximum, sum of exponentials,
 * result), but only the first reading comes from memory: 50,000 floats stay in the second-level cache.
 */
#include "device.cuh"

enum { THREADS = 256, WARPS = THREADS / WARP_SIZE };

/* for every number i of the row that falls to this thread */
#define EACH(i, n) (int64 i = threadIdx.x; i < (n); i += THREADS)

/* The largest of the row, and the sum of e^(x - largest). */
__device__ __forceinline__ float sum_of_exponentials(const float *x, int64 n, float *largest, float *shared) {
    float most = -INFINITE, sum = 0;
    for EACH (i, n) most = larger(most, x[i]);
    *largest = block_largest<THREADS>(most, shared);
    for EACH (i, n) sum += expf(x[i] - *largest);
    return block_sum<THREADS>(sum, shared);
}

extern "C" __global__ void __launch_bounds__(THREADS) softmax(int64 n, const float *x, float *y) {
    __shared__ float shared[WARPS];
    float largest;
    x += blockIdx.x * n, y += blockIdx.x * n;
    const float scale = 1 / sum_of_exponentials(x, n, &largest, shared);
    for EACH (i, n) y[i] = expf(x[i] - largest) * scale;
}

extern "C" __global__ void __launch_bounds__(THREADS) log_softmax(int64 n, const float *x, float *y) {
    __shared__ float shared[WARPS];
    float largest;
    x += blockIdx.x * n, y += blockIdx.x * n;
    const float log_sum = logf(sum_of_exponentials(x, n, &largest, shared));
    for EACH (i, n) y[i] = x[i] - largest - log_sum;
}

/* dx = y (dy - sum(dy y)) */
extern "C" __global__ void __launch_bounds__(THREADS)
softmax_backward(int64 n, const float *dy, const float *y, float *dx) {
    __shared__ float shared[WARPS];
    dy += blockIdx.x * n, y += blockIdx.x * n, dx += blockIdx.x * n;
    float dot = 0;
    for EACH (i, n) dot += dy[i] * y[i];
    dot = block_sum<THREADS>(dot, shared);
    for EACH (i, n) dx[i] = y[i] * (dy[i] - dot);
}

/* dx = dy - e^y sum(dy) */
extern "C" __global__ void __launch_bounds__(THREADS)
log_softmax_backward(int64 n, const float *dy, const float *y, float *dx) {
    __shared__ float shared[WARPS];
    dy += blockIdx.x * n, y += blockIdx.x * n, dx += blockIdx.x * n;
    float sum = 0;
    for EACH (i, n) sum += dy[i];
    sum = block_sum<THREADS>(sum, shared);
    for EACH (i, n) dx[i] = dy[i] - expf(y[i]) * sum;
}
