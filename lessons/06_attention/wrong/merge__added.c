/* l and o are simply added. The two states measure from different largest scores, so each has to be brought to the
 * common one first: times e^(m - common m). */
void merge(const float *a, const float *b, float *both, int d) {
    float m = a[0] > b[0] ? a[0] : b[0];
    float of_a = a[0] > -INFINITY ? 1 : 0;
    float of_b = b[0] > -INFINITY ? 1 : 0;
    both[0] = m;
    for (int i = 1; i < 2 + d; i++) both[i] = of_a * a[i] + of_b * b[i];
}
