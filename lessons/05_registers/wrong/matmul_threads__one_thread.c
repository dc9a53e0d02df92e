/* The result is right, but one thread does all the work. Put `#pragma omp parallel for num_threads(threads)` above
 * the loop over the pieces, and have as many pieces as threads. */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
    (void)threads;
    matmul(a, b, c, M, K, N);
}
