/* The sums begin with what stood in c, and that is garbage (NaN in this check). Set all of C to zero once, before the
 * first block. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int k0 = 0; k0 < K; k0 += STEPS)
        for (int j0 = 0; j0 < N; j0 += COLUMNS) {
            const int k1 = least(k0 + STEPS, K), j1 = least(j0 + COLUMNS, N);
            for (int i = 0; i < M; i++)
                for (int k = k0; k < k1; k++)
                    for (int j = j0; j < j1; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
        }
}
