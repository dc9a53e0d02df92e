/* Each thread fetches both numbers of every product from memory by itself. The sums are right, but memory is read
 * SIDE times as often as with tiles: put the numbers into shared memory first, one of each matrix a thread. */
extern "C" __global__ void product(int64 M, int64 K, int64 N, const float *a, const float *b, float *c) {
    const int64 row = (int64)blockIdx.y * SIDE + threadIdx.y, column = (int64)blockIdx.x * SIDE + threadIdx.x;
    if (row >= M || column >= N) return;
    float sum = 0;
    for (int64 k = 0; k < K; k++) sum += a[row * K + k] * b[k * N + column];
    c[row * N + column] = sum;
}
