/* There are four steps at a time and no blocks of B: each row of C is finished before the next one begins. Keep the
 * loops over k0 and j0 of 4.4 outside of the loop over i. */
void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    const int k1 = K;
    for (int i = 0; i < M; i++) {
        int k = 0;
        for (; k + 4 <= k1; k += 4)
            for (int j = 0; j < N; j++)
                c[i * N + j] += a[i * K + k] * b[k * N + j] + a[i * K + k + 1] * b[(k + 1) * N + j] +
                                a[i * K + k + 2] * b[(k + 2) * N + j] + a[i * K + k + 3] * b[(k + 3) * N + j];
        for (; k < k1; k++)
            for (int j = 0; j < N; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
    }
}
