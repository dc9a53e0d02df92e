/* Each sum is still loaded and stored for a single product. Take four values of k at once: one statement that adds four
 * products to c(i, j), so that the sum travels once and not four times. */
void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
    blocked(a, b, c, M, K, N);
}
