/* All T x T scores of a head are kept at once. A tile of QUERIES x KEYS is enough: after a tile, m, l and o hold
 * all that is needed of it. */
void attention(const float *q, const float *k, const float *v, float *o, float *lse, int heads, int T, int d) {
    float scale = 1 / sqrtf(d), *s = malloc(sizeof(float) * T * T), *kt = malloc(sizeof(float) * T * d);
    memset(o, 0, sizeof(float) * heads * T * d);
    for (int head = 0; head < heads; head++, q += T * d, k += T * d, v += T * d, o += T * d, lse += T) {
        transpose(T, d, k, kt, T);
        memset(s, 0, sizeof(float) * T * T);
        add_product(T, T, d, q, d, 1, kt, T, s, T);
        for (int i = 0; i < T; i++) {
            float *row = s + i * T, largest = -INFINITY, l = 0;
            for (int j = 0; j < T; j++) {
                row[j] = j <= i ? row[j] * scale : -INFINITY;
                largest = row[j] > largest ? row[j] : largest;
            }
            for (int j = 0; j < T; j++) {
                row[j] = expf(row[j] - largest);
                l += row[j];
            }
            for (int j = 0; j < T; j++) row[j] /= l;
            lse[i] = largest + logf(l);
        }
        for (int i = 0; i < T; i++) add_product(1, d, i + 1, s + i * T, T, 1, v, d, o + i * d, d);
    }
    free(s), free(kt);
}
