/* matmul_tf32.cu: C = A B on tensor cores in TF32, whose numbers have float32's range and 10 bits after the point.
 *
 * bfloat16 has 7. So products are eight times as exact, at half of bfloat16's speed and several times float32's. The way
 * is that of matmul_bfloat16 (matmul.cu): 8 warps of 64 x 32 numbers of C. But a number has 32 bits, so a piece is half as
 * long: 16 x 8 of A and 8 x 8 of B. `ldmatrix` moves 16 bits at a time, so each lane reads its numbers itself. Rows of a
 * tile are 20 numbers apart, with which the 32 lanes of a warp read from 32 banks of shared memory.
 */
#include "product.cuh"
#include "tensor_cores.cuh"

enum { TILE = 128, THREADS = 256, STEP = 16, WIDTH = STEP + 4, EACH = TILE * STEP / THREADS };
typedef unsigned Tile[TILE][WIDTH];

/* Of an operand's tile the j-th number that this thread fetches: neighbouring threads read along the step that is 1. */
__device__ __forceinline__ void place_of(bool along_k, int j, int *row, int *k) {
    const int t = threadIdx.x;
    *row = along_k ? t / STEP + j * (THREADS / STEP) : t % TILE;
    *k = along_k ? t % STEP : t / TILE + j * (THREADS / TILE);
}

/* The sums of this warp's 64 x 32 piece: 4 x 4 pieces of 16 x 8 numbers, of which each lane holds 4. */
__device__ __forceinline__ void multiply_tiles(const Tile &a, const Tile &b, int top, int left, float sums[4][4][4]) {
    const int group = lane_number() / 4, member = lane_number() % 4;
    for (int k = 0; k < STEP; k += 8) {
        unsigned a_pieces[4][4], b_pieces[4][2];
        for (int i = 0; i < 4; i++)
            for (int part = 0; part < 4; part++)
                a_pieces[i][part] = a[top + 16 * i + group + part % 2 * 8][k + member + part / 2 * 4];
        for (int j = 0; j < 4; j++)
            for (int part = 0; part < 2; part++) b_pieces[j][part] = b[left + 8 * j + group][k + member + part * 4];
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++) multiply_tf32_pieces(sums[i][j], a_pieces[i], b_pieces[j]);
    }
}

extern "C" __global__ void __launch_bounds__(THREADS)
matmul_tf32(int64 M, int64 N, int64 K, const float *a, int64 a_row, int64 a_k, int64 a_batch, const float *b, int64 b_k,
            int64 b_column, int64 b_batch, const float *bias, int64 activation, float *preactivation,
            const float *residual, float *c, int64 accumulate) {
    __shared__ Tile a_tiles[2];
    __shared__ Tile b_tiles[2];
    const int64 first_row = (int64)blockIdx.y * TILE, first_column = (int64)blockIdx.x * TILE;
    const Matrix A = {a + blockIdx.z * a_batch, M, K, a_row, a_k}, B = {b + blockIdx.z * b_batch, N, K, b_column, b_k};
    const int top = warp_number() / 4 * 64, left = warp_number() % 4 * 32;
    float sums[4][4][4] = {};
    unsigned a_next[EACH], b_next[EACH];
    int row, k;

    for (int64 start = -STEP; start < K; start += STEP) {
        const int now = (int)(start / STEP & 1), next = now ^ 1;
        for (int j = 0; j < EACH; j++) { /* ask for the next tiles */
            place_of(a_k == 1, j, &row, &k);
            a_next[j] = tf32_bits(number(A, first_row + row, start + STEP + k));
            place_of(b_k == 1, j, &row, &k);
            b_next[j] = tf32_bits(number(B, first_column + row, start + STEP + k));
        }
        if (start >= 0) multiply_tiles(a_tiles[now], b_tiles[now], top, left, sums);
        for (int j = 0; j < EACH; j++) { /* store what has come, where nobody reads now */
            place_of(a_k == 1, j, &row, &k);
            a_tiles[next][row][k] = a_next[j];
            place_of(b_k == 1, j, &row, &k);
            b_tiles[next][row][k] = b_next[j];
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
