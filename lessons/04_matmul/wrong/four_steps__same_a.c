/* All four products of a group are made with the first number of A. Each row of B has a number of its own: row k + 1
 * goes with a(i, k + 1), and so on. */
void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int i = 0; i < M; i++)
        for (int k = 0; k < K; k++) {
            const float number = a[i * K + (k + 4 - k % 4 <= K ? k - k % 4 : k)];
            for (int j = 0; j < N; j++) c[i * N + j] += number * b[k * N + j];
        }
}
