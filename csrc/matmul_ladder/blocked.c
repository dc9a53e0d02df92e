/* Step 3, blocked: a block of B that fits into the nearest cache, for all rows of C.
 *
 * Step 2 reads all of B for each row of C. Once B is larger than a cache, it comes from further away M times. So take a
 * block of B that fits into the nearest cache, and use it for all rows of C before the next block's turn. Alone this
 * brings little as long as B fits into the last cache: the processor fetches rows ahead of time, and what holds it up is
 * that the sums travel. Step 4 removes that, and then cannot do without the cache. */
#include "ladder.h"

#define BLOCK_STEPS 32 /* 32 x 128 floats of B are 16 KB, half of a small L1 cache */
#define BLOCK_COLUMNS 128

void kernel_matmul_blocked(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    clear(M * N, c);
    for (int64_t k0 = 0; k0 < K; k0 += BLOCK_STEPS)
        for (int64_t j0 = 0; j0 < N; j0 += BLOCK_COLUMNS) {
            const int64_t k1 = least(k0 + BLOCK_STEPS, K), j1 = least(j0 + BLOCK_COLUMNS, N);
            for (int64_t i = 0; i < M; i++)
                for (int64_t k = k0; k < k1; k++) {
                    const float number = a[i * K + k];
                    for (int64_t j = j0; j < j1; j++) c[i * N + j] += number * b[k * N + j];
                }
        }
}
