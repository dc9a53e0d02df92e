/* matmul_bf16.c: C = A B where B is held in bfloat16, in half the memory: the weights of a model that generates text.
 *
 * B is stored as (N, K), so its rows run along k: two numbers side by side are steps k and k + 1 of a column, the pair
 * that the CPU multiplies at once (tile.h). Such a B is a matrix of N rows of K / 2 pairs as it lies, and when A's
 * numbers have been rounded and laid side by side as well, the product is one of 32-bit numbers like any other, of half
 * as many steps. Few rows of A then read half as much memory; nothing else in matmul.c and matmul_few_rows.c differs.
 *
 * Where the CPU does not multiply pairs, few rows of A are multiplied as floats, by pairs of B that are split once they
 * have been read. For many rows, or where K is odd or B begins in the midst of a 32-bit number, some rows of B at a time
 * become floats in memory. That saves room, but no time.
 *
 * Either way the bits are those of kernel_matmul with bf16 = 1, which rounds a B of floats while it packs.
 */
#include <stdlib.h>

#include "pack.h"
#include "parallel.h"
#include "product.h"

#define WIDENED (1 << 18) /* numbers of B that are floats at one time: they stay in the L2 cache */

/* Rounds A (M, K) to rows of pairs. */
static void make_pairs(int64_t M, int64_t K, const float *a, float *pairs) {
#pragma omp parallel for num_threads(threads_for(M * K, 1 << 17))
    for (int64_t i = 0; i < M; i++)
        for (int64_t step = 0; step < K / 2; step += LANES)
            vstore_some(pairs + i * (K / 2) + step, load_along_k(a + i * K + 2 * step, K - 2 * step, 1),
                        K / 2 - step);
}

static void widen(int64_t n, const uint16_t *bits, float *x) {
#pragma omp parallel for num_threads(threads_for(n, 1 << 17))
    for (int64_t i = 0; i < n; i++) {
        const uint32_t word = (uint32_t)bits[i] << 16;
        memcpy(x + i, &word, sizeof word);
    }
}

static int multiply_pairs(Product p, const uint16_t *b) {
    float *pairs = malloc((size_t)(p.M * p.K / 2 + 1) * sizeof(float));
    if (!pairs) return -1;
    make_pairs(p.M, p.K, p.a, pairs);
    p.K /= 2;
    p.a = pairs;
    p.b = (const float *)b;
    p.lda = p.ldb = p.K;
    p.pairs = 1;
    const int status = multiply_matrices(p, 1, 0, 0, 0);
    free(pairs);
    return status;
}

/* Few rows of A, as floats. Pairs of B are split once they have been read. */
static int multiply_few_split(Product p, const uint16_t *b) {
    float *rounded = malloc((size_t)(p.M * p.K + 1) * sizeof(float));
    if (!rounded) return -1;
    kernel_round_bf16(p.M * p.K, p.a, rounded);
    p.a = rounded;
    p.b = (const float *)b;
    p.ldb = p.K / 2;
    p.pairs = 1;
    const int status = multiply_few_rows(&p);
    free(rounded);
    return status;
}

static int multiply_widened(Product p, const uint16_t *b) {
    const int64_t N = p.N, columns = smaller(N, larger(1, WIDENED / larger(1, p.K)));
    float *widened = malloc((size_t)(columns * p.K + p.M * p.K + 1) * sizeof(float));
    if (!widened) return -1;
    int status = 0;
    p.b = widened;
    if (BF16_PAIRS) p.bf16 = p.pairs = 1;
    else { /* with A rounded as well, both are floats like any others */
        float *rounded = widened + columns * p.K;
        kernel_round_bf16(p.M * p.K, p.a, rounded);
        p.a = rounded;
    }
    for (int64_t j = 0; j < N && status == 0; j += columns) {
        p.N = smaller(columns, N - j);
        widen(p.N * p.K, b + j * p.K, widened);
        status = multiply_matrices(p, 1, 0, 0, 0);
        p.c += columns;
        if (p.bias) p.bias += columns;
        if (p.preactivation) p.preactivation += columns;
        if (p.residual) p.residual += columns;
    }
    free(widened);
    return status;
}

int kernel_matmul_bf16(int64_t M, int64_t N, int64_t K, const float *a, const uint16_t *b, const float *bias,
                       int activation, float *preactivation, const float *residual, float *c, int accumulate) {
    const Product p = {.M = M, .N = N, .K = K, .a = a, .lda = K, .ldb = K, .a_along_k = 1, .b_along_k = 1,
                       .bias = bias, .residual = residual, .c = c, .preactivation = preactivation, .ldc = N,
                       .activation = activation, .accumulate = accumulate};
#if TILES
    return multiply_by_tiles(p, b, 1, 0, 0, 0);
#endif
    const int pairs = K % 2 == 0 && (uintptr_t)b % sizeof(float) == 0; /* else no pair of B is a 32-bit number */
    if (BF16_PAIRS && pairs) return multiply_pairs(p, b);
    if (!BF16_PAIRS && pairs && M <= FEW_ROWS && M > 0 && N > 0 && K > 0) return multiply_few_split(p, b);
    return multiply_widened(p, b);
}
