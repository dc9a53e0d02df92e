/* The rows of B are taken to be M numbers long. M is the number of rows of A and C; the rows of B have N numbers each, so
 * the element (k, j) is b[k * N + j]. */
void naive(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            float sum = 0;
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[k * M + j];
            c[i * N + j] = sum;
        }
}
