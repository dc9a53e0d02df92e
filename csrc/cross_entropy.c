/* cross_entropy.c: from logits to log-probability, entropy and gradient, row by row, in place.
 *
 * With m = max z, e_i = exp(z_i - m) and Z = sum e_i:
 *     log pi(target) = z_target - m - log Z
 *     entropy        = -sum pi_i log pi_i = log Z - (sum e_i (z_i - m)) / Z
 *     gradient       = w (pi - onehot(target)), pi_i = e_i / Z
 * so one pass of exponentials serves all three, and the logits' own memory takes the gradient.
 */
#include <float.h>

#include "parallel.h"
#include "reduce.h"

enum { GRAIN = 1 << 14 };

/* Adds e^(z - m) to sums[0] and e^(z - m) (z - m) to sums[1]; returns e^(z - m). A logit of -inf adds nothing: its
 * z - m is limited so that 0 * -inf does not arise. */
INLINE vfloat add_terms(vfloat z, float m, vfloat sums[2], int64_t count) {
    vfloat d = vmax(z - vset(m), vset(-FLT_MAX));
    vfloat e = vexp(d);
    if (count < LANES) e = vkeep(e, count), d = vkeep(d, count);
    sums[0] += e;
    sums[1] += e * d;
    return e;
}

static void one_row(int64_t V, float *z, int32_t target, float w, int gradient, float *log_prob, float *entropy) {
    float m = row_max(z, V);
    vfloat sums[2][2] = {{{0}, {0}}, {{0}, {0}}};
    float z_target = z[target];
    int64_t i = 0;
    for (; i + 2 * LANES <= V; i += 2 * LANES)
        for (int part = 0; part < 2; part++) {
            float *at = z + i + part * LANES;
            vfloat e = add_terms(vload(at), m, sums[part], LANES);
            if (gradient) vstore(at, e);
        }
    for (; i < V; i += LANES) {
        int64_t left = V - i < LANES ? V - i : LANES;
        vfloat e = add_terms(vload_tail(z + i, left), m, sums[0], left);
        if (gradient) vstore_tail(z + i, e, left);
    }
    float total = vsum(sums[0][0] + sums[1][0]), weighted = vsum(sums[0][1] + sums[1][1]);
    float log_total = logf(total);
    *log_prob = (z_target - m) - log_total;
    *entropy = log_total - weighted / total;
    if (!gradient) return;
    float factor = w / total;
    for (i = 0; i < V; i++) z[i] *= factor;
    z[target] -= w;
}

void kernel_cross_entropy(int64_t rows, int64_t V, float *logits, const int32_t *targets, const float *weights,
                          int32_t ignore_index, int gradient, float *log_prob, float *entropy) {
#pragma omp parallel for num_threads(threads_for(rows *V, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        float *z = logits + row * V;
        if (targets[row] == ignore_index) {
            log_prob[row] = entropy[row] = 0;
            if (gradient) memset(z, 0, (size_t)V * sizeof(float));
        } else {
            one_row(V, z, targets[row], weights ? weights[row] : 1, gradient, log_prob + row, entropy + row);
        }
    }
}
