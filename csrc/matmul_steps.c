/* matmul_steps.c: from three loops to a fast matrix product, in five steps. For reading; minirl computes with matmul.c.
 *
 * C = A B takes 2 M N K operations: one multiplication and one addition for each i, j and k. The matrices hold
 * 4 (M K + K N + M N) bytes. For M = N = K = 1024 that is 2.1 billion operations on 12.6 MB, 170 operations a byte. No
 * memory is too slow for that, provided that every number is fetched once. The floor is therefore arithmetic: a core
 * with vectors of L floats starts two vector multiply-adds in a cycle, which are 4 L operations. (peak.c measures it.)
 *
 * What keeps a program from this floor is where its numbers come from. In a cycle a core does two vector multiply-adds,
 * but it loads at most two vectors, and only if they lie in its nearest cache. So the question of every step is: how
 * many loads does a multiply-add need, and how far away are they?
 *
 *     step                    loads for one multiply-add             where from
 *     1 three loops           2 numbers, one alone in its line       memory
 *     2 rows                  2 vectors, and 1 store                 the row of B from memory or the last cache
 *     3 cache tiles           2 vectors, and 1 store                 the nearest cache
 *     4 register tile         2/3 of a load (8 for 12, on AVX2)      the nearest cache, in jumps
 *     5 packing               the same                               the nearest cache, in the order of reading
 *
 * Every step computes the same sums, up to rounding, on one thread. matmul.c goes on from step 5 with threads, blocks
 * that fit into the cache of each, memory asked for in advance, copies of the micro-kernel for low tiles, and matrices
 * that are stored transposed. Here all are row-major and without gaps: A (M, K), B (K, N), C (M, N).
 */
#include <stdlib.h>

#include "tile.h"

#define CACHE_STEPS 32 /* step 3: 32 x 128 floats of B are 16 KB, half of a small L1 cache */
#define CACHE_COLUMNS 128
#define BLOCK_STEPS 256 /* steps 4 and 5: 256 steps of 16 columns are 16 KB as well */

INLINE int64_t least(int64_t x, int64_t y) { return x < y ? x : y; }

/* ---- step 1: the definition ----
 *
 * Inside, k runs. It walks along a row of A, which is good: a cache line brings 16 numbers, and all are needed next.
 * But it walks down a column of B, where each number lies N floats after the last: of every line that comes in, one
 * number is used. Nor can the loop use vectors: it adds up one sum, and each addition waits for the one before. */
static void three_loops(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    for (int64_t i = 0; i < M; i++)
        for (int64_t j = 0; j < N; j++) {
            float sum = 0;
            for (int64_t k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
}

/* ---- step 2: walk along rows ----
 *
 * The loops change places: inside, j runs. Now B and C are both read along rows, every number of a cache line is used,
 * and neighbouring j do not wait for each other: the compiler makes vectors of them. What is left: for each
 * multiply-add, a vector of B and one of C are loaded, and one of C is stored.
 *
 * ld is the distance between stored rows, so that steps 3 and 4 can use this on parts of the matrices. */
static void add_rows(int64_t rows, int64_t columns, int64_t steps, const float *a, int64_t lda, const float *b,
                     int64_t ldb, float *c, int64_t ldc) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t k = 0; k < steps; k++) {
            const float number = a[i * lda + k], *row = b + k * ldb;
            float *sums = c + i * ldc;
            for (int64_t j = 0; j < columns; j++) sums[j] += number * row[j];
        }
}

static void along_rows(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    add_rows(M, N, K, a, K, b, N, c, N);
}

/* ---- step 3: tiles for the cache ----
 *
 * Step 2 reads all of B for each row of C. Once B is larger than a cache, it comes from further away M times. So take
 * a tile of B that fits into the nearest cache, and use it for all rows of C before the next tile's turn. Alone this
 * brings little as long as B fits into the last cache: the processor fetches rows ahead of time, and what holds it up
 * is that the sums travel. Step 4 removes that, and then cannot do without the cache. */
static void cache_tiles(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    for (int64_t k = 0; k < K; k += CACHE_STEPS)
        for (int64_t j = 0; j < N; j += CACHE_COLUMNS)
            add_rows(M, least(CACHE_COLUMNS, N - j), least(CACHE_STEPS, K - k), a + k, K, b + k * N + j, N, c + j, N);
}

/* ---- step 4: a tile of C in registers ----
 *
 * The sums still travel: each is loaded and stored for a single multiply-add. So keep a small tile of C in registers
 * while k runs, and store it at the end. One step of k loads TILE_VECTORS vectors of B and TILE_ROWS numbers of A, and
 * does TILE_ROWS x TILE_VECTORS multiply-adds with them: 8 loads for 12 on AVX2. tile.h derives how large a tile the
 * registers hold. Rows and columns that do not fill a tile are left to step 2. */
