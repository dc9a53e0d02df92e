/* Step 5, packing: A and B are copied into the order in which the tile reads them.
 *
 * The tile of step 4 jumps: to the next row of B, N floats on, with every step, and to ROWS rows of A. When N is a power
 * of two these places even fight for the same few lines of the cache. So copy first: B in panels of COLUMNS columns, A
 * in tiles of ROWS rows, both step by step. A copy moves each number once; the tile then reads it many times, one after
 * the other. The copies are padded with zeros, so that the tile is whole everywhere, and only what lies inside C is
 * stored. */
#include "ladder.h"

#define COLUMNS 32
#ifdef __AVX512F__
#define ROWS 6
#else
#define ROWS 3
#endif

/* The tile of step 4 on packed copies. rows and columns: how much of it lies inside C. */
static void tile(int64_t steps, const float *a, const float *b, int64_t rows, int64_t columns, float *c, int64_t ldc) {
    float sum[ROWS][COLUMNS] = {{0}};
    for (int64_t k = 0; k < steps; k++, a += ROWS, b += COLUMNS)
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) sum[i][j] += a[i] * b[j];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) c[i * ldc + j] += sum[i][j];
}

int kernel_matmul_packed(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    const int64_t panels = (N + COLUMNS - 1) / COLUMNS;
    float *packed_b = floats_for(panels * COLUMNS * STEPS), packed_a[ROWS * STEPS];
    if (!packed_b) return -1;
    clear(M * N, c);
    for (int64_t k = 0; k < K; k += STEPS) {
        const int64_t steps = least(STEPS, K - k);
        for (int64_t p = 0; p < panels; p++)
            pack(COLUMNS, steps, N - p * COLUMNS, b + k * N + p * COLUMNS, 1, N, packed_b + p * COLUMNS * steps);
        for (int64_t i = 0; i < M; i += ROWS) {
            pack(ROWS, steps, M - i, a + i * K + k, K, 1, packed_a);
            for (int64_t p = 0; p < panels; p++)
                tile(steps, packed_a, packed_b + p * COLUMNS * steps, least(ROWS, M - i),
                     least(COLUMNS, N - p * COLUMNS), c + i * N + p * COLUMNS, N);
        }
    }
    free(packed_b);
    return 0;
}
