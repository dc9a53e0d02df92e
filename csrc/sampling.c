/* sampling.c: draw the next token.
 *
 * The draw inverts the distribution at a uniform number: walk along the probabilities in order of token id until their
 * running sum passes it. Cutting to the most likely tokens (top-k, top-p) needs them in order of probability, but only
 * the first few: a heap gives them one at a time.
 */
#include <stdlib.h>

#include "parallel.h"
#include "reduce.h"

enum { GRAIN = 1 << 13, BLOCK = 256 };

/* ---- a heap of token ids, most likely first ---- */

static int likelier(const float *z, int32_t a, int32_t b) { return z[a] > z[b] || (z[a] == z[b] && a < b); }

static void sift_down(int32_t *heap, int64_t size, int64_t at, const float *z) {
    for (int64_t child; (child = 2 * at + 1) < size; at = child) {
        if (child + 1 < size && likelier(z, heap[child + 1], heap[child])) child++;
        if (!likelier(z, heap[child], heap[at])) return;
        int32_t swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

static int32_t take_most_likely(int32_t *heap, int64_t *size, const float *z) {
    int32_t id = heap[0];
    heap[0] = heap[--*size];
    sift_down(heap, *size, 0, z);
    return id;
}

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

/* Sets p to 0 outside the top_k most likely tokens, and then outside the fewest whose sum reaches top_p of the rest. */
static void cut(float *p, const float *z, int64_t V, int64_t top_k, float top_p, int32_t *heap, float *kept) {
    for (int64_t id = 0; id < V; id++) heap[id] = (int32_t)id;
    for (int64_t at = V / 2 - 1; at >= 0; at--) sift_down(heap, V, at, z);
    int64_t size = V, count = top_k && top_k < V ? top_k : V;
    double total = 0, running = 0;
    if (count == V)
        for (int64_t id = 0; id < V; id++) total += p[id];
    int32_t *taken = heap + V; /* the second half of the scratch: ids in order of probability */
    if (count < V)
        for (int64_t i = 0; i < count; i++) total += p[taken[i] = take_most_likely(heap, &size, z)];
    memset(kept, 0, (size_t)V * sizeof(float));
    for (int64_t i = 0; i < count; i++) {
        int32_t id = count < V ? taken[i] : take_most_likely(heap, &size, z);
        kept[id] = p[id];
        running += p[id];
        if (top_p < 1 && running >= (double)top_p * total) break;
    }
    memcpy(p, kept, (size_t)V * sizeof(float));
}

static int is_distribution(const float *z, int64_t V, float largest) {
    int has_nan = 0;
    for (int64_t i = 0; i < V; i++) has_nan |= z[i] != z[i];
    return !has_nan && largest > -INFINITY && largest < INFINITY;
}

int kernel_sample(int64_t rows, int64_t V, const float *logits, float temperature, int64_t top_k, float top_p,
                  const double *uniform, int32_t *ids, float *log_prob) {
    const int cutting = (top_k > 0 && top_k < V) || top_p < 1;
    const int64_t blocks = (V + BLOCK - 1) / BLOCK;
    int64_t bad_row = rows; /* the first row that gives no distribution */
    int out_of_memory = 0;
#pragma omp parallel num_threads(threads_for(rows *V, GRAIN)) reduction(min : bad_row) reduction(| : out_of_memory)
    {
        float *p = malloc((size_t)(2 * V + 1) * sizeof(float));
        double *block_sums = malloc((size_t)(blocks + 1) * sizeof(double));
        int32_t *heap = malloc((size_t)(2 * V + 1) * sizeof(int32_t));
        out_of_memory = !p || !block_sums || !heap;
#pragma omp for schedule(static)
        for (int64_t row = 0; row < rows; row++) {
            const float *z = logits + row * V;
            float largest = row_max(z, V);
            if (out_of_memory) continue;
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
            if (cutting) {
                cut(p, z, V, top_k, top_p, heap, p + V);
                drawn_from = sum_blocks(p, V, block_sums);
            }
            ids[row] = invert(p, V, block_sums, uniform[row] * drawn_from);
            log_prob[row] = (float)((double)(z[ids[row]] - largest) / temperature - log(total));
        }
        free(p);
        free(block_sums);
        free(heap);
    }
    if (out_of_memory) return -1;
    return bad_row < rows ? (int)(bad_row + 1) : 0;
}
