/* The exponentials are not divided by their sum, so a row does not add up to 1. */
void softmax(const float *x, float *y, int rows, int n) {
    for (int row = 0; row < rows; row++, x += n, y += n) {
        float largest = x[0];
        for (int i = 1; i < n; i++) largest = x[i] > largest ? x[i] : largest;
        for (int i = 0; i < n; i++) y[i] = expf(x[i] - largest);
    }
}
