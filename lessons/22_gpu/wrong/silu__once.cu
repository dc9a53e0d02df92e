/* Each thread computes one number alone. Where there are more numbers than threads, the rest is never written. Let
 * each thread go on: after number i comes i plus the number of all threads. */
extern "C" __global__ void silu(int64 n, const float *x, float *y) {
    const int64 i = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = x[i] / (1 + expf(-x[i]));
}
