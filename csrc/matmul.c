/* matmul.c: C = A B, where a language model spends nearly all of its time.
 *
 * Three loops do it: for each row i, column j and step k, C[i][j] += A[i][k] B[k][j]. The floor is 2 M N K operations
 * over the multiply-add rate of the cores (see peak.c). Three plain loops reach a few percent of that, for want of
 * data: each number is loaded from memory again and again. Three ideas close the gap (Goto and van de Geijn, "Anatomy
 * of High-Performance Matrix Multiplication", 2008):
 *
 * 1. Registers (tile.h). A tile of C stays in registers while k runs, so that one load serves many multiply-adds.
 * 2. Packing (pack.h). What the tile reads is first copied into the order in which it is read: B in panels as wide as a
 *    tile, A in tiles as high. Packing costs one pass over a matrix, multiplying passes over it many times.
 * 3. Blocking (below). Each cache holds what is used again soonest:
 *
 *        for each block of C, K_BLOCK steps of k at a time:               (blocks are shared out among the threads)
 *            for each tile of rows:     pack A: 14 rows x 256 steps, stays in the L1 cache
 *                for each panel of columns:                               (packed on the first visit)
 *                    multiply: the panel, 256 steps x 32 columns, comes from the L2 cache, a stream read in order
 *
 *    where a block is at most BLOCK_COLUMNS wide, for its panels must fit into the L2 cache. While the micro-kernel
 *    computes, it asks for the memory that will be packed next, so that packing hardly waits.
 *
 * When A has few rows nothing is used again, and packing does not pay: see matmul_few_rows.c.
 */
#include <stdlib.h>

#include "pack.h"
#include "parallel.h"
#include "product.h"

#define BLOCK_COLUMNS 512 /* 256 x 512 floats are half of a 1 MB cache */
#define TILE_STEPS 16     /* steps between two requests for memory ahead */
#define A_VECTORS ((TILE_ROWS + LANES - 1) / LANES)

/* Room for a block of k, packed `vectors` vectors wide. */
INLINE int64_t panel_size(const Product *p, int vectors) {
    return packed_size(packed_steps(p->k_block, p->bf16), vectors);
}

/* ---- one tile ---- */

/* Memory to ask for while a tile is computed: with every TILE_STEPS steps, `lines` cache lines of each of `rows`
 * rows. */
typedef struct {
    const float *next;
    int64_t row_step, advance;
    int rows, lines;
} Ahead;

/* What pack_panel will read for the given columns (of B; rows of A) from `source` on. */
static Ahead ahead_of(const float *source, int64_t ld, int along_k, int64_t columns, int bf16) {
    const int steps = TILE_STEPS * (bf16 && BF16_PAIRS ? 2 : 1);
    if (along_k) return (Ahead){source, ld, steps, (int)columns, steps / 16};
    return (Ahead){source, ld, steps * ld, steps, (int)divide_up(columns, 16)};
}

/* A tile's operands and where its sums go. */
typedef struct {
    const float *a, *b;
    int64_t b_step, steps;
    float *c; /* receives the sums; they are added to what is there when `add` */
    int64_t c_step;
    int add;
    Ahead ahead;
} Tile;

INLINE void run_tile(const Tile *t, const int rows, const int pairs) {
    vfloat sum[TILE_ROWS][TILE_VECTORS] = {0};
    Ahead ahead = t->ahead;
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < TILE_VECTORS; v++) __builtin_prefetch(t->c + i * t->c_step + v * LANES, 1);
    for (int64_t k = 0; k < t->steps; k += TILE_STEPS) {
        for (int r = 0; r < ahead.rows; r++)
            for (int line = 0; line < ahead.lines; line++)
                __builtin_prefetch(ahead.next + r * ahead.row_step + line * 16);
        if (ahead.rows > 0) ahead.next += ahead.advance;
        const float *a = t->a + k * A_VECTORS * LANES, *b = t->b + k * t->b_step;
        const int64_t left = t->steps - k; /* a number of steps that is a constant makes a quicker loop */
        if (left >= TILE_STEPS) tile_multiply(rows, pairs, TILE_STEPS, a, 1, A_VECTORS * LANES, b, t->b_step, sum);
        else tile_multiply(rows, pairs, left, a, 1, A_VECTORS * LANES, b, t->b_step, sum);
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < TILE_VECTORS; v++) {
            float *c = t->c + i * t->c_step + v * LANES;
            vstore(c, t->add ? vload(c) + sum[i][v] : sum[i][v]);
        }
}

