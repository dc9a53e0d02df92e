/* device.cuh: what all kernels share: sums over the lanes of a warp and the warps of a block, and tensor cores.
 *
 * A kernel is an `extern "C" __global__` function whose parameters are pointers, int64 and float alone. Python reads the
 * parameters from the source and launches by them (minirl/kernels/device/). No header is included, so that NVIDIA's
 * run-time compiler needs none either.
 *
 * Results do not depend on the order in which threads run: sums have a fixed order, and nothing uses an atomic.
 */
#ifndef MINIRL_DEVICE_CUH
#define MINIRL_DEVICE_CUH

typedef long long int64;

#define WARP_SIZE 32
#define ALL_LANES 0xffffffffu
#define INFINITE __uint_as_float(0x7f800000u)
#define NOT_A_NUMBER __uint_as_float(0x7fffffffu)

__device__ __forceinline__ int lane_number() { return (int)threadIdx.x % WARP_SIZE; }
__device__ __forceinline__ int warp_number() { return (int)threadIdx.x / WARP_SIZE; }

__device__ __forceinline__ int64 smaller(int64 a, int64 b) { return a < b ? a : b; }

/* The larger of two; NaN where either is, unlike fmaxf. */
__device__ __forceinline__ float larger(float a, float b) { return a > b || a != a ? a : b; }

/* ---- over the 32 lanes of a warp: every lane gets the result ---- */

/* Lanes exchange with the lane 16 away, then 8, 4, 2, 1: a tree of five additions, the same one in every lane. */
template <class T> __device__ __forceinline__ T warp_sum(T x) {
    for (int step = WARP_SIZE / 2; step > 0; step /= 2) x += __shfl_xor_sync(ALL_LANES, x, step);
    return x;
}

__device__ __forceinline__ float warp_largest(float x) {
    for (int step = WARP_SIZE / 2; step > 0; step /= 2) x = larger(x, __shfl_xor_sync(ALL_LANES, x, step));
    return x;
}

/* ---- over a block of THREADS threads in one row: every thread gets the result. `shared` has a place for each warp, and
 *      may be used again at once ---- */

template <int THREADS, class T> __device__ __forceinline__ T block_sum(T x, T *shared) {
    x = warp_sum(x);
    if (lane_number() == 0) shared[warp_number()] = x;
    __syncthreads();
    x = shared[0];
    for (int warp = 1; warp < THREADS / WARP_SIZE; warp++) x += shared[warp];
    __syncthreads();
    return x;
}

template <int THREADS> __device__ __forceinline__ float block_largest(float x, float *shared) {
    x = warp_largest(x);
    if (lane_number() == 0) shared[warp_number()] = x;
    __syncthreads();
    x = shared[0];
    for (int warp = 1; warp < THREADS / WARP_SIZE; warp++) x = larger(x, shared[warp]);
    __syncthreads();
    return x;
}

#endif
