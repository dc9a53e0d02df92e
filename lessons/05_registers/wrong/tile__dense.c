/* The rows of the tile are written one after the other, as if C were only as wide as the tile. They begin ldc
 * floats apart. */
void tile(int steps, const float *a, const float *b, float *c, int ldc) {
    vec sum[ROWS][VECTORS] = {{{0}}};
    for (int k = 0; k < steps; k++) {
        vec row[VECTORS];
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) row[v] = load(b + k * COLUMNS + v * LANES);
#pragma GCC unroll 16
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
            for (int v = 0; v < VECTORS; v++) sum[i][v] += a[k * ROWS + i] * row[v];
    }
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++) {
            float *place = c + i * COLUMNS + v * LANES;
            store(place, load(place) + sum[i][v]);
        }
}
