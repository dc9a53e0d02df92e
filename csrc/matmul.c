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
#define TOGETHER 4        /* panels that are packed together where stored rows are steps */
#define GAP 64            /* numbers between panels, without which all would lie in the same places of the L1 cache */
#define A_VECTORS ((TILE_ROWS + LANES - 1) / LANES)

/* Room for a block of k, packed `vectors` vectors wide. */
INLINE int64_t panel_size(const Product *p, int vectors) {
    return packed_size(packed_steps(p->k_block, p->bf16), vectors) + GAP;
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

/* What to ask for while tile `tile` passes panel `panel`, whose steps from k0 on are packed now. */
static Ahead look_ahead(const Product *p, int64_t row0, int64_t tile, int64_t tiles, int64_t height, int64_t column0,
                        int64_t panel, int64_t panels, int64_t k0) {
    const int64_t next_panel = panel + (p->b_along_k ? 1 : TOGETHER), next_tile = tile + (p->a_along_k ? 1 : TOGETHER);
    const int64_t row = row0 + next_tile * height, column = column0 + next_panel * TILE_COLUMNS;
    if (tile == 0 && next_panel < panels) /* a panel that is not packed yet */
        return ahead_of(b_at(p, k0, column), p->ldb, p->b_along_k, smaller(TILE_COLUMNS, p->N - column), p->bf16);
    if (panel == panels - 1 && next_tile < tiles)
        return ahead_of(a_at(p, row, k0), p->lda, p->a_along_k, smaller(height, p->M - row), p->bf16);
    return (Ahead){0};
}

/* Rows row0 ... and columns column0 ... of C, over all of k. */
static void multiply_block(const Product *p, int64_t row0, int64_t column0, float *scratch) {
    const int64_t rows = smaller(p->rows, p->M - row0), columns = smaller(p->columns, p->N - column0);
    const int64_t tiles = divide_up(rows, TILE_ROWS), panels = divide_up(columns, TILE_COLUMNS);
    /* Row tiles of equal height, since a low tile makes poor use of the registers: 16 rows are 8 + 8, not 14 + 2. */
    const int64_t height = divide_up(rows, tiles);
    const int64_t a_size = panel_size(p, A_VECTORS), b_size = panel_size(p, TILE_VECTORS);
    const int64_t a_together = p->a_along_k ? 1 : TOGETHER, b_together = p->b_along_k ? 1 : TOGETHER;
    float *packed_a = scratch, *packed_b = packed_a + TOGETHER * a_size;
    int64_t k0 = 0;
    do { /* once even when K is 0, to write zeros */
        const int64_t k = smaller(p->k_block, p->K - k0);
        for (int64_t tile = 0; tile < tiles; tile++) {
            const int64_t i = row0 + tile * height, here = smaller(height, row0 + rows - i);
            Tile t = {.a = packed_a + tile % a_together * a_size, .steps = packed_steps(k, p->bf16)};
            if (tile % a_together == 0)
                pack_panels(A_VECTORS, smaller(a_together, tiles - tile), height, k, p->M - i, a_at(p, i, k0), p->lda,
                            p->a_along_k, p->bf16, packed_a, a_size);
            for (int64_t panel = 0; panel < panels; panel++) {
                const int64_t j = panel * TILE_COLUMNS, width = smaller(TILE_COLUMNS, columns - j);
                t.b = packed_b + panel * b_size;
                t.b_step = TILE_COLUMNS;
                if (tile == 0 && panel % b_together == 0)
                    pack_panels(TILE_VECTORS, smaller(b_together, panels - panel), TILE_COLUMNS, k, columns - j,
                                b_at(p, k0, column0 + j), p->ldb, p->b_along_k, p->bf16, packed_b + panel * b_size,
                                b_size);
                t.ahead = look_ahead(p, row0, tile, tiles, height, column0, panel, panels, k0);
                t.c = p->c + i * p->ldc + column0 + j;
                t.c_step = p->ldc;
                t.add = p->accumulate || k0 > 0;
                if (width < TILE_COLUMNS) multiply_edge_tile(&t, here, width, p->pairs);
                else multiply_tile(&t, here, p->pairs);
                if (k0 + k == p->K) finish_tile(p, i, here, column0 + j, width);
            }
        }
        k0 += k;
    } while (k0 < p->K);
}

/* ---- all blocks ---- */

/* Whether so many blocks keep all threads busy to the end: as many for each, or so many that it hardly matters. */
INLINE int enough(int64_t blocks, int64_t wanted, int threads) {
    return blocks >= 4 * threads || (blocks >= wanted && blocks % threads == 0);
}

/* Chooses the blocks. They change no result, only who computes what, so here the number of threads may be looked at: two
 * blocks for each, in order that one that is held up does not hold up the rest, but no more, since every block packs
 * for itself. Of all ways to cut so many, the one that packs least. */
static void cut(Product *p, int64_t batch, int threads) {
    const int64_t most = threads == 1 ? 1 : 2 * threads;
    const int64_t wanted = threads == 1 ? 1 : smaller(most, threads + (batch * p->M * p->N * p->K >> 24));
    const int64_t least_across = divide_up(p->N, BLOCK_COLUMNS);
    const int64_t most_across = larger(least_across, p->N / TILE_COLUMNS);
    int64_t least_cost = INT64_MAX;
    for (int64_t down = 1; down == 1 || (down <= most && down * TILE_ROWS <= p->M); down++) {
        int64_t across = smaller(larger(least_across, divide_up(wanted, batch * down)), most_across);
        while (across < most_across && !enough(batch * down * across, wanted, threads)) across++;
        const int64_t blocks = batch * down * across, packed = p->M * across + p->N * down;
        const int64_t too_few = INT64_MAX / 2 - blocks; /* if nothing is enough, the most blocks */
        const int64_t cost = enough(blocks, wanted, threads) ? packed : too_few;
        if (cost >= least_cost) continue;
        least_cost = cost;
        p->rows = divide_up(p->M, down);
        p->columns = round_up(divide_up(p->N, across), TILE_COLUMNS);
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
    const int64_t scratch = round_up(TOGETHER * panel_size(&whole, A_VECTORS) +
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
        if (p.residual) p.residual += matrix * stride_c;
        multiply_block(&p, place % down * p.rows, place / down * p.columns,
                       (float *)memory + thread_number() * scratch);
    }
    free(memory);
    return 0;
}

int kernel_matmul(int64_t batch, int64_t M, int64_t N, int64_t K,
                  const float *a, int64_t stride_a, int64_t lda, int transpose_a,
                  const float *b, int64_t stride_b, int64_t ldb, int transpose_b,
                  const float *bias, int activation, float *preactivation, const float *residual,
                  float *c, int64_t stride_c, int64_t ldc, int accumulate, int bf16) {
    const Product whole = {.M = M, .N = N, .K = K, .a = a, .b = b, .lda = lda, .ldb = ldb, .a_along_k = !transpose_a,
                           .b_along_k = transpose_b, .bias = bias, .residual = residual, .c = c,
                           .preactivation = preactivation, .ldc = ldc, .activation = activation,
                           .accumulate = accumulate, .bf16 = bf16, .pairs = bf16 && BF16_PAIRS};
#if TILES
    if (bf16) return multiply_by_tiles(whole, NULL, batch, stride_a, stride_b, stride_c);
#endif
    return multiply_matrices(whole, batch, stride_a, stride_b, stride_c);
}

void kernel_round_bf16(int64_t n, const float *x, float *y) {
#pragma omp parallel for num_threads(threads_for(n, 1 << 17))
    for (int64_t i = 0; i < n; i += LANES) vstore_some(y + i, vround_bf16(vload_some(x + i, n - i)), n - i);
}
