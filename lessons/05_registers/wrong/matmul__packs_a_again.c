/* Something is packed again and again: the panel of B for every tile of rows, or the rows of A for every panel.
 * Packing a piece costs about as much as multiplying with it once. Pack all rows of A once for these steps of k,
 * before the loop over the panels, and each panel once, before the loop over the tiles. */
void matmul(const float *a, const float *b, float *c, int M, int K, int N) {
    const int tiles = (M + ROWS - 1) / ROWS;
    float *packed = malloc(sizeof(float) * STEPS * ROWS * tiles);
    float *panel = malloc(sizeof(float) * STEPS * COLUMNS);
    for (int i = 0; i < M * N; i++) c[i] = 0;
    for (int k = 0; k < K; k += STEPS) {
        const int steps = least(STEPS, K - k);
        for (int j = 0; j < N; j += COLUMNS) {
            pack(COLUMNS, steps, least(COLUMNS, N - j), b + k * N + j, 1, N, panel);
            for (int i = 0; i < M; i += ROWS) {
                pack(ROWS, steps, least(ROWS, M - i), a + i * K + k, K, 1, packed + i * steps);
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
