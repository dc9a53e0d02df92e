/* C is stored through `vec *`, which promises that the place is a multiple of the vector's size. A row of C can
 * begin at any multiple of 4. Use `load` and `store`. */
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
            float *place = c + i * ldc + v * LANES;
            *(vec *)place += sum[i][v];
        }
}
