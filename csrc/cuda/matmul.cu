/* matmul.cu: C = A B, four times, each time faster. Read from the top.
 *
 *  1. naive         one thread a number of C. Each number of A is fetched N times, each of B M times.
 *  2. shared        a block fetches a 32 x 32 tile of A and of B once, for all of its threads: 32 times fewer fetches.
 *  3. float32       a thread computes 8 x 8 numbers of C from 8 + 8 numbers in registers: shared memory, too, is read 8
 *                   times less. While it multiplies, the next tiles are on their way.
 *  4. bfloat16      tensor cores multiply whole pieces of tiles at once.
 *
 * 1 and 2 are for reading and for measuring. 3 and 4 are what `kernels.matmul` calls: with operands in either layout,
 * many products at once, and an end in which bias, activation and residual are added while C is still in registers
 * (product.cuh). matmul_tf32.cu gives tensor cores more digits, and matmul_few_rows.cu is for a token at a time.
 *
 * Every number of C is a sum over k in ascending order, by one thread (or one tensor core): always the same bits.
 */
#include "product.cuh"
#include "tensor_cores.cuh"

/* ---- 1. naive ---- */

extern "C" __global__ void matmul_naive(int64 M, int64 N, int64 K, const float *a, const float *b, float *c) {
    const int64 row = (int64)blockIdx.y * blockDim.y + threadIdx.y, column = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (row >= M || column >= N) return;
    float sum = 0;
    for (int64 k = 0; k < K; k++) sum += a[row * K + k] * b[k * N + column];
    c[row * N + column] = sum;
}

/* ---- 2. tiles in shared memory: 32 x 32 threads ---- */

enum { SIDE = 32 };

extern "C" __global__ void __launch_bounds__(SIDE * SIDE)
matmul_shared(int64 M, int64 N, int64 K, const float *a, const float *b, float *c) {
    __shared__ float a_tile[SIDE][SIDE], b_tile[SIDE][SIDE];
    const int x = threadIdx.x, y = threadIdx.y;
    const int64 row = (int64)blockIdx.y * SIDE + y, column = (int64)blockIdx.x * SIDE + x;
    float sum = 0;
    for (int64 start = 0; start < K; start += SIDE) {
        a_tile[y][x] = row < M && start + x < K ? a[row * K + start + x] : 0;
        b_tile[y][x] = start + y < K && column < N ? b[(start + y) * N + column] : 0;
        __syncthreads(); /* the tiles are whole */
        for (int k = 0; k < SIDE; k++) sum += a_tile[y][k] * b_tile[k][x];
        __syncthreads(); /* all have read them */
    }
    if (row < M && column < N) c[row * N + column] = sum;
}

enum { TILE = 128, THREADS = 256 }; /* a block computes a TILE x TILE piece of C */

/* ---- 3. registers: 16 x 16 threads of 8 x 8 numbers ---- */

enum { DEPTH = 8, EACH = TILE * DEPTH / THREADS, PADDED = TILE + 4 }; /* EACH: numbers of a tile that a thread fetches */

