/* attention_decode.cu: attention of new queries over the keys in a cache: one block a query and head.
 *
 * The warps of a block take keys in turn. The lanes of a warp read one key side by side, D numbers, and add up their
 * products. Each warp has a running maximum, a sum and a result of its own; at the end they are joined, in order.
 */
#include "device.cuh"

enum { WARPS = 4, THREADS = WARPS * WARP_SIZE, MOST_D = 128, PARTS = MOST_D / WARP_SIZE };

/* Row r of the caches holds `capacity` places of H_kv heads. New keys and values go to place seen[b] of row rows[b]. */
extern "C" __global__ void __launch_bounds__(THREADS)
append_to_cache(int64 n, int64 width, int64 capacity, const float *k_new, int64 k_step, const float *v_new, int64 v_step,
                const int *rows, const int *seen, float *k_cache, float *v_cache) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i >= n) return;
    const int64 b = i / width, column = i % width, at = (rows[b] * capacity + seen[b]) * width + column;
    k_cache[at] = k_new[b * k_step + column];
    v_cache[at] = v_new[b * v_step + column];
}

/* Query b sees the first prefix_lengths[b] keys of row prefixes[b], then the first lengths[b] of row rows[b]. */
extern "C" __global__ void __launch_bounds__(THREADS)
attention_decode(int64 H, int64 H_kv, int64 D, int64 capacity, float scale, const float *q, int64 q_step,
                 const float *k_cache, const float *v_cache, const int *rows, const int *lengths, const int *prefixes,
                 const int *prefix_lengths, float *out) {
    __shared__ float all_largest[WARPS], all_totals[WARPS], all_sums[WARPS][MOST_D];
    const int64 b = blockIdx.x, head = blockIdx.y, kv_head = head * H_kv / H, step = H_kv * D;
    float own[PARTS], sums[PARTS] = {}, largest = -INFINITE, total = 0;
#pragma unroll
    for (int part = 0; part < PARTS; part++) {
        const int column = lane_number() + WARP_SIZE * part;
        own[part] = column < D ? q[b * q_step + head * D + column] : 0;
    }
    for (int own_row = 0; own_row < 2; own_row++) {
        const int64 row = own_row ? rows[b] : prefixes[b], length = own_row ? lengths[b] : prefix_lengths[b];
        const float *k = k_cache + (row * capacity * H_kv + kv_head) * D, *v = v_cache + (row * capacity * H_kv + kv_head) * D;
        for (int64 key = warp_number(); key < length; key += WARPS) {
            float score = 0, value[PARTS];
#pragma unroll
            for (int part = 0; part < PARTS; part++) {
                const int column = lane_number() + WARP_SIZE * part;
                score += column < D ? own[part] * k[key * step + column] : 0;
                value[part] = column < D ? v[key * step + column] : 0;
            }
            score = scale * warp_sum(score);
            const float most = larger(largest, score), kept = expf(largest - most), weight = expf(score - most);
            total = total * kept + weight;
#pragma unroll
            for (int part = 0; part < PARTS; part++) sums[part] = sums[part] * kept + weight * value[part];
            largest = most;
        }
    }
    if (lane_number() == 0) all_largest[warp_number()] = largest, all_totals[warp_number()] = total;
#pragma unroll
    for (int part = 0; part < PARTS; part++) all_sums[warp_number()][lane_number() + WARP_SIZE * part] = sums[part];
    __syncthreads();
    float most = all_largest[0];
    for (int warp = 1; warp < WARPS; warp++) most = larger(most, all_largest[warp]);
    for (int64 column = threadIdx.x; column < D; column += THREADS) {
        float sum = 0, weight = 0;
        for (int warp = 0; warp < WARPS; warp++) {
            const float factor = all_totals[warp] == 0 ? 0 : expf(all_largest[warp] - most);
            sum += factor * all_sums[warp][column];
            weight += factor * all_totals[warp];
        }
        out[(b * H + head) * D + column] = weight == 0 ? 0 : sum / weight;
    }
}
