/* matmul_tiles.c: C = A B in bfloat16, on the tile registers of AMX (tiles.h).
 *
 * The ideas are those of matmul.c, with a tile register in place of vectors. Four of the eight registers hold 32 x 32 sums
 * of C; two hold 32 rows of A and two hold 32 columns of B, for 32 steps of k. So four loads serve four multiplications.
 * Packing cuts A and B into pieces as they lie in a register, rounded to bfloat16, one behind the other:
 *
 *     for each block of C, 512 steps of k at a time:                   (blocks are shared out among the threads)
 *         for each 32 rows:              pack A: 16 pieces for the first 16 rows, and as many for the others, 32 KB
 *             for each 32 columns:       pack B on the first visit; 512 columns take 512 KB of the L2 cache
 *                 multiply: 16 times four loads and four multiplications
 *
 * A and B differ only in that A's rows are rows of a tile, and B's columns are columns of one. So a piece of one, turned
 * over, is a piece of the other, and C^T = B^T A^T has the same bits: a * b is b * a. Weights held in bfloat16, which lie
 * along k, are rows of tiles as they are. With few rows of A they are loaded from where they lie, and read once.
 *
 * What is computed, for every shape: steps of k are taken 32 at a time, the last ones filled up with zeros, and
 * c = c + (even + odd) as tiles.h says, in order. An element of C begins at 0, or at what C holds where the product is
 * added to it.
 */
#include <stdlib.h>

#include "pack.h"
#include "parallel.h"
#include "product.h"
#include "tiles.h"

#if TILES

#define SIDE (2 * TILE_SIDE)  /* rows and columns of C that are computed together */
#define PIECE 256             /* 32-bit numbers of a tile */
#define STEPS_TOGETHER 16     /* tiles along k between two visits of C: 512 steps */
#define BLOCK_ROWS 256
#define BLOCK_COLUMNS 512

/* A or B: `size` rows of A or columns of B, K long. */
typedef struct {
    const float *at;      /* element (0, 0); stored rows lie ld apart */
    const uint16_t *bits; /* or this: bfloat16 numbers, in rows along k */
    int64_t size, K, ld;
    int along_k; /* whether stored rows run along k */
} Operand;

/* ---- packing ---- */

#ifndef __AVX512BF16__
/* As the processor's own conversion: to nearest, ties to even, what is too small to be normal to zero. */
INLINE uint32_t rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if (!(bits & 0x7f800000)) return bits >> 31 << 15;
    if (x != x) return bits >> 16 | 0x40;
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
#endif

/* 16 pairs of steps from k on, of row i. */
INLINE void pairs_along(const Operand *o, int64_t i, int64_t k, uint32_t *pairs) {
    const int64_t left = smaller(o->K - k, TILE_STEP);
    if (i >= o->size || left < TILE_STEP) memset(pairs, 0, 64);
    if (i >= o->size) return;
    if (o->bits) {
        memcpy(pairs, o->bits + i * o->ld + k, (size_t)left * sizeof(uint16_t));
        return;
    }
    const float *row = o->at + i * o->ld + k;
#ifdef __AVX512BF16__
    vstore((float *)pairs, round_pairs_along(row, left));
#else
    for (int64_t n = 0; n < left; n++) pairs[n / 2] = n % 2 ? pairs[n / 2] | rounded(row[n]) << 16 : rounded(row[n]);
#endif
}

/* The pair of steps k and k + 1, of 16 columns from i on. */
INLINE void pairs_across(const Operand *o, int64_t i, int64_t k, uint32_t *pairs) {
    if (k >= o->K) {
        memset(pairs, 0, 64);
        return;
    }
    const float *row = o->at + k * o->ld + i;
    const int last = k + 1 == o->K;
#ifdef __AVX512BF16__
    vstore((float *)pairs, round_pairs_across(row, o->ld, last, o->size - i));
#else
    for (int64_t n = 0; n < 16; n++) {
        const int there = i + n < o->size;
        pairs[n] = there ? rounded(row[n]) : 0;
        if (there && !last) pairs[n] |= rounded(row[o->ld + n]) << 16;
    }
#endif
}

