/* The numbers of A are taken as if its rows lay one after the other. They are packed: step k begins at a + k *
 * ROWS, and row i is the number i there. */
void tile(int steps, const float *a, const float *b, float *c, int ldc) {
    vec sum[ROWS][VECTORS] = {{{0}}};
    for (int k = 0; k < steps; k++) {
        vec row[VECTORS];
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) row[v] = load(b + k * COLUMNS + v * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
            for (int v = 0; v < VECTORS; v++) sum[i][v] += a[i * steps + k] * row[v];
    }
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) {
            float *place = c + i * ldc + v * LANES;
            store(place, load(place) + sum[i][v]);
        }
}
