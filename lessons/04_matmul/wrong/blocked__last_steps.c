/* The last rows of B are missing wherever K is no multiple of STEPS. The last block has fewer rows, and its products
 * belong to the sums too. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 + STEPS <= K; k0 += STEPS)
        for (int j0 = 0; j0 < N; j0 += COLUMNS) {
            const int j1 = least(j0 + COLUMNS, N);
            for (int i = 0; i < M; i++)
                for (int k = k0; k < k0 + STEPS; k++)
                    for (int j = j0; j < j1; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
        }
}
