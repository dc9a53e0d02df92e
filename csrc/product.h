/* product.h: what a matrix product is, whichever way it is computed, and what every way must agree on.
 *
 *     C = activation(A B + bias) + residual, or C += A B
 *
 * The same bits always. An element of C is the sum of its blocks of K_BLOCK steps in order, and a block is one chain of
 * multiply-adds in the order of k, whoever computes it. So neither the number of threads, nor how C is cut into pieces,
 * nor the other rows of A, nor whether they are many (matmul.c) or few (matmul_few_rows.c) change a single bit of it.
 * Tiles of AMX have another order for bfloat16, which matmul_tiles.c keeps to in the same way.
 */
#ifndef MINIRL_PRODUCT_H
#define MINIRL_PRODUCT_H

#include "integers.h"
#include "tiles.h"
#include "vector_math.h"

#define K_BLOCK 256 /* part of the meaning of the result, see above: the same for every shape */

typedef struct {
    int64_t M, N, K;
    const float *a, *b; /* element (0, 0) of this matrix of the batch; rows as stored lie lda or ldb apart */
    int64_t lda, ldb;
    int a_along_k, b_along_k; /* whether stored rows run along k */
    const float *bias, *residual;
    float *c, *preactivation; /* rows of these three lie ldc apart */
    int64_t ldc;
    int activation, accumulate;
    int bf16;  /* A and B are rounded to bfloat16 while they are packed */
    int pairs; /* what is multiplied are pairs of bfloat16: packing made them, or A and B hold them (matmul_bf16.c) */

    int64_t rows, columns; /* the blocks into which matmul.c cuts C */
    int64_t k_block;       /* K_BLOCK, or twice that where it packs two steps into one; at most K */
} Product;

INLINE const float *a_at(const Product *p, int64_t i, int64_t k) {
    return p->a + (p->a_along_k ? i * p->lda + k : k * p->lda + i);
}
INLINE const float *b_at(const Product *p, int64_t k, int64_t j) {
    return p->b + (p->b_along_k ? j * p->ldb + k : k * p->ldb + j);
}

/* Bias, activation and residual, on a finished tile while it is still in the L1 cache. */
static inline void finish_tile(const Product *p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
    if (!p->bias && !p->preactivation && !p->activation && !p->residual) return;
    for (int64_t i = row; i < row + rows; i++)
        for (int64_t j = column; j < column + columns; j += LANES) {
            int64_t n = column + columns - j;
            vfloat x = vload_some(p->c + i * p->ldc + j, n);
            if (p->bias) x = x + vload_some(p->bias + j, n);
            if (p->preactivation) vstore_some(p->preactivation + i * p->ldc + j, x, n);
            if (p->activation == 1) x = vgelu_tanh(x);
            if (p->activation == 2) x = vgelu_exact(x);
            if (p->activation == 3) x = vsilu(x);
            if (p->residual) x = x + vload_some(p->residual + i * p->ldc + j, n);
            vstore_some(p->c + i * p->ldc + j, x, n);
        }
}

/* The product of `batch` matrices that lie so far apart (see matmul.c), and that of at most FEW_ROWS rows of A, neither
 * rounded (see matmul_few_rows.c). Both are compiled once per instruction set, as their callers are; 0, or -1 when there
 * is no memory left. */
#define FEW_ROWS 32
#define multiply_matrices JOIN(multiply_matrices, MINIRL_ISA)
#define multiply_few_rows JOIN(multiply_few_rows, MINIRL_ISA)
int multiply_matrices(Product whole, int64_t batch, int64_t stride_a, int64_t stride_b, int64_t stride_c);
int multiply_few_rows(const Product *p);

/* The same in bfloat16 on tile registers (matmul_tiles.c), where there are any. `bits`: B in bfloat16, instead of p.b. */
#if TILES
#define multiply_by_tiles JOIN(multiply_by_tiles, MINIRL_ISA)
int multiply_by_tiles(Product whole, const uint16_t *bits, int64_t batch, int64_t stride_a, int64_t stride_b,
                      int64_t stride_c);
#endif

#endif