/* Of tile `start` of an operand (rows of C's rows or columns, columns along k) the j-th number that this thread fetches. */
__device__ __forceinline__ void place_of(const Matrix &m, int j, int *row, int *k) {
    const int t = threadIdx.x;
    if (m.column_step == 1) { /* 8 neighbours along k are the 32 bytes that memory hands out at least */
        *row = t / DEPTH + j * (THREADS / DEPTH);
        *k = t % DEPTH;
    } else {
        *row = t % TILE;
        *k = t / TILE + j * (THREADS / TILE);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
matmul_float32(int64 M, int64 N, int64 K, const float *a, int64 a_row, int64 a_k, int64 a_batch, const float *b, int64 b_k,
               int64 b_column, int64 b_batch, const float *bias, int64 activation, float *preactivation,
               const float *residual, float *c, int64 accumulate) {
    __shared__ __align__(16) float a_tiles[2][DEPTH][PADDED], b_tiles[2][DEPTH][PADDED];
    const int64 first_row = (int64)blockIdx.y * TILE, first_column = (int64)blockIdx.x * TILE;
    const Matrix A = {a + blockIdx.z * a_batch, M, K, a_row, a_k}, B = {b + blockIdx.z * b_batch, N, K, b_column, b_k};
    const int x = threadIdx.x % 16 * 4, y = threadIdx.x / 16 * 4; /* rows y to y + 3, 64 + y to 64 + y + 3; columns too */
    float sums[8][8] = {}, a_next[EACH], b_next[EACH];
    int row, k;

    for (int64 start = -DEPTH; start < K; start += DEPTH) {
        const int now = (int)(start / DEPTH & 1), next = now ^ 1;
        for (int j = 0; j < EACH; j++) { /* ask for the next tiles */
            place_of(A, j, &row, &k);
            a_next[j] = number(A, first_row + row, start + DEPTH + k);
            place_of(B, j, &row, &k);
            b_next[j] = number(B, first_column + row, start + DEPTH + k);
        }
        if (start >= 0) /* multiply those that are there */
            for (k = 0; k < DEPTH; k++) {
                float a_part[8], b_part[8];
                for (int i = 0; i < 8; i++) {
                    a_part[i] = a_tiles[now][k][i / 4 * 64 + y + i % 4];
                    b_part[i] = b_tiles[now][k][i / 4 * 64 + x + i % 4];
                }
                for (int i = 0; i < 8; i++)
                    for (int j = 0; j < 8; j++) sums[i][j] += a_part[i] * b_part[j];
            }
        for (int j = 0; j < EACH; j++) { /* store what has come, where nobody reads now */
            place_of(A, j, &row, &k);
            a_tiles[next][k][row] = a_next[j];
            place_of(B, j, &row, &k);
            b_tiles[next][k][row] = b_next[j];
        }
        __syncthreads();
    }
    const Finish end = finish_of(M, N, bias, activation, preactivation, residual, c, accumulate);
#pragma unroll /* registers have no index at run time: without it, the sums would go through memory */
    for (int i = 0; i < 8; i++)
#pragma unroll
        for (int j = 0; j < 8; j++)
            finish(end, first_row + i / 4 * 64 + y + i % 4, first_column + j / 4 * 64 + x + j % 4, sums[i][j]);
}

/* ---- 4. tensor cores: 8 warps of 64 x 32 numbers, k in steps of 32 ---- */

/* A row of a tile: 32 numbers of 16 bits, and 8 that keep the rows of one ldmatrix in different banks. */
enum { STEP = 32, WIDTH = STEP + 8, PAIRS = TILE * STEP / 2 / THREADS };
typedef unsigned short Tile[TILE][WIDTH];

/* The j-th pair of numbers that this thread fetches from an operand's tile, rounded. */
__device__ __forceinline__ void pair_place(bool along_k, int j, int *row, int *k) {
    const int t = threadIdx.x;
    *row = along_k ? t / (STEP / 2) + j * (THREADS / (STEP / 2)) : t % TILE;
    *k = 2 * (along_k ? t % (STEP / 2) : t / TILE + j * (THREADS / TILE));
}

/* A number of (rows, columns) numbers in bfloat16, as its bits. */
__device__ __forceinline__ unsigned bits(const unsigned short *at, int64 row, int64 column, int64 rows, int64 columns) {
    return row < rows && column < columns ? at[row * columns + column] : 0u;
}

/* The sums of this warp's 64 x 32 piece: 4 x 4 pieces of 16 x 8 numbers, of which each lane holds 4. */
__device__ __forceinline__ void multiply_tiles(const Tile &a, const Tile &b, int top, int left, float sums[4][4][4]) {
    const int lane = lane_number();
    for (int k = 0; k < STEP; k += 16) {
        unsigned a_pieces[4][4], b_pieces[2][4];
        for (int i = 0; i < 4; i++) load_matrices(a_pieces[i], &a[top + 16 * i + lane % 16][k + lane / 16 * 8]);
        for (int j = 0; j < 2; j++)
            load_matrices(b_pieces[j], &b[left + 16 * j + lane % 8 + lane / 16 * 8][k + lane / 8 % 2 * 8]);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) multiply_pieces(sums[i][j], a_pieces[i], &b_pieces[j / 2][j % 2 * 2]);
    }
}

/* b is (K, N) or (N, K) in float32, or b_bits (N, K) in bfloat16. */
extern "C" __global__ void __launch_bounds__(THREADS)
matmul_bfloat16(int64 M, int64 N, int64 K, const float *a, int64 a_row, int64 a_k, int64 a_batch, const float *b,
                const unsigned short *b_bits, int64 b_k, int64 b_column, int64 b_batch, const float *bias,
                int64 activation, float *preactivation, const float *residual, float *c, int64 accumulate) {
    __shared__ __align__(16) Tile a_tiles[2];
    __shared__ __align__(16) Tile b_tiles[2];
    const int64 first_row = (int64)blockIdx.y * TILE, first_column = (int64)blockIdx.x * TILE;
    const Matrix A = {a + blockIdx.z * a_batch, M, K, a_row, a_k};
    const Matrix B = {b ? b + blockIdx.z * b_batch : b, N, K, b_column, b_k};
    const int top = warp_number() / 4 * 64, left = warp_number() % 4 * 32;
    float sums[4][4][4] = {};
    unsigned a_next[PAIRS], b_next[PAIRS];
    int row, k;

    for (int64 start = -STEP; start < K; start += STEP) {
        const int now = (int)(start / STEP & 1), next = now ^ 1;
        for (int j = 0; j < PAIRS; j++) {
            pair_place(a_k == 1, j, &row, &k);
            const int64 i = first_row + row, at = start + STEP + k;
            a_next[j] = bf16_pair(number(A, i, at), number(A, i, at + 1));
        }
        for (int j = 0; j < PAIRS; j++) {
            pair_place(b_k == 1, j, &row, &k);
            const int64 i = first_column + row, at = start + STEP + k;
            if (b)
                b_next[j] = bf16_pair(number(B, i, at), number(B, i, at + 1));
            else
                b_next[j] = bits(b_bits, i, at, N, K) | bits(b_bits, i, at + 1, N, K) << 16;
        }
        if (start >= 0) multiply_tiles(a_tiles[now], b_tiles[now], top, left, sums);
        for (int j = 0; j < PAIRS; j++) {
            pair_place(a_k == 1, j, &row, &k);
            *(unsigned *)&a_tiles[next][row][k] = a_next[j];
            pair_place(b_k == 1, j, &row, &k);
            *(unsigned *)&b_tiles[next][row][k] = b_next[j];
        }
        __syncthreads();
    }
    const Finish end = finish_of(M, N, bias, activation, preactivation, residual, c, accumulate);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            for (int part = 0; part < 4; part++)
                finish(end, first_row + top + 16 * i + lane_number() / 4 + part / 2 * 8,
                       first_column + left + 8 * j + lane_number() % 4 * 2 + part % 2, sums[i][j][part]);
}

/* ---- x rounded to bfloat16, as float32 ---- */

extern "C" __global__ void __launch_bounds__(THREADS) round_bfloat16(int64 n, const float *x, float *y) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n) y[i] = bf16_value(bf16_bits(x[i]));
}
