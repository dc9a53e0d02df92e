/* Step 1, naive: the definition, C[i][j] = sum over k of A[i][k] B[k][j].
 *
 * Inside, k runs. It walks along a row of A, which is good: a cache line brings 16 numbers, and all are needed next.
 * But it walks down a column of B, where each number lies N floats after the last: of every line that comes in, one
 * number is used. Nor can the loop use vectors: it adds up one sum, and each addition waits for the one before. */
#include "isa.h"

void kernel_matmul_naive(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    for (int64_t i = 0; i < M; i++)
        for (int64_t j = 0; j < N; j++) {
            float sum = 0;
            for (int64_t k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
}
