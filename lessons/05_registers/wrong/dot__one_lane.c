/* Only the first lane of the vector of sums is returned. Every lane holds a part of the sum: add up all LANES of
 * them. */
float dot(const float *x, const float *y, int n) {
    vec sums[8] = {{0}};
    int i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES)
        for (int s = 0; s < 8; s++) sums[s] += load(x + i + s * LANES) * load(y + i + s * LANES);
    for (; i + LANES <= n; i += LANES) sums[0] += load(x + i) * load(y + i);
    for (int s = 1; s < 8; s++) sums[0] += sums[s];
    float total = 0;
    total += sums[0][0];
    for (; i < n; i++) total += x[i] * y[i];
    return total;
}
