/* The search for the largest number begins at 0 (FLT_MIN, the smallest number above 0, does the same). In a row far
 * below 0 nothing is larger, every e^(x - 0) is 0, and the row becomes 0 / 0. Begin with the row's first number, or
 * with -INFINITY. */
void softmax(const float *x, float *y, int rows, int n) {
    for (int row = 0; row < rows; row++, x += n, y += n) {
        float largest = 0, total = 0;
        for (int i = 0; i < n; i++) largest = x[i] > largest ? x[i] : largest;
        for (int i = 0; i < n; i++) {
            y[i] = expf(x[i] - largest);
            total += y[i];
        }
        for (int i = 0; i < n; i++) y[i] /= total;
    }
}
