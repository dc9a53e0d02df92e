/* peak.cu: what a GPU can do at most, to compare the other kernels with: multiply-adds, pieces of matrices, bytes read.
 *
 * The first two compute with registers alone. Each thread has eight sums, so that none waits for the one before it.
 */
#include "tensor_cores.cuh"

enum { THREADS = 256, SUMS = 8 };

/* 2 SUMS operations a thread and iteration, in float32. */
extern "C" __global__ void __launch_bounds__(THREADS) peak_float32(int64 iterations, float factor, float *out) {
    float sums[SUMS];
    for (int s = 0; s < SUMS; s++) sums[s] = (float)(threadIdx.x + s);
    for (int64 i = 0; i < iterations; i++)
#pragma unroll
        for (int s = 0; s < SUMS; s++) sums[s] = sums[s] * factor + factor;
    float total = 0.0f;
    for (int s = 0; s < SUMS; s++) total += sums[s];
    out[(int64)blockIdx.x * THREADS + threadIdx.x] = total; /* else the compiler would leave all of it out */
}

/* 4096 SUMS operations a warp and iteration, on the tensor cores. */
extern "C" __global__ void __launch_bounds__(THREADS) peak_bfloat16(int64 iterations, float *out) {
    const unsigned one = bf16_pair(1.0f, 1.0f), a[4] = {one, one, one, one}, b[2] = {one, one};
    float sums[SUMS][4] = {};
    for (int64 i = 0; i < iterations; i++)
#pragma unroll
        for (int s = 0; s < SUMS; s++) multiply_pieces(sums[s], a, b);
    float total = 0.0f;
    for (int s = 0; s < SUMS; s++) total += sums[s][0] + sums[s][1] + sums[s][2] + sums[s][3];
    out[(int64)blockIdx.x * THREADS + threadIdx.x] = total;
}

/* Reads n numbers; neighbouring threads read neighbouring ones. */
extern "C" __global__ void __launch_bounds__(THREADS) peak_read(int64 n, const float *x, float *out) {
    const int64 step = (int64)gridDim.x * THREADS, own = (int64)blockIdx.x * THREADS + threadIdx.x;
    float sums[SUMS] = {};
    int64 i = own;
    for (; i + (SUMS - 1) * step < n; i += SUMS * step)
#pragma unroll
        for (int s = 0; s < SUMS; s++) sums[s] += x[i + s * step];
    for (; i < n; i += step) sums[0] += x[i];
    float total = 0.0f;
    for (int s = 0; s < SUMS; s++) total += sums[s];
    out[own] = total;
}
