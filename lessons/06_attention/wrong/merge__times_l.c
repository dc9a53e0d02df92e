/* o is weighted by l once more, as if it were an average. It is a sum already: each term has its weight in it. */
void merge(const float *a, const float *b, float *both, int d) {
    float m = a[0] > b[0] ? a[0] : b[0];
    float of_a = a[0] > -INFINITY ? expf(a[0] - m) : 0;
    float of_b = b[0] > -INFINITY ? expf(b[0] - m) : 0;
    both[0] = m;
    both[1] = of_a * a[1] + of_b * b[1];
    for (int i = 2; i < 2 + d; i++)
        both[i] = both[1] > 0 ? (of_a * a[1] * a[i] + of_b * b[1] * b[i]) / both[1] : 0;
}
