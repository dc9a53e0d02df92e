/* One key is handled at a time: a sum of d products, each waiting for the one before, and a correction of all of o
 * for each key. Take a tile of queries and a tile of keys, and let add_product do their scores at once. */
void attention(const float *q, const float *k, const float *v, float *o, float *lse, int heads, int T, int d) {
    float scale = 1 / sqrtf(d);
    memset(o, 0, sizeof(float) * heads * T * d);
    for (int head = 0; head < heads; head++, q += T * d, k += T * d, v += T * d, o += T * d, lse += T)
        for (int i = 0; i < T; i++) {
            float m = -INFINITY, l = 0, *out = o + i * d;
            for (int j = 0; j <= i; j++) {
                float score = 0;
                for (int c = 0; c < d; c++) score += q[i * d + c] * k[j * d + c];
                score *= scale;
                float largest = score > m ? score : m, correction = expf(m - largest), weight = expf(score - largest);
                m = largest;
                l = l * correction + weight;
                for (int c = 0; c < d; c++) out[c] = out[c] * correction + weight * v[j * d + c];
            }
            for (int c = 0; c < d; c++) out[c] /= l;
            lse[i] = m + logf(l);
        }
}
