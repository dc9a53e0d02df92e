/* There are four steps at a time, and the blocks are as wide as B: the loop over j runs from 0 to N. Keep the loop over
 * j0 of 4.4 outside of the loop over i, and let j run from j0 to j1. */
void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 < K; k0 += STEPS) {
        const int k1 = least(k0 + STEPS, K);
        for (int i = 0; i < M; i++) {
            int k = k0;
            for (; k + 4 <= k1; k += 4)
                for (int j = 0; j < N; j++)
                    c[i * N + j] += a[i * K + k] * b[k * N + j] + a[i * K + k + 1] * b[(k + 1) * N + j] +
                                    a[i * K + k + 2] * b[(k + 2) * N + j] + a[i * K + k + 3] * b[(k + 3) * N + j];
            for (; k < k1; k++)
                for (int j = 0; j < N; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
        }
    }
}
