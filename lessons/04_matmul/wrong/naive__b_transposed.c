/* This multiplies rows of A by rows of B, as if B were stored transposed. Row k, column j of B is b[k * N + j]: its rows
 * have N numbers each, so the next k lies N numbers on. */
void naive(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            float sum = 0;
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[j * K + k];
            c[i * N + j] = sum;
        }
}
