/* matmul_few_rows.c: C = A B when A has few rows, as when text is generated token by token.
 *
 * Nothing is used again here: each number of B serves a handful of multiply-adds, so the floor is the time to read B
 * from memory once. What matmul.c does, copying B into a better order, would cost more than it gains. Instead B is read
 * where it lies, in the way that the processor's own prefetcher follows best: a few rows side by side, each from its
 * beginning to its end. The sums keep to the order of k (product.h), so the lanes of a vector must be different
 * elements of C. That leaves three ways:
 *
 *   rows of B are steps of k    multiply_steps_of_b   lanes are columns of C, as they lie in memory
 *   rows of B run along k       multiply_transposed   lanes are columns of C: squares of B are transposed in registers
 *                               multiply_as_lanes     lanes are rows of C: B stays as it is, but only as many lanes are
 *                                                     of use as A has rows
 *
 * B may hold pairs of bfloat16, which lie along k (matmul_bf16.c): the last two ways serve them as they do floats. Where
 * the CPU does not multiply pairs, pairs are split into two floats once they have been read: half as much memory all the
 * same.
 * Numbers that are to be rounded to bfloat16 go the general way, which rounds while it packs.
 */
#include <stdlib.h>

#include "pack.h"
#include "parallel.h"
#include "product.h"

/* How B's numbers are multiplied: 0 floats, 1 pairs, or pairs that are split into floats, where K counts numbers, and rows
 * of B hold half as many pairs. */
#define SPLIT 2

#define READ_COST 16 /* reading a number of B from memory takes as long as about so many operations on it */

/* Adds the sums of one block of k, rows x columns of them, to C. */
static void add_block(const Product *p, int64_t row, int64_t rows, int64_t column, int64_t columns, const float *sums,
                      int64_t sums_step, int first, int last) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j += LANES) {
            float *c = p->c + (row + i) * p->ldc + column + j;
            vfloat x = vload(sums + i * sums_step + j);
            if (p->accumulate || !first) x = vload_some(c, columns - j) + x;
            vstore_some(c, x, columns - j);
        }
    if (last) finish_tile(p, row, rows, column, columns);
}

/* How many rows of A go together: with two vectors, 12 sums, enough to keep the multiply-adds busy. */
#define GROUP 6
#define HEIGHT(rows, call) \
    case rows: call; break;
#define EACH_HEIGHT(rows, call)                                                            \
    switch (rows) {                                                                        \
        HEIGHT(1, call(1)) HEIGHT(2, call(2)) HEIGHT(3, call(3)) HEIGHT(4, call(4))        \
        HEIGHT(5, call(5)) HEIGHT(6, call(6))                                              \
    }

/* ---- rows of B are steps of k ---- */

/* So many rows of B are read side by side, after which the sums wait in a scratch `state`. Fewer rows would read and
 * write `state` more often; more would push each other out of the L1 cache where they lie a multiple of 4 KB apart, as
 * they often do, for it has 8 places for such addresses. For the same reason `state` holds one panel of TILE_COLUMNS
 * columns after the other, not rows of C. */
#define STEPS 8
#define LINE 16          /* numbers in a cache line */
#define STATE_SIZE 32768 /* numbers of the sums that a thread works on: 128 KB */

INLINE void panel_steps(const Product *p, const int rows, const int64_t steps, int64_t row, int64_t k, const float *b,
                        int64_t b_step, float *state) {
    vfloat sum[GROUP * TILE_VECTORS];
#pragma GCC unroll 32
    for (int i = 0; i < rows * TILE_VECTORS; i++) sum[i] = vload(state + i * LANES);
    multiply_steps(rows, TILE_VECTORS, 0, steps, a_at(p, row, k), p->a_along_k ? p->lda : 1,
                   p->a_along_k ? 1 : p->lda, b, b_step, sum);
#pragma GCC unroll 32
    for (int i = 0; i < rows * TILE_VECTORS; i++) vstore(state + i * LANES, sum[i]);
}

/* With panel `panel` of some rows of B, asks for its share of the rows below, in the order in which they lie. */
INLINE void ask_ahead(const Product *p, int64_t k, int64_t begin, int64_t end, int64_t panel) {
    const int64_t panels = divide_up(end - begin, TILE_COLUMNS), row = panel * STEPS / panels;
    const float *next = b_at(p, k + row, begin + panel * STEPS % panels * TILE_COLUMNS);
#pragma GCC unroll 32
    for (int line = 0; line < STEPS * TILE_COLUMNS / LINE; line++) __builtin_prefetch(next + line * LINE, 0, 2);
}

