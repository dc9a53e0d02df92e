#include <stdlib.h>

#include "pack.h"
#include "parallel.h"
#include "vector_math.h"

#ifndef K_BLOCK
#define K_BLOCK 256
#endif
#define A_VECTORS ((TILE_ROWS + LANES - 1) / LANES)
#ifndef P_NC
#define P_NC 512
#endif
#ifndef P_FEW
#define P_FEW 32
#endif
#ifndef P_DEPTH
#define P_DEPTH 16
#endif
#ifndef P_FEW_NC
#define P_FEW_NC 512
#endif
#ifndef P_FEW_NCT
#define P_FEW_NCT 512
#endif

typedef struct {
    int64_t M, N, K;
    const float *a; int64_t lda; int a_along_k;
    const float *b; int64_t ldb; int b_along_k;
    const float *bias; int activation; float *preactivation;
    float *c; int64_t ldc; int accumulate, bf16;
    int64_t rows, columns, depth;
} Product;

INLINE int64_t smaller(int64_t x, int64_t y) { return x < y ? x : y; }
INLINE int64_t divide_up(int64_t x, int64_t y) { return (x + y - 1) / y; }

typedef struct { const float *p; int64_t row, second, advance; int rows; } Ahead;
INLINE Ahead ahead_of(const float *source, int64_t ld, int along_k, int columns) {
    if (along_k) return (Ahead){source, 2 * ld, ld, 16, (columns + 1) / 2};
    return (Ahead){source, ld, columns > 16 ? 16 : columns - 1, 16 * ld, 16};
}
INLINE void run_tile(Ahead ahead, const int rows, const int pairs, int64_t steps, const float *a, const float *b, const float *start, int64_t start_step, float *c, int64_t c_step, int add) {
    vfloat sum[TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < TILE_VECTORS; v++) sum[i][v] = start ? vload(start + i * start_step + v * LANES) : (vfloat){0};
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < TILE_VECTORS; v++) __builtin_prefetch(c + i * c_step + v * LANES, 1);
    for (int64_t k = 0; k < steps; k += 16) {
        for (int r = 0; r < ahead.rows; r++) {
            __builtin_prefetch(ahead.p + r * ahead.row);
            __builtin_prefetch(ahead.p + r * ahead.row + ahead.second);
        }
        ahead.p += ahead.advance;
        tile_multiply(rows, pairs, smaller(16, steps - k), a + k * A_VECTORS * LANES, 1, A_VECTORS * LANES, b + k * TILE_COLUMNS, TILE_COLUMNS, sum);
    }
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 4
        for (int v = 0; v < TILE_VECTORS; v++) {
            float *p = c + i * c_step + v * LANES;
            vstore(p, add ? vload(p) + sum[i][v] : sum[i][v]);
        }
}

#define ROWS_CASE(rows) case rows: if (pairs) run_tile(ahead, rows, 1, steps, a, b, start, start_step, c, c_step, add); else run_tile(ahead, rows, 0, steps, a, b, start, start_step, c, c_step, add); break;
static __attribute__((noinline)) void run_rows(Ahead ahead, int rows, int pairs, int64_t steps, const float *a, const float *b, const float *start, int64_t start_step, float *c, int64_t c_step, int add) {
    pairs = BF16_PAIRS && pairs;
    switch (rows) {
        ROWS_CASE(1) ROWS_CASE(2) ROWS_CASE(3) ROWS_CASE(4)
#if TILE_ROWS > 4
        ROWS_CASE(5) ROWS_CASE(6)
#endif
#if TILE_ROWS > 6
        ROWS_CASE(7) ROWS_CASE(8)
#endif
#if TILE_ROWS > 8
        ROWS_CASE(9) ROWS_CASE(10) ROWS_CASE(11) ROWS_CASE(12) ROWS_CASE(13) ROWS_CASE(14)
#endif
    }
}