/* The piece of 16 rows (or columns) from i on and of 32 steps from k on: `as_rows`, each is a row of the tile; else each
 * is a column of it. */
static void pack_piece(const Operand *o, int64_t i, int64_t k, int as_rows, uint32_t *piece) {
    uint32_t beside[PIECE];
    const int turn = o->along_k != as_rows;
    uint32_t *out = turn ? beside : piece;
    for (int row = 0; row < TILE_SIDE; row++)
        if (o->along_k) pairs_along(o, i + row, k, out + row * 16);
        else pairs_across(o, i, k + 2 * row, out + row * 16);
    if (!turn) return;
    for (int row = 0; row < 16; row += LANES)
        for (int column = 0; column < 16; column += LANES)
            transpose((const float *)beside + row * 16 + column, 16, (float *)piece + column * 16 + row, 16);
}

/* Pieces of 32 rows (or columns) and `steps` tiles along k: two for each step. */
static void pack_pieces(const Operand *o, int64_t i, int64_t k, int64_t steps, int as_rows, uint32_t *pieces) {
    for (int64_t step = 0; step < steps; step++)
        for (int half = 0; half < 2; half++)
            if (half == 0 || i + TILE_SIDE < o->size) /* the other half is not loaded */
                pack_piece(o, i + half * TILE_SIDE, k + step * TILE_STEP, as_rows, pieces + (2 * step + half) * PIECE);
}

/* ---- 32 x 32 sums ---- */

/* Where tiles of A or B lie, in bytes: from one row of a tile to the next, to the tile of the other 16 rows or columns, to
 * the next 32 steps. `both`: whether there are more than 16. */
typedef struct {
    const char *at;
    int64_t row, other, step;
    int both;
} Pieces;

INLINE Pieces packed(const uint32_t *pieces, int64_t size) {
    return (Pieces){(const char *)pieces, 64, TILE_BYTES, 2 * TILE_BYTES, size > TILE_SIDE};
}

/* Adds `steps` tiles along k to 32 x 32 floats of C, or sets them where `add` is 0. Rows of C lie c_row bytes apart. */
static __attribute__((noinline)) void multiply_pieces(Pieces a, Pieces b, int64_t steps, float *sums, int64_t c_row,
                                                      int add) {
    char *c = (char *)sums, *below = c + TILE_SIDE * c_row;
    TILES_BARRIER();
    if (add) {
        tile_load(0, c, c_row);
        if (b.both) tile_load(1, c + 64, c_row);
        if (a.both) tile_load(2, below, c_row);
        if (a.both && b.both) tile_load(3, below + 64, c_row);
    } else {
        tile_zero(0);
        tile_zero(1);
        tile_zero(2);
        tile_zero(3);
    }
    if (a.both && b.both)
        for (int64_t step = 0; step < steps; step++, a.at += a.step, b.at += b.step) {
            tile_load(4, a.at, a.row);
            tile_load(6, b.at, b.row);
            tile_load(5, a.at + a.other, a.row);
            tile_load(7, b.at + b.other, b.row);
            tile_dot(0, 4, 6);
            tile_dot(2, 5, 6);
            tile_dot(1, 4, 7);
            tile_dot(3, 5, 7);
        }
    else
        for (int64_t step = 0; step < steps; step++, a.at += a.step, b.at += b.step) {
            tile_load(4, a.at, a.row);
            tile_load(6, b.at, b.row);
            tile_dot(0, 4, 6);
            if (a.both) {
                tile_load(5, a.at + a.other, a.row);
                tile_dot(2, 5, 6);
            }
            if (b.both) {
                tile_load(7, b.at + b.other, b.row);
                tile_dot(1, 4, 7);
            }
        }
    tile_store(0, c, c_row);
    if (b.both) tile_store(1, c + 64, c_row);
    if (a.both) tile_store(2, below, c_row);
    if (a.both && b.both) tile_store(3, below + 64, c_row);
    TILES_BARRIER();
}

