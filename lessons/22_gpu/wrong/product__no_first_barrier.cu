/* The barrier between fetching and multiplying is missing. Then a thread multiplies numbers that others have not
 * fetched yet: NaN here, and on a GPU whatever the tile held before. Wait until both tiles are whole. */
extern "C" __global__ void product(int64 M, int64 K, int64 N, const float *a, const float *b, float *c) {
    __shared__ float a_tile[SIDE][SIDE], b_tile[SIDE][SIDE];
    const int x = threadIdx.x, y = threadIdx.y;
    const int64 row = (int64)blockIdx.y * SIDE + y, column = (int64)blockIdx.x * SIDE + x;
    float sum = 0;
    for (int64 start = 0; start < K; start += SIDE) {
        a_tile[y][x] = row < M && start + x < K ? a[row * K + start + x] : 0;
        b_tile[y][x] = start + y < K && column < N ? b[(start + y) * N + column] : 0;
        for (int k = 0; k < SIDE; k++) sum += a_tile[y][k] * b_tile[k][x];
        __syncthreads();
    }
    if (row < M && column < N) c[row * N + column] = sum;
}
