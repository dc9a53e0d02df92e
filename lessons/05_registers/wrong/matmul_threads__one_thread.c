/* The result is right, but one thread works at a time. Is `#pragma omp parallel for num_threads(threads)` above the
 * loop over the pieces, and are there as many pieces as threads? And does a thread wait for another, as inside
 * `critical`? They write to different rows, so there is nothing to protect. */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
    (void)threads;
    matmul(a, b, c, M, K, N);
}
