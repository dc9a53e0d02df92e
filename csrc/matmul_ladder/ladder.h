/* ladder.h: what several steps of the ladder share. README.md in this folder is the place to begin.
 *
 * All matrices are stored row by row and without gaps: A is (M, K), B is (K, N), C is (M, N). */
#ifndef MINIRL_LADDER_H
#define MINIRL_LADDER_H

#include <stdlib.h>

#include "isa.h"

#define STEPS 256 /* from the register tile on: 256 steps of k are taken before the sums are stored */

static inline int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }

static inline void clear(int64_t n, float *c) {
    for (int64_t i = 0; i < n; i++) c[i] = 0;
}

/* C += A B along rows, as in row_wise.c, for parts of matrices: ld* is the distance between stored rows. Later steps use
 * it for what does not fill a tile. */
static inline void add_rows(int64_t rows, int64_t columns, int64_t steps, const float *a, int64_t lda, const float *b,
                            int64_t ldb, float *c, int64_t ldc) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < steps; k++) {
            const float number = a[i * lda + k], *row = b + k * ldb;
            float *sums = c + i * ldc;
            for (int64_t j = 0; j < columns; j++) sums[j] += number * row[j];
        }
}

/* Copies `steps` steps of k into the order of reading, `width` numbers a step. Of these, `present` exist and lie `across`
 * apart; the others become 0. One step is `step` away from the next. Used from packed.c on, which explains it. */
static inline void pack(int64_t width, int64_t steps, int64_t present, const float *from, int64_t across, int64_t step,
                        float *packed) {
    for (int64_t k = 0; k < steps; k++)
        for (int64_t i = 0; i < width; i++) packed[k * width + i] = i < present ? from[i * across + k * step] : 0;
}

/* Memory for n floats at an address that vectors like, or NULL. */
static inline float *floats_for(int64_t n) {
    void *memory;
    return posix_memalign(&memory, 64, (size_t)n * sizeof(float) + 64) ? NULL : memory;
}

#endif