static void multiply_steps_of_b(const Product *p, int64_t begin, int64_t end, float *state) {
    const int64_t groups = divide_up(p->M, GROUP);
    int64_t k = 0, steps;
    do { /* once even when K is 0, to write zeros */
        const int64_t block_end = smaller(p->K, k / K_BLOCK * K_BLOCK + K_BLOCK);
        steps = smaller(STEPS, block_end - k);
        for (int64_t j = begin; j < end; j += TILE_COLUMNS) {
            const int64_t columns = smaller(TILE_COLUMNS, end - j);
            ask_ahead(p, k + STEPS, begin, end, (j - begin) / TILE_COLUMNS);
            float beside[STEPS * TILE_COLUMNS], *panel = state + (j - begin) * p->M;
            const float *b = b_at(p, k, j);
            int64_t b_step = p->ldb;
            if (columns < TILE_COLUMNS) { /* the last columns, without what lies behind them */
                pack_panel(TILE_VECTORS, steps, columns, b, b_step, 0, 0, beside);
                b = beside;
                b_step = TILE_COLUMNS;
            }
            if (k % K_BLOCK == 0) memset(panel, 0, (size_t)(p->M * TILE_COLUMNS) * sizeof(float));
            for (int64_t group = 0, i = 0, rows; group < groups; group++, i += rows) {
                rows = p->M / groups + (group < p->M % groups);
#define CALL(rows)                                                                              \
    if (steps == STEPS) panel_steps(p, rows, STEPS, i, k, b, b_step, panel + i * TILE_COLUMNS); \
    else panel_steps(p, rows, steps, i, k, b, b_step, panel + i * TILE_COLUMNS)
                EACH_HEIGHT(rows, CALL)
#undef CALL
            }
            if (k + steps == block_end)
                add_block(p, 0, p->M, j, columns, panel, TILE_COLUMNS, k < K_BLOCK, block_end == p->K);
        }
        k += steps;
    } while (k < p->K);
}

/* ---- rows of B run along k, and A has a handful of rows ---- */

#define TRANSPOSED_ROWS (LANES / 2) /* for more, multiply_as_lanes is quicker: it has a use for most of its lanes */

/* So many vectors of columns go together: one, for more rows of B are slower to read. But spreading a pair of A over a
 * vector takes as long as multiplying by it, so where rows are many it serves two. */
#define TRANSPOSED_VECTORS(rows, pairs) ((pairs) && (rows) > 4 ? 2 : 1)

/* Some steps of a panel of B: floats, pairs that the CPU multiplies, or pairs of which each number becomes a float, in the
 * order of k. */
INLINE void multiply_panel(const int rows, const int vectors, const int pairs, int64_t steps, const float *a,
                           int64_t a_row, int64_t a_step, const float *panel, vfloat *sum) {
    if (pairs != SPLIT) {
        multiply_steps(rows, vectors, pairs, steps, a, a_row, a_step, panel, vectors * LANES, sum);
        return;
    }
#pragma GCC unroll 4
    for (int64_t k = 0; k < steps; k++, a += 2 * a_step)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            const vint pair = (vint)vload(panel + (k * vectors + v) * LANES);
            const vfloat first = (vfloat)(pair << 16), second = (vfloat)(pair & ~0xffff);
#pragma GCC unroll 16
            for (int i = 0; i < rows; i++) {
                vfloat *s = sum + i * vectors + v;
                *s = multiply_add(multiply_add(*s, a + i * a_row, first, 0), a + i * a_row + a_step, second, 0);
            }
        }
}

/* Some rows of B, a line of each at a time. The prefetcher does not see that the rows below come next: as many lines of
 * those are asked for, into the L2 cache, in the order in which they lie. A line of each, often a multiple of 4 KB
 * apart, would take memory longer to find. */
