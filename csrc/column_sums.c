/* column_sums.c: the sum of all rows, which is the gradient of a bias.
 *
 * Threads share out parts of the rows (reduce.h). Within a part a few vectors of columns run down the rows in registers.
 */
#include <stdlib.h>

#include "parallel.h"
#include "reduce.h"

enum { GRAIN = 1 << 15, VECTORS = 4 };

INLINE void sum_columns(const int vectors, int64_t rows, int64_t C, int64_t columns, const float *x, float *out) {
    vfloat sum[VECTORS] = {0};
    for (int64_t row = 0; row < rows; row++, x += C)
        for (int v = 0; v < vectors; v++) sum[v] += vload_some(x + v * LANES, columns - v * LANES);
    for (int v = 0; v < vectors; v++) vstore_some(out + v * LANES, sum[v], columns - v * LANES);
}

int kernel_column_sums(int64_t rows, int64_t C, const float *x, float *out) {
    const int64_t part_rows = rows_in_part(rows), parts = divide_up(rows, part_rows);
    float *partial = calloc((size_t)(larger(parts, 1) * C) + 1, sizeof(float));
    if (!partial) return -1;
#pragma omp parallel for num_threads(threads_for(rows *C, GRAIN)) schedule(static)
    for (int64_t part = 0; part < parts; part++) {
        const float *from = x + part * part_rows * C;
        const int64_t here = smaller(part_rows, rows - part * part_rows);
        float *to = partial + part * C;
        int64_t i = 0;
        for (; i + VECTORS * LANES <= C; i += VECTORS * LANES)
            sum_columns(VECTORS, here, C, VECTORS * LANES, from + i, to + i);
        for (; i < C; i += LANES) sum_columns(1, here, C, smaller(LANES, C - i), from + i, to + i);
    }
    add_parts(parts, C, partial);
    memcpy(out, partial, (size_t)C * sizeof(float));
    free(partial);
    return 0;
}
