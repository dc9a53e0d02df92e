/* Lesson 22: the kernels, filled in. */
typedef long long int64;

enum { LANES = 32 };
#define ALL_LANES 0xffffffffu

extern "C" __global__ void silu(int64 n, const float *x, float *y) {
    const int64 threads = (int64)gridDim.x * blockDim.x;
    const int64 first = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    for (int64 i = first; i < n; i += threads) y[i] = x[i] / (1 + expf(-x[i]));
}

extern "C" __global__ void rms_norm(int64 rows, int64 C, float eps,
                                    const float *x, const float *gamma,
                                    float *y, float *rstd) {
    const int lane = threadIdx.x % LANES;
    const int64 row = (int64)blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;
    if (row >= rows) return;
    float sum = 0;
    for (int64 i = lane; i < C; i += LANES) sum += x[row * C + i] * x[row * C + i];
    for (int step = LANES / 2; step > 0; step /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, step);
    const float r = 1 / sqrtf(sum / C + eps);
    for (int64 i = lane; i < C; i += LANES) y[row * C + i] = x[row * C + i] * r * gamma[i];
    if (lane == 0) rstd[row] = r;
}

enum { SIDE = 16 };

extern "C" __global__ void product(int64 M, int64 K, int64 N, const float *a,
                                   const float *b, float *c) {
    __shared__ float a_tile[SIDE][SIDE], b_tile[SIDE][SIDE];
    const int x = threadIdx.x, y = threadIdx.y;
    const int64 row = (int64)blockIdx.y * SIDE + y, column = (int64)blockIdx.x * SIDE + x;
    float sum = 0;
    for (int64 start = 0; start < K; start += SIDE) {
        a_tile[y][x] = row < M && start + x < K ? a[row * K + start + x] : 0;
        b_tile[y][x] = start + y < K && column < N ? b[(start + y) * N + column] : 0;
        __syncthreads();
        for (int k = 0; k < SIDE; k++) sum += a_tile[y][k] * b_tile[k][x];
        __syncthreads();
    }
    if (row < M && column < N) c[row * N + column] = sum;
}

extern "C" __global__ void embedding_gradient(int64 tokens, int64 C,
                                              const int *ids,
                                              const float *dout,
                                              float *dtable) {
    const int64 own = blockIdx.x;
    const int id = ids[own];
    for (int64 t = 0; t < own; t++)
        if (ids[t] == id) return;
    for (int64 column = threadIdx.x; column < C; column += blockDim.x) {
        float sum = dtable[id * C + column];
        for (int64 t = own; t < tokens; t++)
            if (ids[t] == id) sum += dout[t * C + column];
        dtable[id * C + column] = sum;
    }
}
