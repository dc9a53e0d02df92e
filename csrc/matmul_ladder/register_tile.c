/* Step 4, a register tile: a small tile of C stays in registers while k runs.
 *
 * Until now the sums travelled: each was loaded and stored for a single multiply-add. Here a tile of C is added up in an
 * array on the stack, ROWS x COLUMNS numbers, and stored once after many steps. The array's size is fixed, so the
 * compiler keeps it in vector registers. One step of k then loads one row of the tile from B and ROWS numbers from A,
 * for ROWS x COLUMNS multiply-adds.
 *
 * How large can a tile be? Its sums, a row of B and a number of A have to fit into the registers: 16 of 8 floats with
 * AVX2, 32 of 16 floats with AVX-512. And it must not be small: a multiply-add takes 4 cycles, two start in each cycle,
 * so at least 8 vectors of sums must be under way at once. (GCC unrolls loops of 16 rounds and fewer before it looks for
 * vectors, and then finds none. A row of 32 it leaves whole.)
 *
 * Rows and columns that do not fill a tile are left to step 2. */
#include "ladder.h"

#define COLUMNS 32
#ifdef __AVX512F__
#define ROWS 6 /* 12 vectors of sums of 32 registers */
#else
#define ROWS 3 /* 12 vectors of sums of 16 registers with AVX2 */
#endif

static void tile(int64_t steps, const float *a, int64_t lda, const float *b, int64_t ldb, float *c, int64_t ldc) {
    float sum[ROWS][COLUMNS] = {{0}};
    for (int64_t k = 0; k < steps; k++)
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) sum[i][j] += a[i * lda + k] * b[k * ldb + j];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) c[i * ldc + j] += sum[i][j];
}

void kernel_matmul_register_tile(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    const int64_t rows = M - M % ROWS, columns = N - N % COLUMNS; /* covered by whole tiles */
    clear(M * N, c);
    for (int64_t k = 0; k < K; k += STEPS)
        for (int64_t j = 0; j < columns; j += COLUMNS)
            for (int64_t i = 0; i < rows; i += ROWS)
                tile(least(STEPS, K - k), a + i * K + k, K, b + k * N + j, N, c + i * N + j, N);
    add_rows(rows, N - columns, K, a, K, b + columns, N, c + columns, N);
    add_rows(M - rows, N, K, a + rows * K, K, b, N, c + rows * N, N);
}
