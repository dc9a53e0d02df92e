/* Each thread takes a piece of neighbouring numbers for itself, as a thread of a CPU would. But the lanes of a warp
 * read at the same time, and theirs lie far apart then: memory hands out many more bytes than are used. Let
 * neighbouring threads take neighbouring numbers. */
extern "C" __global__ void silu(int64 n, const float *x, float *y) {
    const int64 threads = (int64)gridDim.x * blockDim.x, each = (n + threads - 1) / threads;
    const int64 start = ((int64)blockIdx.x * blockDim.x + threadIdx.x) * each;
    for (int64 i = start; i < n && i < start + each; i++) y[i] = x[i] / (1 + expf(-x[i]));
}
