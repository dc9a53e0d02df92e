/* Either the sums travel, so that a vector of C is loaded, changed and stored for each multiply-add. Or one sum
 * after the other is computed over all of k, and each addition waits for the one before it. Keep all sums of the
 * tile in a local array, sum[ROWS][VECTORS], with the loop over k outside, and write to C after the last step. */
void tile(int steps, const float *a, const float *b, float *c, int ldc) {
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < ROWS; i++)
            for (int v = 0; v < VECTORS; v++) {
                float *place = c + i * ldc + v * LANES;
                store(place, load(place) + a[k * ROWS + i] * load(b + k * COLUMNS + v * LANES));
            }
}
