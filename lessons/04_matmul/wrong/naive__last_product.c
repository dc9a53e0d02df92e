/* Each element of C is the last product alone: `=` replaces what was there. The products of all k add up, so it has to
 * be `+=`. */
void naive(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            float sum = 0;
            for (int k = 0; k < K; k++) sum = a[i * K + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
}