INLINE void transposed_columns(const Product *p, const int rows, const int pairs, int64_t column, int64_t columns) {
    const int vectors = TRANSPOSED_VECTORS(rows, pairs), width = vectors * LANES, numbers = pairs == SPLIT ? 2 : 1;
    const int64_t K = p->K / numbers;
    const float *below = b_at(p, 0, column + width);
    int64_t k = 0;
    do {
        const int64_t block = k, block_end = smaller(K, k + K_BLOCK / numbers);
        vfloat sum[TRANSPOSED_ROWS * 2] = {0};
        for (; k < block_end; k += LINE) {
            const float *a = a_at(p, 0, k * numbers), *b = b_at(p, k, column);
            const int64_t a_row = p->a_along_k ? p->lda : 1, a_step = p->a_along_k ? 1 : p->lda;
            float panel[LINE * 2 * LANES];
#pragma GCC unroll 32
            for (int j = 0; j < width; j++) __builtin_prefetch(below + k * width + j * LINE, 0, 2);
            if (columns == width && block_end - k >= LINE) {
                pack_panel(vectors, LINE, width, b, p->ldb, 1, 0, panel);
                multiply_panel(rows, vectors, pairs, LINE, a, a_row, a_step, panel, sum);
            } else {
                const int64_t steps = smaller(LINE, block_end - k);
                pack_panel(vectors, steps, columns, b, p->ldb, 1, 0, panel);
                multiply_panel(rows, vectors, pairs, steps, a, a_row, a_step, panel, sum);
            }
        }
        float sums[TRANSPOSED_ROWS * 2 * LANES];
#pragma GCC unroll 16
        for (int i = 0; i < rows * vectors; i++) vstore(sums + i * LANES, sum[i]);
        add_block(p, 0, rows, column, columns, sums, width, block == 0, block_end == K);
        k = block_end;
    } while (k < K);
}

#define TRANSPOSED(rows)                                                    \
    case rows:                                                              \
        for (int64_t j = begin, width; j < end; j += width) {               \
            width = TRANSPOSED_VECTORS(rows, pairs) * LANES;                \
            transposed_columns(p, rows, pairs, j, smaller(width, end - j)); \
        }                                                                   \
        break;
INLINE void multiply_transposed(const Product *p, const int pairs, int64_t begin, int64_t end) {
    switch (p->M) {
        TRANSPOSED(1) TRANSPOSED(2)
#if LANES >= 8
        TRANSPOSED(3) TRANSPOSED(4)
#endif
#if LANES >= 16
        TRANSPOSED(5) TRANSPOSED(6) TRANSPOSED(7) TRANSPOSED(8)
#endif
    }
}

/* ---- rows of B run along k, and A has more rows ---- */

/* The micro-kernel with A and B in each other's place: rows of B, as they lie, are the tile's rows, and rows of A,
 * packed once, its vectors. So many sums are under way at once: */
#define SUMS 12
#define LANE_VECTORS 2 /* vectors of A's rows that go together */
#define TURNED ((SUMS + LANES - 1) / LANES * LANES)

/* n floats, n even, from pairs as they lie. */
INLINE void split(const float *pairs, int64_t n, float *x) {
    typedef uint16_t Halves __attribute__((vector_size(VECTOR_BYTES / 2), aligned(4), may_alias));
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vstore(x + i, (vfloat)(__builtin_convertvector(*(const Halves *)(pairs + i / 2), vint) << 16));
    for (; i < n; i += 2) {
        uint32_t pair, both[2];
        memcpy(&pair, pairs + i / 2, sizeof pair);
        both[0] = pair << 16;
        both[1] = pair & 0xffff0000;
        memcpy(x + i, both, sizeof both);
    }
}

/* `columns` columns of C, at most SUMS / vectors, for up to `vectors` vectors of A's rows. */
INLINE void lane_columns(const Product *p, const int vectors, const int pairs, int64_t row, int64_t column,
                         int64_t columns, const float *a) {
    const int height = SUMS / vectors, width = vectors * LANES;
    int64_t k = 0;
    do {
        const int64_t block = k, block_end = smaller(p->K, k + K_BLOCK);
        float beside[SUMS * K_BLOCK]; /* numbers of B that cannot be read where they lie */
        const float *b = beside;
        int64_t b_row = LINE;
        if (pairs != SPLIT) {
            b = b_at(p, k, column);
            b_row = p->ldb;
        }
        if (pairs != SPLIT && columns < height) { /* the last columns, without what lies behind them */
            for (int64_t j = 0; j < columns; j++)
                memcpy(beside + j * K_BLOCK, b + j * b_row, (size_t)(block_end - k) * sizeof(float));
            b = beside;
            b_row = K_BLOCK;
        }
        vfloat sum[SUMS] = {0};
        for (; k < block_end; k += LINE, a += LINE * width, b += pairs == SPLIT ? 0 : LINE) {
            /* So many multiply-adds lie between two lines that the prefetcher alone falls behind: the next columns are
             * asked for, into the L2 cache. */
#pragma GCC unroll 16
            for (int j = 0; j < height; j++)
                __builtin_prefetch(pairs == SPLIT ? b_at(p, k / 2, column + height + j) : b + (height + j) * b_row, 0, 2);
            if (pairs == SPLIT) {
                if (block_end - k >= LINE && columns >= height) {
#pragma GCC unroll 16
                    for (int j = 0; j < height; j++) split(b_at(p, k / 2, column + j), LINE, beside + j * LINE);
                } else
                    for (int j = 0; j < smaller(height, columns); j++)
                        split(b_at(p, k / 2, column + j), smaller(LINE, block_end - k), beside + j * LINE);
            }
            if (block_end - k >= LINE) multiply_steps(height, vectors, pairs == 1, LINE, b, b_row, 1, a, width, sum);
            else multiply_steps(height, vectors, pairs == 1, block_end - k, b, b_row, 1, a, width, sum);
        }
        float sums[TURNED * LANE_VECTORS * LANES] = {0}, turned[LANE_VECTORS * LANES * TURNED];
#pragma GCC unroll 16
        for (int i = 0; i < SUMS; i++) vstore(sums + i * LANES, sum[i]);
        for (int v = 0; v < vectors; v++)
            for (int j = 0; j < height; j += LANES)
                transpose(sums + j * width + v * LANES, width, turned + v * LANES * TURNED + j, TURNED);
        add_block(p, row, smaller(width, p->M - row), column, columns, turned, TURNED, block == 0, block_end == p->K);
        k = block_end;
    } while (k < p->K);
}

