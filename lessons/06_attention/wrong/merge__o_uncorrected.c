/* l is corrected and o is not. Both are sums of e^(score - m), so both change with m. */
void merge(const float *a, const float *b, float *both, int d) {
    float m = a[0] > b[0] ? a[0] : b[0];
    float of_a = a[0] > -INFINITY ? expf(a[0] - m) : 0;
    float of_b = b[0] > -INFINITY ? expf(b[0] - m) : 0;
    both[0] = m;
    both[1] = of_a * a[1] + of_b * b[1];
    for (int i = 2; i < 2 + d; i++) both[i] = a[i] + b[i];
}
