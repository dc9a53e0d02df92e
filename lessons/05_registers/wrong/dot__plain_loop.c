/* One number at a time goes into one sum, and each addition waits for the one before it. The compiler may not help: it
 * must keep the order of a sum of floats. Use vectors, and 8 sums. */
float dot(const float *x, const float *y, int n) {
    float total = 0;
    for (int i = 0; i < n; i++) total += x[i] * y[i];
    return total;
}
