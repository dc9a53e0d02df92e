/* There are fewer than eight vectors of sums. Each addition to a sum waits four cycles for the one before it, and with
 * fewer sums a part of the core has nothing to do meanwhile. Take 8 * LANES numbers in one round, and add each of the
 * eight vectors to a sum of its own. (The check's arrays are so long that they come from further away than the nearest
 * cache, and the wait for them hides the other one: the time alone does not show it.) */
float dot(const float *x, const float *y, int n) {
    vec sums[4] = {{0}};
    int i = 0;
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        for (int s = 0; s < 4; s++) sums[s] += load(x + i + s * LANES) * load(y + i + s * LANES);
    for (; i + LANES <= n; i += LANES) sums[0] += load(x + i) * load(y + i);
    for (int s = 1; s < 4; s++) sums[0] += sums[s];
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[0][lane];
    for (; i < n; i++) total += x[i] * y[i];
    return total;
}