/* The same where C has fewer than 32 rows or columns: computed beside it. */
static void multiply_edge(Pieces a, Pieces b, int64_t steps, float *c, int64_t ldc, int64_t rows, int64_t columns, int add) {
    float beside[SIDE * SIDE] = {0};
    const size_t width = (size_t)columns * sizeof(float);
    if (add)
        for (int64_t i = 0; i < rows; i++) memcpy(beside + i * SIDE, c + i * ldc, width);
    multiply_pieces(a, b, steps, beside, SIDE * sizeof(float), add);
    for (int64_t i = 0; i < rows; i++) memcpy(c + i * ldc, beside + i * SIDE, width);
}

/* ---- many rows ---- */

/* Some rows and columns of C, over all of k. packed_a and packed_b have room for 32 rows, and for all columns. */
static void multiply_block(const Product *p, const Operand *a, const Operand *b, int64_t row0, int64_t rows,
                           int64_t column0, int64_t columns, uint32_t *packed_a, uint32_t *packed_b) {
    int64_t k = 0;
    do { /* once even when K is 0, to write zeros */
        const int64_t steps = smaller(STEPS_TOGETHER, divide_up(p->K - k, TILE_STEP)), next = k + steps * TILE_STEP;
        const int add = p->accumulate || k > 0;
        for (int64_t i = row0; i < row0 + rows; i += SIDE) {
            const int64_t height = smaller(SIDE, row0 + rows - i);
            pack_pieces(a, i, k, steps, 1, packed_a);
            for (int64_t j = column0; j < column0 + columns; j += SIDE) {
                const int64_t width = smaller(SIDE, column0 + columns - j);
                uint32_t *panel = packed_b + (j - column0) / SIDE * (2 * STEPS_TOGETHER * PIECE);
                if (i == row0) pack_pieces(b, j, k, steps, 0, panel);
                const Pieces of_a = packed(packed_a, height), of_b = packed(panel, width);
                float *c = p->c + i * p->ldc + j;
                if (height == SIDE && width == SIDE)
                    multiply_pieces(of_a, of_b, steps, c, p->ldc * (int64_t)sizeof(float), add);
                else multiply_edge(of_a, of_b, steps, c, p->ldc, height, width, add);
                if (next >= p->K) finish_tile(p, i, height, j, width);
            }
        }
        k = next;
    } while (k < p->K);
}

/* Blocks as large as the caches like, or smaller ones, two for each thread. They change no result. */
static void cut(const Product *p, int64_t batch, int threads, int64_t *rows, int64_t *columns) {
    *rows = smaller(BLOCK_ROWS, round_up(p->M, SIDE));
    *columns = smaller(BLOCK_COLUMNS, round_up(p->N, SIDE));
    const int64_t wanted = threads == 1 ? 1 : 2 * threads;
    while (batch * divide_up(p->M, *rows) * divide_up(p->N, *columns) < wanted && larger(*rows, *columns) > SIDE) {
        int64_t *longer = *rows > *columns ? rows : columns;
        *longer = round_up(*longer / 2, SIDE);
    }
}

/* ---- few rows of A, and weights that are tiles as they lie ---- */

