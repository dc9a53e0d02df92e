/* Nothing is subtracted before expf. From about 89 on, e^x is infinite, and infinity divided by infinity is not a
 * number. Subtract the row's largest number first. */
void softmax(const float *x, float *y, int rows, int n) {
    for (int row = 0; row < rows; row++, x += n, y += n) {
        float total = 0;
        for (int i = 0; i < n; i++) {
            y[i] = expf(x[i]);
            total += y[i];
        }
        for (int i = 0; i < n; i++) y[i] /= total;
    }
}
