/* The last values of k are missing wherever they do not make up a group of four. After the loop over groups, the one to
 * three steps that are left need a loop of their own. */
void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int i = 0; i < M; i++)
        for (int k = 0; k + 4 <= K; k += 4)
            for (int j = 0; j < N; j++)
                for (int s = 0; s < 4; s++) c[i * N + j] += a[i * K + k + s] * b[(k + s) * N + j];
}
