/* The sign in the exponent is the wrong way round: e^(common m - m) makes numbers larger, and has to make them
 * smaller. */
void merge(const float *a, const float *b, float *both, int d) {
    float m = a[0] > b[0] ? a[0] : b[0];
    float of_a = a[0] > -INFINITY ? expf(m - a[0]) : 0;
    float of_b = b[0] > -INFINITY ? expf(m - b[0]) : 0;
    both[0] = m;
    for (int i = 1; i < 2 + d; i++) both[i] = of_a * a[i] + of_b * b[i];
}
