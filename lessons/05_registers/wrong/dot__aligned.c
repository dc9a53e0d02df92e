/* `*(const vec *)p` promises that p is a multiple of the vector's size, and an array of floats can begin at any
 * multiple of 4. Use `load`, which promises nothing. */
float dot(const float *x, const float *y, int n) {
    vec sums[8] = {{0}};
    int i = 0;
    for (; i + 8 * LANES <= n; i += 8 * LANES)
        for (int s = 0; s < 8; s++) sums[s] += *(const vec *)(x + i + s * LANES) * *(const vec *)(y + i + s * LANES);
    for (; i + LANES <= n; i += LANES) sums[0] += load(x + i) * load(y + i);
    for (int s = 1; s < 8; s++) sums[0] += sums[s];
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[0][lane];
    for (; i < n; i++) total += x[i] * y[i];
    return total;
}
