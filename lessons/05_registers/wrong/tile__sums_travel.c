/* The sums travel: for each multiply-add, a vector of C is loaded, changed and stored again. Keep the sums in a
 * local array, sum[ROWS][VECTORS], and write to C after the last step. */
void tile(int steps, const float *a, const float *b, float *c, int ldc) {
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < ROWS; i++)
            for (int v = 0; v < VECTORS; v++) {
                float *place = c + i * ldc + v * LANES;
                store(place, load(place) + a[k * ROWS + i] * load(b + k * COLUMNS + v * LANES));
            }
}
