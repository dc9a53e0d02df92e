/* The steps of k are shared out, and their sums added up afterwards. Each number of C is then a sum of other parts
 * for another number of threads, and rounds differently. Share out rows of C: then every number is one sum, in one
 * order. */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
    const int share = (K + threads - 1) / threads;
    float *sums = malloc(sizeof(float) * threads * M * N), *rows = malloc(sizeof(float) * M * (K + 1));
    for (int i = 0; i < M * N; i++) c[i] = 0;
    for (int t = 0; t < threads; t++) { /* the columns of A that thread t needs, close together */
        const int first = least(t * share, K), steps = least(share, K - first);
        for (int i = 0; i < M; i++)
            for (int k = 0; k < steps; k++) rows[M * first + i * steps + k] = a[i * K + first + k];
    }
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++) {
        const int first = least(t * share, K);
        matmul(rows + M * first, b + first * N, sums + t * M * N, M, least(share, K - first), N);
    }
    for (int t = 0; t < threads; t++)
        for (int i = 0; i < M * N; i++) c[i] += sums[t * M * N + i];
    free(sums);
    free(rows);
}