/* The micro-kernel wants its height as a constant, so there is one copy of it for each. */
#define HEIGHT(rows)                                   \
    case rows:                                         \
        if (BF16_PAIRS && pairs) run_tile(t, rows, 1); \
        else run_tile(t, rows, 0);                     \
        break;
static __attribute__((noinline)) void multiply_tile(const Tile *t, int64_t rows, int pairs) {
    switch (rows) {
        HEIGHT(1) HEIGHT(2) HEIGHT(3) HEIGHT(4)
#if TILE_ROWS >= 6
        HEIGHT(5) HEIGHT(6)
#endif
#if TILE_ROWS >= 8
        HEIGHT(7) HEIGHT(8)
#endif
#if TILE_ROWS >= 14
        HEIGHT(9) HEIGHT(10) HEIGHT(11) HEIGHT(12) HEIGHT(13) HEIGHT(14)
#endif
    }
}

/* The same for a panel with fewer than TILE_COLUMNS columns: computed in full beside C, then copied in part. */
static void multiply_edge_tile(const Tile *t, int64_t rows, int64_t columns, int pairs) {
    float full[TILE_ROWS * TILE_COLUMNS];
    Tile beside = *t;
    beside.c = full;
    beside.c_step = TILE_COLUMNS;
    beside.add = 0;
    multiply_tile(&beside, rows, pairs);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            float *c = t->c + i * t->c_step + j;
            *c = t->add ? *c + full[i * TILE_COLUMNS + j] : full[i * TILE_COLUMNS + j];
        }
}

/* ---- one block of C ---- */

/* Row tiles are of nearly equal height, since a low tile makes poor use of the registers: 16 rows are 8 + 8, not
 * 14 + 2. */
INLINE int64_t tile_height(int64_t rows, int64_t tiles, int64_t tile) { return rows / tiles + (tile < rows % tiles); }

/* What to ask for while tile `tile` passes panel `panel`, whose steps from k0 on are packed now. */
static Ahead look_ahead(const Product *p, int64_t row, int64_t tile, int64_t tiles, int64_t column0, int64_t panel,
                        int64_t panels, int64_t k0) {
    int64_t j = column0 + panel * TILE_COLUMNS;
    if (panel + 1 < panels) /* the next panel, if it is not packed yet */
        return tile > 0 ? (Ahead){0}
                        : ahead_of(b_at(p, k0, j + TILE_COLUMNS), p->ldb, p->b_along_k,
                                   smaller(TILE_COLUMNS, p->N - j - TILE_COLUMNS), p->bf16);
    if (tile + 1 < tiles) /* the next row tile */
        return ahead_of(a_at(p, row, k0), p->lda, p->a_along_k, smaller(TILE_ROWS, p->M - row), p->bf16);
    return (Ahead){0};
}

/* Rows row0 ... and columns column0 ... of C, over all of k. */
static void multiply_block(const Product *p, int64_t row0, int64_t column0, float *scratch) {
    const int64_t rows = smaller(p->rows, p->M - row0), columns = smaller(p->columns, p->N - column0);
    const int64_t tiles = divide_up(rows, TILE_ROWS), panels = divide_up(columns, TILE_COLUMNS);
    const int64_t b_size = panel_size(p, TILE_VECTORS);
    float *packed_a = scratch, *packed_b = packed_a + panel_size(p, A_VECTORS);
    int64_t k0 = 0;
    do { /* once even when K is 0, to write zeros */
        const int64_t k = smaller(p->k_block, p->K - k0);
        for (int64_t tile = 0, i = 0, height; tile < tiles; tile++, i += height) {
            height = tile_height(rows, tiles, tile);
            Tile t = {.a = packed_a, .steps = packed_steps(k, p->bf16)};
            pack_panel(A_VECTORS, k, smaller(A_VECTORS * LANES, p->M - row0 - i), a_at(p, row0 + i, k0), p->lda,
                       p->a_along_k, p->bf16, packed_a);
            for (int64_t panel = 0; panel < panels; panel++) {
                const int64_t j = panel * TILE_COLUMNS, width = smaller(TILE_COLUMNS, columns - j);
                t.b = packed_b + panel * b_size;
                t.b_step = TILE_COLUMNS;
                if (tile == 0)
                    pack_panel(TILE_VECTORS, k, width, b_at(p, k0, column0 + j), p->ldb, p->b_along_k, p->bf16,
                               packed_b + panel * b_size);
                t.ahead = look_ahead(p, row0 + i + height, tile, tiles, column0, panel, panels, k0);
                t.c = p->c + (row0 + i) * p->ldc + column0 + j;
                t.c_step = p->ldc;
                t.add = p->accumulate || k0 > 0;
                if (width < TILE_COLUMNS) multiply_edge_tile(&t, height, width, p->pairs);
                else multiply_tile(&t, height, p->pairs);
                if (k0 + k == p->K) finish_tile(p, row0 + i, height, column0 + j, width);
            }
        }
        k0 += k;
    } while (k0 < p->K);
}

