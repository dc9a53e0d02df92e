/* All T x T weights of a head are made and kept. Make them tile by tile, and forget each tile after it has given
 * its part to dq, dk and dv. */
void attention_backward(const float *q, const float *k, const float *v, const float *o, const float *lse,
                        const float *dout, float *dq, float *dk, float *dv, int heads, int T, int d) {
    float scale = 1 / sqrtf(d), *p = malloc(sizeof(float) * T * T);
    size_t size = sizeof(float) * heads * T * d, step = (size_t)T * d;
    memset(dq, 0, size), memset(dk, 0, size), memset(dv, 0, size);
    for (int head = 0; head < heads; head++) {
        for (int i = 0; i < T; i++)
            for (int j = 0; j <= i; j++) {
                float score = 0;
                for (int c = 0; c < d; c++) score += q[i * d + c] * k[j * d + c];
                p[i * T + j] = expf(score * scale - lse[i]);
            }
        for (int i = 0; i < T; i++) {
            float delta = 0;
            for (int c = 0; c < d; c++) delta += dout[i * d + c] * o[i * d + c];
            for (int j = 0; j <= i; j++) {
                float dp = 0;
                for (int c = 0; c < d; c++) dp += dout[i * d + c] * v[j * d + c];
                float weight = p[i * T + j], ds = weight * (dp - delta) * scale;
                for (int c = 0; c < d; c++) {
                    dv[j * d + c] += weight * dout[i * d + c];
                    dk[j * d + c] += ds * q[i * d + c];
                    dq[i * d + c] += ds * k[j * d + c];
                }
            }
        }
        q += step, k += step, v += step, o += step, lse += T, dout += step, dq += step, dk += step, dv += step;
    }
    free(p);
}
