/* M / threads is rounded down, so the last rows belong to nobody. Round up, and let the last piece be smaller. */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
    const int rows = M / threads;
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++)
        if (rows > 0) matmul(a + t * rows * K, b, c + t * rows * N, rows, K, N);
}
