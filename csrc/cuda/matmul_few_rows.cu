/* matmul_few_rows.cu: C = A W^T for 1 to 8 rows of A, as when text is generated token by token.
 *
 * Each weight serves a handful of multiplications, so the floor is the time to read the weights once. A tile of 128 x 128
 * numbers of C would use a hundredth of its threads' work. Here each warp computes one column of C: its lanes read 32
 * neighbouring numbers of a row of W, which is the best that memory can do, and multiply each by the numbers of all rows
 * of A. These come from the caches, as all warps read the same ones. Then the lanes add up.
 *
 * A sum goes over every 32nd number of k in each lane, and over the lanes in a tree: another order than matmul.cu's, so
 * the last digits are others, but the same each time, and each row's are the same whatever the other rows are.
 */
#include "product.cuh"
#include "tensor_cores.cuh"

enum { MOST_ROWS = 8, FEW_THREADS = 256 };

/* w is (N, K) in float32, or w_bits in bfloat16. `rounded`: A and W are multiplied as bfloat16. */
extern "C" __global__ void __launch_bounds__(FEW_THREADS)
matmul_few_rows(int64 M, int64 N, int64 K, const float *a, const float *w, const unsigned short *w_bits, int64 rounded,
                const float *bias, int64 activation, float *preactivation, const float *residual, float *c,
                int64 accumulate) {
    const int64 column = (int64)blockIdx.x * (FEW_THREADS / WARP_SIZE) + warp_number();
    if (column >= N) return;
    float sums[MOST_ROWS] = {};
#pragma unroll 4 /* so that several reads are on their way */
    for (int64 k = lane_number(); k < K; k += WARP_SIZE) {
        float weight = w ? w[column * K + k] : bf16_value(w_bits[column * K + k]);
        if (rounded && w) weight = bf16_value(bf16_bits(weight));
#pragma unroll
        for (int i = 0; i < MOST_ROWS; i++)
            if (i < M) {
                const float x = a[i * K + k];
                sums[i] += (rounded ? bf16_value(bf16_bits(x)) : x) * weight;
            }
    }
    const Finish end = finish_of(M, N, bias, activation, preactivation, residual, c, accumulate);
#pragma unroll
    for (int i = 0; i < MOST_ROWS; i++)
        if (i < M) {
            const float sum = warp_sum(sums[i]);
            if (lane_number() == i) finish(end, i, column, sum);
        }
}
