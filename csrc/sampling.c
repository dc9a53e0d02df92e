/* sampling.c: draw the next token.
 *
 * The draw inverts the distribution at a uniform number: walk along the probabilities in order of token id until their
 * running sum passes it. Cutting to the most likely tokens (top-k, top-p) needs no sorting: it needs the logit of the last
 * token that is kept. That number is found by halving the interval in which it lies, first over all tokens, and then over
 * the few whose logits the interval still holds.
 */
#include <stdlib.h>

#include "parallel.h"
#include "reduce.h"

enum { GRAIN = 1 << 13, BLOCK = 256, SPAN = 64 };

/* ---- one row ---- */

/* Sum of p in float64: over blocks, then over the row. block_sums gets ceil(V / BLOCK) sums. */
static double sum_blocks(const float *p, int64_t V, double *block_sums) {
    double total = 0;
    for (int64_t block = 0, start = 0; start < V; block++, start += BLOCK) {
        int64_t width = V - start < BLOCK ? V - start : BLOCK;
        block_sums[block] = row_sum(p + start, width);
        total += block_sums[block];
    }
    return total;
}

/* The first id at which the running sum of p exceeds `target`: blocks first, then inside one. */
static int32_t invert(const float *p, int64_t V, const double *block_sums, double target) {
    int64_t start = 0, last = 0;
    double running = 0;
    for (int64_t block = 0; start < V && running + block_sums[block] <= target; block++, start += BLOCK)
        running += block_sums[block];
    for (int64_t id = start < V ? start : 0; id < V; id++) {
        if (p[id] > 0) last = id;
        running += p[id];
        if (p[id] > 0 && running > target && start < V) return (int32_t)id;
    }
    return (int32_t)last; /* rounding carried the target past the end: the last token that may be drawn */
}

/* The weight of the tokens whose logit is at least `least`: their sum of p or, where p is NULL, their number. tops: the
 * largest logit of each span, so that spans without such tokens are passed over; or NULL. */
static double weight_from(float least, const float *z, const float *p, int64_t V, const float *tops) {
    double total = 0;
    for (int64_t start = 0; start < V; start += SPAN) {
        if (tops && tops[start / SPAN] < least) continue;
        const int64_t end = smaller(start + SPAN, V);
        vfloat sums[2] = {0};
        int64_t i = start;
        for (; i + 2 * LANES <= end; i += 2 * LANES)
            for (int part = 0; part < 2; part++) {
                const int64_t at = i + part * LANES;
                sums[part] += vselect(vload(z + at) >= vset(least), p ? vload(p + at) : vset(1), vset(0));
            }
        total += vsum(sums[0] + sums[1]);
        for (; i < end; i++) total += z[i] >= least ? (p ? p[i] : 1) : 0;
    }
    return total;
}

/* Floats as integers in the same order, and back. */
static int32_t order_of(float x) {
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits ^ ((bits >> 31) & 0x7fffffff);
}
static float with_order(int32_t order) {
    order ^= (order >> 31) & 0x7fffffff;
    float x;
    memcpy(&x, &order, sizeof x);
    return x;
}

/* Sets p to 0 except for the fewest of the most likely tokens whose weight (see weight_from) reaches `wanted`. Of equal
 * logits the lower ids are kept. step: where to look first, so far below the largest logit. near_z and near_p: scratch, V
 * numbers each. */
