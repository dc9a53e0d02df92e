/* Keys that no query of the tile sees are computed, masked, and their values multiplied by 0. Half of the work is for
 * nothing, and 0 times nan is nan. Leave out tiles of keys that begin after the tile's last query. */
void attention(const float *q, const float *k, const float *v, float *o, float *lse, int heads,
               int T, int d) {
    float scale = 1 / sqrtf(d), kt[LARGEST_D * KEYS], s[QUERIES * KEYS];
    float m[QUERIES], l[QUERIES];
    size_t step = (size_t)T * d;
    memset(o, 0, sizeof(float) * heads * step);
    for (int head = 0; head < heads; head++) {
        for (int q0 = 0; q0 < T; q0 += QUERIES) {
            int queries = smaller(QUERIES, T - q0);
            for (int i = 0; i < queries; i++) m[i] = -INFINITY, l[i] = 0;
            for (int k0 = 0; k0 < T; k0 += KEYS) {
                int keys = smaller(KEYS, T - k0);
                transpose(keys, d, k + k0 * d, kt, KEYS);
                memset(s, 0, sizeof s);
                add_product(queries, keys, d, q + q0 * d, d, 1, kt, KEYS, s, KEYS);
                for (int i = 0; i < queries; i++) {
                    float *row = s + i * KEYS, *out = o + (q0 + i) * d, largest = m[i];
                    for (int j = 0; j < keys; j++) {
                        row[j] = k0 + j <= q0 + i ? row[j] * scale : -INFINITY;
                        largest = row[j] > largest ? row[j] : largest;
                    }
                    float correction = expf(m[i] - largest);
                    m[i] = largest;
                    l[i] *= correction;
                    for (int c = 0; c < d; c++) out[c] *= correction;
                    for (int j = 0; j < keys; j++) {
                        row[j] = expf(row[j] - largest);
                        l[i] += row[j];
                    }
                }
                add_product(queries, d, keys, s, KEYS, 1, v + k0 * d, d, o + q0 * d, d);
            }
            for (int i = 0; i < queries; i++) {
                for (int c = 0; c < d; c++) o[(q0 + i) * d + c] /= l[i];
                lse[q0 + i] = m[i] + logf(l[i]);
            }
        }
        q += step, k += step, v += step, o += step, lse += T;
    }
}
