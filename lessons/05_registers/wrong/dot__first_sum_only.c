/* Seven of the eight sums are forgotten. Add them to the first one before you add up its lanes. */
float dot(const float *x, const float *y, int n) {
    vec sums[8] = {{0}};
    int i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES)
        for (int s = 0; s < 8; s++) sums[s] += load(x + i + s * LANES) * load(y + i + s * LANES);
    for (; i + LANES <= n; i += LANES) sums[0] += load(x + i) * load(y + i);
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[0][lane];
    for (; i < n; i++) total += x[i] * y[i];
    return total;
}
