/* The sums begin with what stood in c, and that is garbage (NaN in this check). Set each row of C to zero before the
 * first product is added to it. */
void row_wise(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int k = 0; k < K; k++)
            for (int j = 0; j < N; j++) c[i * N + j] += a[i * K + k] * b[k * N + j];
}
