/* After the loop over eight vectors at a time, the vectors that are left over are skipped, up to seven of them. Go
 * on one vector at a time, and then one number at a time. */
float dot(const float *x, const float *y, int n) {
    vec sums[8] = {{0}};
    int i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES)
        for (int s = 0; s < 8; s++) sums[s] += load(x + i + s * LANES) * load(y + i + s * LANES);
    for (int s = 1; s < 8; s++) sums[0] += sums[s];
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[0][lane];
    for (i = n - n % LANES; i < n; i++) total += x[i] * y[i];
    return total;
}
