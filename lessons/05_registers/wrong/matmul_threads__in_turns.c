/* The result is right, but one thread works at a time. Is `#pragma omp parallel for num_threads(threads)` above the
 * loop over the pieces, and are there as many pieces as threads? And does a thread wait for another, as inside
 * `critical`? They write to different rows, so there is nothing to protect. */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
    const int share = (M + threads - 1) / threads;
    const int rows = (share + ROWS - 1) / ROWS * ROWS; /* in each piece: whole tiles */
#pragma omp parallel for num_threads(threads)
    for (int i = 0; i < M; i += rows)
#pragma omp critical
        matmul(a + i * K, b, c + i * N, least(rows, M - i), K, N);
}
