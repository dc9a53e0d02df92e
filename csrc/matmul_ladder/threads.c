/* Step 7, threads: rows of tiles are shared out, and the result has the same bits for any number of threads.
 *
 * Two loops have rounds that do not touch each other: panels of B are packed each into a place of its own, and rows of
 * tiles write to rows of C of their own. Threads take turns there. Each sum is still added up by one thread, in the
 * order of k: who computes it changes nothing. Were k shared out, two threads would add to the same numbers, in an order
 * that chance decides, and the last bits would differ from run to run.
 *
 * The end of each parallel loop waits for all threads: no tile is multiplied before every panel is packed. */
#include "parallel.h"
#include "vector_tile.h"

#define GRAIN (1 << 20) /* multiply-adds that are worth a thread */

int kernel_matmul_threads(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    const int64_t panels = (N + TILE_COLUMNS - 1) / TILE_COLUMNS, tiles = (M + TILE_ROWS - 1) / TILE_ROWS;
    float *packed_b = floats_for(panels * TILE_COLUMNS * STEPS);
    if (!packed_b) return -1;
    clear(M * N, c);
    for (int64_t k = 0; k < K; k += STEPS) {
        const int64_t steps = least(STEPS, K - k), size = TILE_COLUMNS * steps;
#pragma omp parallel num_threads(threads_for(M *N *steps, GRAIN))
        {
            float packed_a[TILE_ROWS * STEPS]; /* each thread has its own */
#pragma omp for schedule(static)
            for (int64_t p = 0; p < panels; p++)
                pack(TILE_COLUMNS, steps, N - p * TILE_COLUMNS, b + k * N + p * TILE_COLUMNS, 1, N, packed_b + p * size);
#pragma omp for schedule(static)
            for (int64_t t = 0; t < tiles; t++) {
                const int64_t i = t * TILE_ROWS;
                pack(TILE_ROWS, steps, M - i, a + i * K + k, K, 1, packed_a);
                for (int64_t p = 0; p < panels; p++)
                    vector_tile(steps, packed_a, packed_b + p * size, least(TILE_ROWS, M - i),
                                least(TILE_COLUMNS, N - p * TILE_COLUMNS), c + i * N + p * TILE_COLUMNS, N);
            }
        }
    }
    free(packed_b);
    return 0;
}
