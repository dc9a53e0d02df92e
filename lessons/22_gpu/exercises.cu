/* Lesson 22: four kernels. Write the bodies; `check 22.1` and so on say
 * whether they are right, with the threads in several orders.
 *
 * A kernel is what one thread does. threadIdx.x is its number in its block,
 * and blockIdx.x the number of the block; blockDim.x says how many threads a
 * block has, and gridDim.x how many blocks there are. Some kernels here have
 * blocks with rows of threads: threadIdx.y, blockIdx.y and so on count these.
 *
 * All matrices are stored row by row, as in lesson 4. Any size may be 0. What
 * stands in y, rstd and c at the beginning is garbage. Warnings of the compiler
 * count as errors. If you add a function of your own, write `static __device__`
 * before it, and put it above the kernel that calls it.
 */
typedef long long int64; /* a whole number: memory holds more than 2^31 bytes */

enum { LANES = 32 };          /* threads of a warp */
#define ALL_LANES 0xffffffffu /* 32 bits, one for each lane */

/* ---- 22.1 ---- */

/* y[i] = x[i] / (1 + e^-x[i]), for i from 0 to n - 1. There are gridDim.x
 * blocks of blockDim.x threads, which may be fewer than n, or more. Thread
 * number t of all blocks together takes numbers t, t + the number of all
 * threads, and so on. `expf(z)` is e^z.
 *
 * Example: x = {0, 1} gives y = {0, 0.731059}. */
extern "C" __global__ void silu(int64 n, const float *x, float *y) {
}

/* ---- 22.3 ---- */

/* For each row of x (rows, C):
 *
 *     rstd = 1 / sqrt(mean of the squares of the row + eps)
 *     y    = x * rstd * gamma
 *
 * A warp has a row, and a block of 256 threads has 8 warps: warp w of block b
 * has row 8 b + w. Where there is no such row, the whole warp has nothing to
 * do. Lane l reads the numbers l, l + 32, l + 64, ... of the row. Then the
 * lanes add up their sums by
 *
 *     __shfl_xor_sync(ALL_LANES, sum, step)
 *
 * which gives each lane the `sum` of the lane whose number differs in the bit
 * `step` (1, 2, 4, 8 or 16). All 32 lanes have to call it. `sqrtf` is the root.
 * rstd has one number a row, which any lane may write. C is 1 or more. */
extern "C" __global__ void rms_norm(int64 rows, int64 C, float eps,
                                    const float *x, const float *gamma,
                                    float *y, float *rstd) {
}

/* ---- 22.5 ---- */

enum { SIDE = 16 }; /* of a tile, and of a block */

/* C = A B, with A (M, K), B (K, N) and C (M, N). A block of SIDE x SIDE threads
 * computes a piece of C: thread (x, y) of block (bx, by) has the number in row
 * SIDE by + y and column SIDE bx + x, if C has one there.
 *
 * The block walks along k, SIDE steps at a time. It fetches a tile of A and a
 * tile of B into shared memory, one number of each a thread, with 0 where the
 * matrix ends. When both are whole, each thread adds SIDE products to its sum.
 *
 *     __shared__ float a_tile[SIDE][SIDE];
 *
 * declares memory that all threads of the block share, and __syncthreads() is
 * a barrier: a thread goes on when all threads of the block have come. */
extern "C" __global__ void product(int64 M, int64 K, int64 N, const float *a,
                                   const float *b, float *c) {
}

/* ---- 22.6 ---- */

/* The gradient of a table (V, C) whose rows were looked up: for each token t,
 * add row t of dout (tokens, C) to row ids[t] of dtable. An id may occur many
 * times. Every number of dtable is a sum in the order of the tokens: first what
 * stands there, then the first token's number, and so on. No atomics.
 *
 * There is a block for each token, and its threads share out the C columns.
 * If an earlier token has the same id, the block has nothing to do. Otherwise
 * it adds up the rows of all tokens with this id. */
extern "C" __global__ void embedding_gradient(int64 tokens, int64 C,
                                              const int *ids,
                                              const float *dout,
                                              float *dtable) {
}
