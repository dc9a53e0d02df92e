/* The rows of B are taken to be K numbers long. B is (K, N): it has K rows, and each of them has N numbers, so the
 * element (k, j) is b[k * N + j]. */
void naive(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            float sum = 0;
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[k * K + j];
            c[i * N + j] = sum;
        }
}
