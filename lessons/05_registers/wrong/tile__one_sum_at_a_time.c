/* One sum after the other is computed over all of k. Each addition waits for the one before it, and each multiply-add
 * needs two loads. Put the loop over k outside, so that all sums of the tile are under way at once. */
void tile(int steps, const float *a, const float *b, float *c, int ldc) {
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) {
            vec sum = {0};
            for (int k = 0; k < steps; k++) sum += a[k * ROWS + i] * load(b + k * COLUMNS + v * LANES);
            float *place = c + i * ldc + v * LANES;
            store(place, load(place) + sum);
        }
}
