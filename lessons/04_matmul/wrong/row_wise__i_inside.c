/* The innermost loop runs over i, and down a column of C: each number that it changes lies N numbers after the last, in
 * another line of the cache, and A is read down a column too. Let j run inside: then B and C are both read along rows. */
void row_wise(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k = 0; k < K; k++)
        for (int j = 0; j < N; j++)
            for (int i = 0; i < M; i++) c[i * N + j] += a[i * K + k] * b[k * N + j];
}
