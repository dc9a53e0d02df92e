/* All K steps are packed at once, so the room for the copies grows with K. A long panel of B does not fit into the nearest
 * cache, and the tiles of A not into the second one. Take STEPS steps at a time: the loop over k is the outermost. */
void matmul(const float *a, const float *b, float *c, int M, int K, int N) {
    const int tiles = (M + ROWS - 1) / ROWS;
    float *packed = malloc(sizeof(float) * (K + 1) * ROWS * tiles);
    float *panel = malloc(sizeof(float) * (K + 1) * COLUMNS);
    for (int i = 0; i < M * N; i++) c[i] = 0;
    for (int k = 0; k < K; k += K) {
        const int steps = K;
        for (int i = 0; i < M; i += ROWS) /* the tile of rows i ... begins at packed + i * steps */
            pack(ROWS, steps, least(ROWS, M - i), a + i * K + k, K, 1, packed + i * steps);
        for (int j = 0; j < N; j += COLUMNS) {
            pack(COLUMNS, steps, least(COLUMNS, N - j), b + k * N + j, 1, N, panel);
            for (int i = 0; i < M; i += ROWS) {
                const int rows = least(ROWS, M - i), columns = least(COLUMNS, N - j);
                if (rows == ROWS && columns == COLUMNS) {
                    tile(steps, packed + i * steps, panel, c + i * N + j, N);
                    continue;
                }
                float whole[ROWS * COLUMNS] = {0}; /* a tile beside C, of which a part is wanted */
                tile(steps, packed + i * steps, panel, whole, COLUMNS);
                for (int r = 0; r < rows; r++)
                    for (int s = 0; s < columns; s++)
                        c[(i + r) * N + j + s] += whole[r * COLUMNS + s];
            }
        }
    }
    free(packed);
    free(panel);
}