/* ---- all blocks ---- */

/* Chooses the blocks. They change no result, only who computes what, so here the number of threads may be looked at:
 * a few blocks for each, in order that one that is held up does not hold up the rest, but no more, since every block
 * packs for itself. */
static void cut(Product *p, int64_t batch, int threads) {
    const int64_t wanted = threads == 1 ? 1 : smaller(4 * threads, threads + (batch * p->M * p->N * p->K >> 24));
    p->rows = p->M;
    p->columns = round_up(divide_up(p->N, divide_up(p->N, BLOCK_COLUMNS)), TILE_COLUMNS);
    for (;;) {
        int64_t blocks = batch * divide_up(p->M, p->rows) * divide_up(p->N, p->columns);
        if (blocks >= 4 * threads || (blocks >= wanted && blocks % threads == 0)) break;
        if (p->rows <= 2 * TILE_ROWS && p->columns <= 2 * TILE_COLUMNS) break;
        if (p->rows > 2 * p->columns || p->columns <= 2 * TILE_COLUMNS)
            p->rows = round_up(divide_up(p->M, 2 * divide_up(p->M, p->rows)), TILE_ROWS);
        else p->columns = round_up(divide_up(p->N, 2 * divide_up(p->N, p->columns)), TILE_COLUMNS);
    }
}

int multiply_matrices(Product whole, int64_t batch, int64_t stride_a, int64_t stride_b, int64_t stride_c) {
    const int64_t M = whole.M, N = whole.N, K = whole.K;
    if (batch == 0 || M == 0 || N == 0 || (whole.accumulate && K == 0)) return 0;
    if (batch == 1 && M <= FEW_ROWS && !whole.bf16) return multiply_few_rows(&whole);
    whole.k_block = smaller(whole.bf16 && BF16_PAIRS ? 2 * K_BLOCK : K_BLOCK, larger(K, 1));
    const int threads = threads_for(2 * batch * M * N * (K + 1), 1 << 20);
    cut(&whole, batch, threads);

    const int64_t down = divide_up(M, whole.rows), across = divide_up(N, whole.columns), blocks = batch * down * across;
    const int64_t scratch = round_up(panel_size(&whole, A_VECTORS) +
                                     whole.columns / TILE_COLUMNS * panel_size(&whole, TILE_VECTORS), 1024);
    void *memory;
    if (posix_memalign(&memory, 64, (size_t)(threads * scratch) * sizeof(float))) return -1;

    /* Blocks are handed out as threads come free. */
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t block = 0; block < blocks; block++) {
        const int64_t matrix = block / (down * across), place = block % (down * across);
        Product p = whole;
        p.a += matrix * stride_a;
        p.b += matrix * stride_b;
        p.c += matrix * stride_c;
        if (p.preactivation) p.preactivation += matrix * stride_c;
        multiply_block(&p, place % down * p.rows, place / down * p.columns,
                       (float *)memory + thread_number() * scratch);
    }
    free(memory);
    return 0;
}

int kernel_matmul(int64_t batch, int64_t M, int64_t N, int64_t K,
                  const float *a, int64_t stride_a, int64_t lda, int transpose_a,
                  const float *b, int64_t stride_b, int64_t ldb, int transpose_b,
                  const float *bias, int activation, float *preactivation,
                  float *c, int64_t stride_c, int64_t ldc, int accumulate, int bf16) {
    const Product whole = {.M = M, .N = N, .K = K, .a = a, .b = b, .lda = lda, .ldb = ldb, .a_along_k = !transpose_a,
                           .b_along_k = transpose_b, .bias = bias, .c = c, .preactivation = preactivation, .ldc = ldc,
                           .activation = activation, .accumulate = accumulate, .bf16 = bf16,
                           .pairs = bf16 && BF16_PAIRS};
    return multiply_matrices(whole, batch, stride_a, stride_b, stride_c);
}

void kernel_round_bf16(int64_t n, const float *x, float *y) {
#pragma omp parallel for num_threads(threads_for(n, 1 << 17))
    for (int64_t i = 0; i < n; i += LANES) vstore_some(y + i, vround_bf16(vload_some(x + i, n - i)), n - i);
}