static void keep_likeliest(double wanted, int by_p, float *p, const float *z, int64_t V, const float *tops,
                           float largest, float step, float *near_z, float *near_p) {
    const float *weights = by_p ? p : NULL;
    float above = INFINITY, least = largest; /* too few reach `above` */
    double weight_above = 0, weight;
    while ((weight = weight_from(least, z, weights, V, tops)) < wanted && least > -INFINITY) {
        above = least, weight_above = weight;
        least = largest - step;
        step *= 2;
    }
    int64_t near = 0; /* the tokens between, among them the last that is kept */
    for (int64_t start = 0; start < V; start += SPAN)
        for (int64_t i = start; tops[start / SPAN] >= least && i < smaller(start + SPAN, V); i++) {
            near_z[near] = z[i], near_p[near] = p[i];
            near += z[i] >= least && z[i] < above;
        }
    weights = by_p ? near_p : NULL;
    int64_t low = order_of(least), high = order_of(above); /* low reaches `wanted`, and high does not */
    while (low + 1 < high) {
        const int64_t middle = (low + high) / 2;
        if (weight_above + weight_from(with_order((int32_t)middle), near_z, weights, near, NULL) >= wanted) low = middle;
        else high = middle;
    }
    least = with_order((int32_t)low);
    double kept = weight_above + weight_from(with_order((int32_t)high), near_z, weights, near, NULL);
    for (int64_t start = 0; start < V; start += SPAN) {
        const int64_t end = smaller(start + SPAN, V);
        if (tops[start / SPAN] < least) memset(p + start, 0, (size_t)(end - start) * sizeof(float));
        else
            for (int64_t i = start; i < end; i += LANES) {
                const vfloat zs = vload_some(z + i, end - i);
                vstore_some(p + i, vselect(zs >= vset(least), vload_some(p + i, end - i), vset(0)), end - i);
            }
    }
    const float next = with_order((int32_t)high);
    if (weight_from(least, near_z, NULL, near, NULL) - weight_from(next, near_z, NULL, near, NULL) < 2) return;
    for (int64_t i = 0; i < V; i++) { /* several tokens have this very logit */
        if (z[i] != least) continue;
        const float own = by_p ? p[i] : 1;
        if (kept >= wanted) p[i] = 0;
        kept += own;
    }
}

static int is_distribution(const float *z, int64_t V, float largest) {
    int has_nan = 0;
    for (int64_t i = 0; i < V; i++) has_nan |= z[i] != z[i];
    return !has_nan && largest > -INFINITY && largest < INFINITY;
}

int kernel_sample(int64_t rows, int64_t V, const float *logits, float temperature, int64_t top_k, float top_p,
                  const double *uniform, int32_t *ids, float *log_prob) {
    const int by_number = top_k > 0 && top_k < V, by_p = top_p < 1;
    const int64_t blocks = divide_up(V, BLOCK), spans = divide_up(V, SPAN);
    int64_t bad_row = rows; /* the first row that gives no distribution */
    int out_of_memory = 0;
#pragma omp parallel num_threads(threads_for(rows *V, GRAIN)) reduction(min : bad_row) reduction(| : out_of_memory)
    {
        float *p = malloc((size_t)(3 * V + 1) * sizeof(float)), *near_z = p + V, *near_p = p + 2 * V;
        double *block_sums = malloc((size_t)(blocks + 1) * sizeof(double));
        float *tops = malloc((size_t)(spans + 1) * sizeof(float));
        out_of_memory = !p || !block_sums || !tops;
#pragma omp for schedule(static)
        for (int64_t row = 0; row < rows; row++) {
            const float *z = logits + row * V;
            if (out_of_memory) continue;
            for (int64_t span = 0; span < spans; span++)
                tops[span] = row_max(z + span * SPAN, smaller(SPAN, V - span * SPAN));
            const float largest = row_max(tops, spans);
            if (!is_distribution(z, V, largest)) {
                bad_row = row < bad_row ? row : bad_row;
                continue;
            }
            if (temperature == 0) {
                int32_t id = 0;
                while (z[id] != largest) id++;
                ids[row] = id;
                log_prob[row] = 0;
                continue;
            }
            for (int64_t i = 0; i < V; i += LANES)
                vstore_some(p + i, vexp((vload_some(z + i, V - i) - vset(largest)) / vset(temperature)), V - i);
            double total = sum_blocks(p, V, block_sums), drawn_from = total;
            if (by_number) {
                keep_likeliest((double)top_k, 0, p, z, V, tops, largest, temperature, near_z, near_p);
                drawn_from = sum_blocks(p, V, block_sums);
            }
            if (by_p) {
                keep_likeliest((double)top_p * drawn_from, 1, p, z, V, tops, largest, temperature, near_z, near_p);
                drawn_from = sum_blocks(p, V, block_sums);
            }
            ids[row] = invert(p, V, block_sums, uniform[row] * drawn_from);
            log_prob[row] = (float)((double)(z[ids[row]] - largest) / temperature - log(total));
        }
        free(p);
        free(block_sums);
        free(tops);
    }
    if (out_of_memory) return -1;
    return bad_row < rows ? (int)(bad_row + 1) : 0;
}
