/* embedding.c: rows of a table by token id, and the gradient, which adds rows back.
 *
 * A token that occurs twice adds twice to one row, so threads share out columns, not tokens: every element of the
 * table is then added to by one thread, in the order of the tokens.
 */
#include "parallel.h"
#include "simd.h"

enum { COLUMNS = 64, GRAIN = 1 << 14 };

void kernel_embedding(int64_t tokens, int64_t C, const int32_t *ids, const float *table, float *out) {
#pragma omp parallel for num_threads(threads_for(tokens *C, GRAIN)) schedule(static)
    for (int64_t token = 0; token < tokens; token++)
        memcpy(out + token * C, table + ids[token] * C, (size_t)C * sizeof(float));
}

void kernel_embedding_backward(int64_t tokens, int64_t C, const int32_t *ids, const float *dout, float *dtable) {
#pragma omp parallel for num_threads(threads_for(tokens *C, GRAIN)) schedule(static)
    for (int64_t start = 0; start < C; start += COLUMNS) {
        int64_t width = C - start < COLUMNS ? C - start : COLUMNS;
        for (int64_t token = 0; token < tokens; token++) {
            const float *from = dout + token * C + start;
            float *to = dtable + ids[token] * C + start;
            for (int64_t i = 0; i < width; i++) to[i] += from[i];
        }
    }
}
