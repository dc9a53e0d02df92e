/* embedding.cu: rows of a table by token id, and the gradient, which adds rows back.
 *
 * A token that occurs twice adds twice to one row. Adding with atomics would be short, and would add in another order
 * each time: other bits. Here one block a token looks for its id among all tokens. Where it finds one before its own, it
 * leaves the row to that one; else it adds all rows of its id, in the order of the tokens.
 *
 * Python cannot look at ids that are here already. An id outside of the table gives NaN, and adds nothing.
 */
#include "device.cuh"

enum { THREADS = 128, WARPS = THREADS / WARP_SIZE };

/* n: numbers in all, C in a row, V rows in the table. */
extern "C" __global__ void __launch_bounds__(THREADS)
embedding(int64 n, int64 C, int64 V, const int *ids, const float *table, float *out) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const int id = ids[i / C];
    out[i] = id >= 0 && id < V ? table[id * C + i % C] : NOT_A_NUMBER;
}

/* The same from a table held in bfloat16, the upper half of a float. */
extern "C" __global__ void __launch_bounds__(THREADS)
embedding_bf16(int64 n, int64 C, int64 V, const int *ids, const unsigned short *table, float *out) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const int id = ids[i / C];
    out[i] = id >= 0 && id < V ? __uint_as_float((unsigned)table[id * C + i % C] << 16) : NOT_A_NUMBER;
}

/* Which of the THREADS tokens from `start` on have this id, as a bit each in `found`. */
__device__ __forceinline__ void find(const int *ids, int id, int64 start, int64 end, unsigned *found) {
    const int64 token = start + threadIdx.x;
    const unsigned lanes = __ballot_sync(ALL_LANES, token < end && ids[token] == id);
    if (lane_number() == 0) found[warp_number()] = lanes;
    __syncthreads();
}

/* Block t: token t, for which dtable[ids[t]] += the sum of dout over all tokens of its id, if it is the first of them. */
extern "C" __global__ void __launch_bounds__(THREADS)
embedding_backward(int64 tokens, int64 C, int64 V, const int *ids, const float *dout, float *dtable) {
    __shared__ unsigned found[WARPS];
    const int64 own = blockIdx.x;
    const int id = ids[own];
    if (id < 0 || id >= V) return;
    for (int64 start = 0; start < own; start += THREADS) {
        find(ids, id, start, own, found);
        unsigned any = 0;
        for (int warp = 0; warp < WARPS; warp++) any |= found[warp];
        __syncthreads();
        if (any) return; /* all threads of the block see the same, so all leave */
    }
    dtable += id * C;
    for (int64 start = own; start < tokens; start += THREADS) {
        find(ids, id, start, tokens, found);
        for (int64 column = threadIdx.x; column < C; column += THREADS) {
            float sum = dtable[column];
            for (int warp = 0; warp < WARPS; warp++)
                for (unsigned lanes = found[warp]; lanes; lanes &= lanes - 1)
                    sum += dout[(start + warp * WARP_SIZE + __ffs((int)lanes) - 1) * C + column];
            dtable[column] = sum;
        }
        __syncthreads();
    }
}