/* Where the vectors for the rows from `row` on lie among all of A, packed. */
INLINE int64_t lanes_offset(const Product *p, int64_t row) { return row * round_up(p->K, LANES); }

static void pack_lanes(const Product *p, float *packed) {
    for (int64_t row = 0; row < p->M; row += LANE_VECTORS * LANES) {
        const int64_t rows = smaller(LANE_VECTORS * LANES, p->M - row);
        pack_panel(rows > LANES ? 2 : 1, p->K, rows, a_at(p, row, 0), p->lda, p->a_along_k, 0,
                   packed + lanes_offset(p, row));
    }
}

INLINE void multiply_as_lanes(const Product *p, const int pairs, int64_t begin, int64_t end, const float *packed) {
    for (int64_t j = begin; j < end; j += SUMS)
        for (int64_t row = 0; row < p->M; row += LANE_VECTORS * LANES) {
            const float *a = packed + lanes_offset(p, row);
            if (p->M - row <= LANES) lane_columns(p, 1, pairs, row, j, smaller(SUMS, end - j), a);
            else
                for (int64_t half = j; half < smaller(j + SUMS, end); half += SUMS / 2)
                    lane_columns(p, 2, pairs, row, half, smaller(SUMS / 2, end - half), a);
        }
}

/* ---- all columns ---- */

int multiply_few_rows(const Product *p) {
    const int threads = threads_for(p->N * (p->K + 1) * larger(READ_COST, 2 * p->M), 1 << 20);
    const int transposed = p->b_along_k && p->M <= TRANSPOSED_ROWS, lanes = p->b_along_k && !transposed;

    /* C is cut into pieces of columns. Where rows of B are steps the pieces are as wide as can be, for memory is
     * quickest at long rows, but no wider than that `state` stays in the L2 cache; else each thread has a few. */
    const int64_t pieces = p->b_along_k ? 4 * threads : round_up(divide_up(p->M * p->N, STATE_SIZE), threads);
    const int64_t width = round_up(divide_up(p->N, pieces), p->b_along_k ? larger(SUMS, 2 * LANES) : TILE_COLUMNS);
    const int64_t packed_size = lanes ? lanes_offset(p, round_up(p->M, LANES)) : 0;
    const int64_t state_size = p->b_along_k ? 0 : p->M * width;
    void *memory;
    if (posix_memalign(&memory, 64, (size_t)(packed_size + threads * state_size + 1) * sizeof(float))) return -1;
    if (lanes) pack_lanes(p, memory);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t begin = 0; begin < p->N; begin += width) {
        const int64_t end = smaller(p->N, begin + width);
        if (transposed && p->pairs) multiply_transposed(p, BF16_PAIRS ? 1 : SPLIT, begin, end);
        else if (transposed) multiply_transposed(p, 0, begin, end);
        else if (lanes && p->pairs) multiply_as_lanes(p, BF16_PAIRS ? 1 : SPLIT, begin, end, memory);
        else if (lanes) multiply_as_lanes(p, 0, begin, end, memory);
        else multiply_steps_of_b(p, begin, end, (float *)memory + thread_number() * state_size);
    }
    free(memory);
    return 0;
}
