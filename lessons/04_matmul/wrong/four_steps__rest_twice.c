/* The steps that are left over are counted from the beginning of the block, so that some are added twice. Go on where
 * the groups of four have ended: keep k outside of both loops. */
void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
    blocked(a, b, c, M, K, N);
    for (int k0 = 0; k0 < K; k0 += STEPS) {
        const int k1 = least(k0 + STEPS, K), rest = (k1 - k0) % 4;
        for (int k = k0; rest && k < k1 - rest; k++)
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
    }
}
