/* The sum is not set to zero for each element: what the elements before added up to goes on. `float sum = 0;` belongs
 * inside the loops over i and j. */
void naive(const float *a, const float *b, float *c, int M, int K, int N) {
    float sum = 0;
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
}