static void finish_tile(const Product *p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
    for (int64_t i = row; i < row + rows; i++)
        for (int64_t j = column; j < column + columns; j += LANES) {
            int64_t n = smaller(LANES, column + columns - j);
            float *c = p->c + i * p->ldc + j;
            vfloat x = load_first(c, n);
            if (p->bias) x = x + load_first(p->bias + j, n);
            if (p->preactivation) vstore_tail(p->preactivation + i * p->ldc + j, x, n);
            switch (p->activation) {
                case 1: x = vgelu_tanh(x); break;
                case 2: x = vgelu_exact(x); break;
                case 3: x = vsilu(x); break;
            }
            vstore_tail(c, x, n);
        }
}

static void multiply_block(const Product *p, int64_t row0, int64_t column0, float *scratch) {
    int64_t rows = smaller(p->rows, p->M - row0), columns = smaller(p->columns, p->N - column0);
    int64_t tiles = divide_up(rows, TILE_ROWS), panels = divide_up(columns, TILE_COLUMNS);
    int64_t panel_size = packed_size(p->depth, TILE_VECTORS), state_step = panels * TILE_COLUMNS;
    float *packed_a = scratch, *packed_b = packed_a + packed_size(p->depth, A_VECTORS), *state = packed_b + panels * panel_size;
    int finish = p->bias || p->preactivation || p->activation;
    for (int64_t k0 = 0; k0 == 0 || k0 < p->K;) {
        int64_t block_end = smaller(p->K, (k0 / K_BLOCK + 1) * K_BLOCK);
        int64_t k = smaller(p->depth, block_end - k0), steps = packed_steps(k, p->bf16);
        int first = k0 % K_BLOCK == 0, last = k0 + k == block_end, add = p->accumulate || k0 >= K_BLOCK;
        for (int64_t tile = 0, i = 0; tile < tiles; tile++) {
            int64_t height = rows / tiles + (tile < rows % tiles);
            const float *a = p->a + (p->a_along_k ? (row0 + i) * p->lda + k0 : k0 * p->lda + row0 + i);
            pack_panel(A_VECTORS, k, height, a, p->lda, p->a_along_k, p->bf16, packed_a);
            for (int64_t panel = 0; panel < panels; panel++) {
                int64_t j = panel * TILE_COLUMNS, width = smaller(TILE_COLUMNS, columns - j);
                float *packed = packed_b + panel * panel_size;
                if (tile == 0) {
                    const float *b = p->b + (p->b_along_k ? (column0 + j) * p->ldb + k0 : k0 * p->ldb + column0 + j);
                    pack_panel(TILE_VECTORS, k, width, b, p->ldb, p->b_along_k, p->bf16, packed);
                }
                float *s = state + i * state_step + j, *c = p->c + (row0 + i) * p->ldc + column0 + j;
                const float *start = first ? NULL : s;
                Ahead ahead = {0};
                if (panel + 1 == panels) {
                    if (tile + 1 < tiles) ahead = ahead_of(p->a_along_k ? a + height * p->lda : a + height, p->lda, p->a_along_k, TILE_ROWS);
                } else if (tile == 0) ahead = ahead_of(p->b + (p->b_along_k ? (column0 + j + TILE_COLUMNS) * p->ldb + k0 : k0 * p->ldb + column0 + j + TILE_COLUMNS), p->ldb, p->b_along_k, TILE_COLUMNS);
                if (!last) run_rows(ahead, height, p->bf16, steps, packed_a, packed, start, state_step, s, state_step, 0);
                else if (width == TILE_COLUMNS) run_rows(ahead, height, p->bf16, steps, packed_a, packed, start, state_step, c, p->ldc, add);
                else {
                    float edge[TILE_ROWS][TILE_COLUMNS];
                    run_rows(ahead, height, p->bf16, steps, packed_a, packed, start, state_step, edge[0], TILE_COLUMNS, 0);
                    for (int64_t r = 0; r < height; r++)
                        for (int64_t col = 0; col < width; col++)
                            c[r * p->ldc + col] = add ? c[r * p->ldc + col] + edge[r][col] : edge[r][col];
                }
                if (finish && last && block_end == p->K) finish_tile(p, row0 + i, height, column0 + j, width);
            }
            i += height;
        }
        k0 += k;
        if (k == 0) break;
    }
}

