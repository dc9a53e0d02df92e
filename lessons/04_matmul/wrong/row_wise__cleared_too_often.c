/* Only the last k is left in C: either the row is set to zero again for every k, or `=` stands where `+=` belongs. The
 * products of all k add up. */
void row_wise(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int i = 0; i < M; i++)
        for (int k = 0; k < K; k++)
            for (int j = 0; j < N; j++) c[i * N + j] = a[i * K + k] * b[k * N + j];
}
