/* The last blocks are missing: only whole blocks of STEPS rows and COLUMNS columns are used. Where B ends inside of a
 * block, this block is smaller, and it counts too. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 + STEPS <= K; k0 += STEPS)
        for (int j0 = 0; j0 + COLUMNS <= N; j0 += COLUMNS)
            for (int i = 0; i < M; i++)
                for (int k = k0; k < k0 + STEPS; k++)
                    for (int j = j0; j < j0 + COLUMNS; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
}