INLINE void micro_kernel(int64_t steps, const float *a, int64_t a_row, int64_t a_step, const float *b, int64_t b_step,
                         vfloat sum[TILE_ROWS][TILE_VECTORS]) {
    for (int64_t k = 0; k < steps; k++)
#pragma GCC unroll 16
        for (int i = 0; i < TILE_ROWS; i++)
#pragma GCC unroll 4
            for (int v = 0; v < TILE_VECTORS; v++)
                sum[i][v] += vset(a[i * a_row + k * a_step]) * vload(b + k * b_step + v * LANES);
}

static void register_tiles(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    const int64_t rows = M - M % TILE_ROWS, columns = N - N % TILE_COLUMNS; /* covered by whole tiles */
    for (int64_t k = 0; k < K; k += BLOCK_STEPS) {
        const int64_t steps = least(BLOCK_STEPS, K - k);
        for (int64_t j = 0; j < columns; j += TILE_COLUMNS)
            for (int64_t i = 0; i < rows; i += TILE_ROWS) {
                vfloat sum[TILE_ROWS][TILE_VECTORS] = {0};
                micro_kernel(steps, a + i * K + k, K, 1, b + k * N + j, N, sum);
                for (int r = 0; r < TILE_ROWS; r++)
                    for (int v = 0; v < TILE_VECTORS; v++) {
                        float *place = c + (i + r) * N + j + v * LANES;
                        vstore(place, vload(place) + sum[r][v]);
                    }
            }
    }
    add_rows(rows, N - columns, K, a, K, b + columns, N, c + columns, N);
    add_rows(M - rows, N, K, a + rows * K, K, b, N, c + rows * N, N);
}

/* ---- step 5: packing ----
 *
 * The micro-kernel jumps: to the next row of B, N floats on, with every step, and to TILE_ROWS rows of A. When N is a
 * power of two these places even fight for the same few lines of the cache. So copy first, into the order of reading:
 * A in tiles of TILE_ROWS rows, B in panels of TILE_COLUMNS columns. A copy moves each number once; the micro-kernel
 * then reads it many times, one after the other. The copies are padded with zeros, so that the micro-kernel has full
 * tiles everywhere, and only what lies inside C is stored. */
static void pack(int64_t width, int64_t steps, int64_t present, const float *from, int64_t across, int64_t step,
                 float *packed) {
    for (int64_t k = 0; k < steps; k++)
        for (int64_t i = 0; i < width; i++) packed[k * width + i] = i < present ? from[i * across + k * step] : 0;
}

static int packed_panels(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    const int64_t tiles = (M + TILE_ROWS - 1) / TILE_ROWS;
    void *memory;
    if (posix_memalign(&memory, 64, (size_t)((TILE_COLUMNS + tiles * TILE_ROWS) * BLOCK_STEPS) * sizeof(float)))
        return -1;
    float *panel = memory, *packed_a = panel + TILE_COLUMNS * BLOCK_STEPS;
    for (int64_t k = 0; k < K; k += BLOCK_STEPS) {
        const int64_t steps = least(BLOCK_STEPS, K - k);
        for (int64_t i = 0; i < M; i += TILE_ROWS)
            pack(TILE_ROWS, steps, M - i, a + i * K + k, K, 1, packed_a + i * steps);
        for (int64_t j = 0; j < N; j += TILE_COLUMNS) {
            pack(TILE_COLUMNS, steps, N - j, b + k * N + j, 1, N, panel);
            for (int64_t i = 0; i < M; i += TILE_ROWS) {
                vfloat sum[TILE_ROWS][TILE_VECTORS] = {0};
                micro_kernel(steps, packed_a + i * steps, 1, TILE_ROWS, panel, TILE_COLUMNS, sum);
                for (int64_t r = 0; r < least(TILE_ROWS, M - i); r++)
                    for (int64_t v = 0; v * LANES < least(TILE_COLUMNS, N - j); v++) {
                        float *place = c + (i + r) * N + j + v * LANES;
                        const int64_t left = N - j - v * LANES;
                        vstore_some(place, vload_some(place, left) + sum[r][v], left);
                    }
            }
        }
    }
    free(memory);
    return 0;
}

int kernel_matmul_step(int step, int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c) {
    for (int64_t i = 0; i < M * N; i++) c[i] = 0; /* steps 2 to 5 add to what is there */
    switch (step) {
        case 1: three_loops(M, N, K, a, b, c); return 0;
        case 2: along_rows(M, N, K, a, b, c); return 0;
        case 3: cache_tiles(M, N, K, a, b, c); return 0;
        case 4: register_tiles(M, N, K, a, b, c); return 0;
        default: return packed_panels(M, N, K, a, b, c);
    }
}
