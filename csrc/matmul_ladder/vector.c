/* Step 6, vectors written out: the largest tile that the registers hold, whatever the compiler thinks.
 *
 * In step 5 the compiler decides what becomes a vector, and another compiler decides otherwise: Clang 14 finds none in
 * that tile with AVX-512, and is as slow as step 1. `vfloat` (../simd.h) is a
 * vector of LANES floats: + and * on it are one instruction each. So the tile can be as large as the registers allow:
 * 14 x 32 with AVX-512, 6 x 16 with AVX2 (../tile.h derives it). One step of k loads TILE_VECTORS vectors of B and
 * TILE_ROWS numbers of A, and does TILE_ROWS x TILE_VECTORS multiply-adds with them: 8 loads for 12 on AVX2.
 *
 * Else nothing is new: packing and the loops are those of step 5. */
#include "vector_tile.h"

int kernel_matmul_vector(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    const int64_t panels = (N + TILE_COLUMNS - 1) / TILE_COLUMNS;
    float *packed_b = floats_for(panels * TILE_COLUMNS * STEPS), packed_a[TILE_ROWS * STEPS];
    if (!packed_b) return -1;
    clear(M * N, c);
    for (int64_t k = 0; k < K; k += STEPS) {
        const int64_t steps = least(STEPS, K - k), size = TILE_COLUMNS * steps;
        for (int64_t p = 0; p < panels; p++)
            pack(TILE_COLUMNS, steps, N - p * TILE_COLUMNS, b + k * N + p * TILE_COLUMNS, 1, N, packed_b + p * size);
        for (int64_t i = 0; i < M; i += TILE_ROWS) {
            pack(TILE_ROWS, steps, M - i, a + i * K + k, K, 1, packed_a);
            for (int64_t p = 0; p < panels; p++)
                vector_tile(steps, packed_a, packed_b + p * size, least(TILE_ROWS, M - i),
                            least(TILE_COLUMNS, N - p * TILE_COLUMNS), c + i * N + p * TILE_COLUMNS, N);
        }
    }
    free(packed_b);
    return 0;
}
