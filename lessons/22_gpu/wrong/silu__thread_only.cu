/* All blocks begin with the same numbers: threadIdx.x counts the threads of one block. Before this block come
 * blockIdx.x blocks of blockDim.x threads, so its first number is blockIdx.x * blockDim.x + threadIdx.x. */
extern "C" __global__ void silu(int64 n, const float *x, float *y) {
    for (int64 i = threadIdx.x; i < n; i += (int64)gridDim.x * blockDim.x) y[i] = x[i] / (1 + expf(-x[i]));
}
