/* Step 2, row-wise: the loops over j and k change places.
 *
 * Inside, j runs. Now B and C are both read along rows, every number of a cache line is used, and neighbouring j do not
 * wait for each other: the compiler makes vectors of them. What is left: for each multiply-add, a vector of B and one of
 * C are loaded, and one of C is stored. */
#include "isa.h"

void kernel_matmul_row_wise(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    for (int64_t i = 0; i < M; i++) {
        float *sums = c + i * N;
        for (int64_t j = 0; j < N; j++) sums[j] = 0;
        for (int64_t k = 0; k < K; k++) {
            const float number = a[i * K + k], *row = b + k * N;
            for (int64_t j = 0; j < N; j++) sums[j] += number * row[j];
        }
    }
}
