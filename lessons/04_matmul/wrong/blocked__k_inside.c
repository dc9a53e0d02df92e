/* Inside the block the innermost loop runs over k, and walks down a column. The block is in the cache, but every step
 * still waits for the addition before it, and no vectors can be used. Let j run inside, as in 4.3. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 < K; k0 += STEPS)
        for (int j0 = 0; j0 < N; j0 += COLUMNS) {
            const int k1 = least(k0 + STEPS, K), j1 = least(j0 + COLUMNS, N);
            for (int i = 0; i < M; i++)
                for (int j = j0; j < j1; j++) {
                    float sum = c[i * N + j];
                    for (int k = k0; k < k1; k++) sum += a[i * K + k] * b[k * N + j];
                    c[i * N + j] = sum;
                }
        }
}