/* Columns of C from j on, at most 32 of them, as C^T = B^T A^T; `a` is packed as columns of tiles. */
static void multiply_weights(const Product *p, const Operand *b, int64_t j, const uint32_t *a) {
    const int64_t width = smaller(SIDE, p->N - j), steps = divide_up(p->K, TILE_STEP);
    const int64_t row = p->K * (int64_t)sizeof(uint16_t), sums_row = SIDE * sizeof(float);
    float sums[SIDE * SIDE] = {0};
    if (p->accumulate)
        for (int64_t i = 0; i < p->M; i++)
            for (int64_t n = 0; n < width; n++) sums[n * SIDE + i] = p->c[i * p->ldc + j + n];
    int64_t step = 0;
    if (width == SIDE) {
        step = p->K / TILE_STEP;
        const Pieces weights = {(const char *)(b->bits + j * p->K), row, TILE_SIDE * row, 64, 1};
        multiply_pieces(weights, packed(a, p->M), step, sums, sums_row, p->accumulate);
    }
    for (; step < steps; step++) { /* the last steps and columns, without what lies behind them */
        uint32_t pieces[2 * PIECE];
        pack_pieces(b, j, step * TILE_STEP, 1, 1, pieces);
        multiply_pieces(packed(pieces, width), packed(a + step * 2 * PIECE, p->M), 1, sums, sums_row,
                        p->accumulate || step > 0);
    }
    for (int64_t i = 0; i < p->M; i++)
        for (int64_t n = 0; n < width; n++) p->c[i * p->ldc + j + n] = sums[n * SIDE + i];
    finish_tile(p, 0, p->M, j, width);
}

static int multiply_few_rows_by_tiles(const Product *p, const Operand *a, const Operand *b) {
    const int64_t steps = divide_up(p->K, TILE_STEP);
    void *pieces;
    if (posix_memalign(&pieces, 64, (size_t)(2 * steps + 1) * TILE_BYTES)) return -1;
    pack_pieces(a, 0, 0, steps, 0, pieces);
#pragma omp parallel for num_threads(threads_for(16 * p->N * (p->K + 1), 1 << 20)) schedule(dynamic)
    for (int64_t begin = 0; begin < p->N; begin += 4 * SIDE) {
        tiles_begin();
        for (int64_t j = begin; j < smaller(p->N, begin + 4 * SIDE); j += SIDE) multiply_weights(p, b, j, pieces);
        tiles_end();
    }
    free(pieces);
    return 0;
}

/* ---- all of it ---- */

int multiply_by_tiles(Product whole, const uint16_t *bits, int64_t batch, int64_t stride_a, int64_t stride_b,
                      int64_t stride_c) {
    const int64_t M = whole.M, N = whole.N, K = whole.K;
    if (batch == 0 || M == 0 || N == 0 || (whole.accumulate && K == 0)) return 0;
    const Operand of_a = {.at = whole.a, .size = M, .K = K, .ld = whole.lda, .along_k = whole.a_along_k};
    const Operand of_b = {.at = whole.b, .bits = bits, .size = N, .K = K, .ld = whole.ldb, .along_k = whole.b_along_k};
    if (bits && M <= SIDE) return multiply_few_rows_by_tiles(&whole, &of_a, &of_b);

    const int threads = threads_for(batch * M * N * (K + 1), 1 << 21);
    int64_t rows, columns;
    cut(&whole, batch, threads, &rows, &columns);
    const int64_t down = divide_up(M, rows), across = divide_up(N, columns), blocks = batch * down * across;
    const int64_t for_a = 2 * STEPS_TOGETHER * PIECE, room = for_a + columns / SIDE * for_a;
    void *memory;
    if (posix_memalign(&memory, 64, (size_t)(threads * room) * sizeof(uint32_t))) return -1;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t matrix = block / (down * across), place = block % (down * across);
        const int64_t row = place % down * rows, column = place / down * columns;
        Product p = whole;
        Operand a = of_a, b = of_b;
        a.at += matrix * stride_a;
        if (!bits) b.at += matrix * stride_b;
        p.c += matrix * stride_c;
        if (p.preactivation) p.preactivation += matrix * stride_c;
        if (p.residual) p.residual += matrix * stride_c;
        uint32_t *pieces = (uint32_t *)memory + thread_number() * room;
        tiles_begin();
        multiply_block(&p, &a, &b, row, smaller(rows, M - row), column, smaller(columns, N - column), pieces,
                       pieces + for_a);
        tiles_end();
    }
    free(memory);
    return 0;
}

#endif
