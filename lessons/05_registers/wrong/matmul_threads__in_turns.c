/* The threads take turns: inside `critical` there is one of them at a time, and the others wait. They write to
 * different rows, so there is nothing to protect. */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
    const int share = (M + threads - 1) / threads;
    const int rows = (share + ROWS - 1) / ROWS * ROWS; /* in each piece: whole tiles */
#pragma omp parallel for num_threads(threads)
    for (int i = 0; i < M; i += rows)
#pragma omp critical
        matmul(a + i * K, b, c + i * N, least(rows, M - i), K, N);
}