int kernel_matmul(int64_t batch, int64_t M, int64_t N, int64_t K, const float *a, int64_t stride_a, int64_t lda, int transpose_a,
                  const float *b, int64_t stride_b, int64_t ldb, int transpose_b, const float *bias, int activation, float *preactivation,
                  float *c, int64_t stride_c, int64_t ldc, int accumulate, int bf16) {
    if (batch == 0 || M == 0 || N == 0 || (accumulate && K == 0)) return 0;
    Product whole = {.M = M, .N = N, .K = K, .lda = lda, .a_along_k = !transpose_a, .ldb = ldb, .b_along_k = transpose_b, .bias = bias, .activation = activation, .ldc = ldc, .accumulate = accumulate, .bf16 = bf16};
    int threads = threads_for(2 * batch * M * N * (K > 0 ? K : 1), 1 << 20);
    whole.depth = M <= P_FEW && !transpose_b ? P_DEPTH : K_BLOCK;
    whole.depth = smaller(whole.depth, K);
    whole.rows = M;
    int64_t nc = M <= P_FEW ? (transpose_b ? P_FEW_NCT : P_FEW_NC) : P_NC;
    int64_t cuts = divide_up(N, nc), row_cuts = 1;
    for (;;) {
        whole.columns = divide_up(divide_up(N, cuts), TILE_COLUMNS) * TILE_COLUMNS;
        whole.rows = divide_up(divide_up(M, row_cuts), TILE_ROWS) * TILE_ROWS;
        if (batch * cuts * row_cuts >= (threads == 1 ? 1 : 4 * threads)) break;
        if (2 * whole.rows * whole.columns * K < (1 << 22)) { if (batch * cuts * row_cuts >= threads || threads == 1) break; }
        if (whole.columns <= TILE_COLUMNS * 4 && whole.rows <= TILE_ROWS*4) break;
        if (whole.rows > 2 * whole.columns || whole.columns <= TILE_COLUMNS * 4) row_cuts++; else cuts++;
    }
    cuts = divide_up(N, whole.columns); row_cuts = divide_up(M, whole.rows);
    int64_t panels = whole.columns / TILE_COLUMNS;
    int64_t size = packed_size(whole.depth, A_VECTORS) + panels * packed_size(whole.depth, TILE_VECTORS) + (whole.depth < smaller(K, K_BLOCK) ? whole.rows * whole.columns : 0);
    size = divide_up(size, 1024) * 1024 + 64;
    void *memory;
    if (posix_memalign(&memory, 64, (size_t)(threads * size) * sizeof(float))) return -1;
    int64_t taken = 0;
#pragma omp parallel num_threads(threads)
    {
        int64_t slot;
#pragma omp atomic capture
        slot = taken++;
        float *scratch = (float *)memory + slot * size;
#pragma omp for schedule(dynamic, 1)
        for (int64_t task = 0; task < batch * cuts * row_cuts; task++) {
            int64_t matrix = task / (cuts * row_cuts), block = task % (cuts * row_cuts);
            Product p = whole;
            p.a = a + matrix * stride_a;
            p.b = b + matrix * stride_b;
            p.c = c + matrix * stride_c;
            if (preactivation) p.preactivation = preactivation + matrix * stride_c;
            multiply_block(&p, block % row_cuts * whole.rows, block / row_cuts * whole.columns, scratch);
        }
    }
    free(memory);
    return 0;
}

void kernel_round_bf16(int64_t n, const float *x, float *y) {
    int threads = threads_for(n, 1 << 17);
#pragma omp parallel for num_threads(threads)
    for (int64_t i = 0; i < n; i += LANES) {
        int64_t left = smaller(LANES, n - i);
        vstore_tail(y + i, vround_bf16(load_first(x + i, left)), left);
    }
}
