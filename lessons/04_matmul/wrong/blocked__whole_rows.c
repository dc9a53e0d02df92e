/* The blocks are as wide as B: the loop over j runs from 0 to N. With a wide B, even a few of its rows are too large for
 * the nearest cache. Put a loop over j0 outside of the loop over i, and let j run from j0 to j1. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 < K; k0 += STEPS)
        for (int i = 0; i < M; i++)
            for (int k = k0; k < least(k0 + STEPS, K); k++)
                for (int j = 0; j < N; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
}
