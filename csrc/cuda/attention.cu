/* attention.cu: softmax(scale q k^T) v, and its gradients, in one pass over the keys: the T x S weights never exist (Dao et
 * al. 2022). Backward computes them again from q, k and the logarithms of their sums, `lse`.
 *
 * One warp has ROWS rows of its own, and meets the other side in tiles of 32 rows in shared memory. A lane computes the
 * weights of its own rows with one row of the tile. Then the lanes change their role: each owns some of the D columns of
 * the result, and receives the 32 weights from the other lanes, one after the other.
 *
 * Three kernels have this form: queries that meet keys (forward), queries that meet keys (dq), keys that meet queries (dk
 * and dv). Each sum is that of one thread, in a fixed order.
 *
 * What a query sees is in a table of four numbers: keys [first, end) of its own sequence, and keys [prefix first, prefix
 * end) of the document that its document continues. For a key, the table has the queries [first, end) that may see it.
 * Tokens of all sequences are numbered in one row.
 */
#include "device.cuh"

enum { WARPS = 4, ROWS = 4, THREADS = WARPS * WARP_SIZE, OWN = WARPS * ROWS };
enum { MOST_D = 128, PARTS = MOST_D / WARP_SIZE }; /* the largest head; columns of it that a lane owns */

typedef float Tile[WARP_SIZE][MOST_D + 1]; /* rows that lanes read side by side: the odd width keeps them in other banks */
typedef float Own[OWN][MOST_D];            /* the rows of all warps; the lanes of a warp read the same number */

struct Seen {
    int first, end, prefix_first, prefix_end;
};

/* 32 rows from `start` on, of D numbers, `step` apart; zeros from row `end` on. The whole block takes part. */
__device__ __forceinline__ void load_tile(Tile tile, const float *x, int64 step, int64 D, int64 start, int64 end) {
    for (int64 i = threadIdx.x; i < WARP_SIZE * D; i += THREADS) {
        const int64 row = i / D, column = i % D;
        tile[row][column] = start + row < end ? x[(start + row) * step + column] : 0;
    }
}

/* The block's own rows, from `start` on. */
__device__ __forceinline__ void load_own(Own own, const float *x, int64 step, int64 D, int64 start, int64 end) {
    for (int64 i = threadIdx.x; i < OWN * D; i += THREADS) {
        const int64 row = i / D, column = i % D;
        own[row][column] = start + row < end ? x[(start + row) * step + column] : 0;
    }
}

/* products[r] = own row r times this lane's row of the tile. */
__device__ __forceinline__ void multiply(const Own own, const Tile tile, int64 D, float products[ROWS]) {
    const int first = warp_number() * ROWS;
    for (int r = 0; r < ROWS; r++) products[r] = 0;
    for (int64 column = 0; column < D; column++) {
        const float x = tile[lane_number()][column];
#pragma unroll
        for (int r = 0; r < ROWS; r++) products[r] += own[first + r][column] * x;
    }
}

/* sums[r][part] += the weights of all lanes times column `lane + 32 part` of the tile. */
__device__ __forceinline__ void add_weighted(const float weights[ROWS], const Tile tile, int64 D,
                                             float sums[ROWS][PARTS]) {
    for (int row = 0; row < WARP_SIZE; row++) {
        float weight[ROWS];
#pragma unroll
        for (int r = 0; r < ROWS; r++) weight[r] = __shfl_sync(ALL_LANES, weights[r], row);
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = lane_number() + WARP_SIZE * part;
            const float x = column < D ? tile[row][column] : 0;
#pragma unroll
            for (int r = 0; r < ROWS; r++) sums[r][part] += weight[r] * x;
        }
    }
}

/* What this warp's queries see. Queries that do not exist see nothing. */
__device__ __forceinline__ void seen_by(const int *table, int64 first, int64 queries, Seen seen[ROWS]) {
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int64 query = first + warp_number() * ROWS + r;
        const int *row = table + 4 * query;
        seen[r] = query < queries ? Seen{row[0], row[1], row[2], row[3]} : Seen{0, 0, 0, 0};
    }
}

__device__ __forceinline__ bool sees(const Seen &s, int64 key) {
    return (key >= s.first && key < s.end) || (key >= s.prefix_first && key < s.prefix_end);
}

/* The keys that any query of the block sees in its own sequence (part 1) or in prefixes (part 0): [first, end). */
__device__ __forceinline__ void keys_of_block(const int *table, int64 first, int64 queries, int part, int64 *from,
                                              int64 *to) {
    *from = 1ll << 62, *to = 0;
    for (int64 query = first; query < smaller(queries, first + OWN); query++) {
        const int *row = table + 4 * query + (part ? 0 : 2);
        if (row[0] >= row[1]) continue;
        if (row[0] < *from) *from = row[0];
        if (row[1] > *to) *to = row[1];
    }
}

/* ---- forward: block (t, h) has OWN queries of head h ---- */

extern "C" __global__ void __launch_bounds__(THREADS)
attention(int64 queries, int64 T, int64 H, int64 H_kv, int64 D, float scale, const int *table, const float *q,
          int64 q_step, const float *k, int64 k_step, const float *v, int64 v_step, float *out, int64 out_step,
          float *lse) {
    __shared__ Own own;
    __shared__ Tile k_tile, v_tile;
    const int64 first = (int64)blockIdx.x * OWN, head = blockIdx.y, kv_head = head * H_kv / H;
    q += head * D, k += kv_head * D, v += kv_head * D, out += head * D;
    Seen seen[ROWS];
    float largest[ROWS], total[ROWS], sums[ROWS][PARTS] = {}, weights[ROWS];
    seen_by(table, first, queries, seen);
    for (int r = 0; r < ROWS; r++) largest[r] = -INFINITE, total[r] = 0;
    load_own(own, q, q_step, D, first, queries);

    for (int part = 0; part < 2; part++) { /* prefixes, then own sequences */
        int64 from, to;
        keys_of_block(table, first, queries, part, &from, &to);
        for (int64 start = from; start < to; start += WARP_SIZE) {
            __syncthreads(); /* the last tile has been read */
            load_tile(k_tile, k, k_step, D, start, to);
            load_tile(v_tile, v, v_step, D, start, to);
            __syncthreads();
            multiply(own, k_tile, D, weights);
            const int64 key = start + lane_number();
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                const bool is_seen = key < to && (part ? key >= seen[r].first && key < seen[r].end
                                                       : key >= seen[r].prefix_first && key < seen[r].prefix_end);
                const float score = is_seen ? scale * weights[r] : -INFINITE;
                const float most = larger(largest[r], warp_largest(score)); /* the same in every lane */
                const float shift = most == -INFINITE ? 0 : most, kept = expf(largest[r] - shift);
                weights[r] = is_seen ? expf(score - shift) : 0;
                total[r] = total[r] * kept + warp_sum(weights[r]);
                largest[r] = most;
#pragma unroll
                for (int column = 0; column < PARTS; column++) sums[r][column] *= kept;
            }
            add_weighted(weights, v_tile, D, sums);
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int64 query = first + warp_number() * ROWS + r;
        if (query >= queries) continue;
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = lane_number() + WARP_SIZE * part;
            if (column < D) out[query * out_step + column] = total[r] == 0 ? 0 : sums[r][part] / total[r];
        }
        if (lane_number() == 0) lse[(query / T * H + head) * T + query % T] = largest[r] + logf(total[r]);
    }
}

/* ---- backward. With P the weights, dP = dout v^T and delta = rowsum(dout out): dS = scale P (dP - delta), dq = dS k,
 *      dk = dS^T q, dv = P^T dout ---- */

/* delta, laid out as lse: one warp a token and head. */
extern "C" __global__ void __launch_bounds__(THREADS)
attention_delta(int64 queries, int64 T, int64 H, int64 D, const float *dout, int64 dout_step, const float *out,
                int64 out_step, float *delta) {
    const int64 query = (int64)blockIdx.x * WARPS + warp_number(), head = blockIdx.y;
    if (query >= queries) return;
    float sum = 0;
    for (int64 i = lane_number(); i < D; i += WARP_SIZE)
        sum += dout[query * dout_step + head * D + i] * out[query * out_step + head * D + i];
    sum = warp_sum(sum);
    if (lane_number() == 0) delta[(query / T * H + head) * T + query % T] = sum;
}

extern "C" __global__ void __launch_bounds__(THREADS)
attention_backward_q(int64 queries, int64 T, int64 H, int64 H_kv, int64 D, float scale, const int *table, const float *dout,
                     int64 dout_step, const float *q, int64 q_step, const float *k, int64 k_step, const float *v,
                     int64 v_step, const float *lse, const float *delta, float *dq, int64 dq_step) {
    __shared__ Own own;
    __shared__ Tile k_tile, v_tile;
    const int64 first = (int64)blockIdx.x * OWN, head = blockIdx.y, kv_head = head * H_kv / H;
    q += head * D, dout += head * D, k += kv_head * D, v += kv_head * D, dq += head * D;
    Seen seen[ROWS];
    float sums[ROWS][PARTS] = {}, weights[ROWS], dweights[ROWS], own_lse[ROWS], own_delta[ROWS];
    seen_by(table, first, queries, seen);
    for (int r = 0; r < ROWS; r++) {
        const int64 query = first + warp_number() * ROWS + r, at = (query / T * H + head) * T + query % T;
        own_lse[r] = query < queries ? lse[at] : 0;
        own_delta[r] = query < queries ? delta[at] : 0;
    }
    for (int part = 0; part < 2; part++) {
        int64 from, to;
        keys_of_block(table, first, queries, part, &from, &to);
        for (int64 start = from; start < to; start += WARP_SIZE) {
            __syncthreads();
            load_tile(k_tile, k, k_step, D, start, to);
            load_tile(v_tile, v, v_step, D, start, to);
            load_own(own, q, q_step, D, first, queries);
            __syncthreads();
            multiply(own, k_tile, D, weights);
            __syncthreads(); /* `own` becomes dout */
            load_own(own, dout, dout_step, D, first, queries);
            __syncthreads();
            multiply(own, v_tile, D, dweights);
            const int64 key = start + lane_number();
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                const bool is_seen = key < to && (part ? key >= seen[r].first && key < seen[r].end
                                                       : key >= seen[r].prefix_first && key < seen[r].prefix_end);
                weights[r] =
                    is_seen ? expf(scale * weights[r] - own_lse[r]) * (dweights[r] - own_delta[r]) * scale : 0;
            }
            add_weighted(weights, k_tile, D, sums);
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int64 query = first + warp_number() * ROWS + r;
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = lane_number() + WARP_SIZE * part;
            if (query < queries && column < D) dq[query * dq_step + column] = sums[r][part];
        }
    }
}

/* Block (s, h) has OWN keys of key head h, which meet the queries of all heads that read it. key_table: for each key the
 * first and the last + 1 query that may see it. */
extern "C" __global__ void __launch_bounds__(THREADS)
attention_backward_kv(int64 keys, int64 T, int64 H, int64 H_kv, int64 D, float scale, const int *table,
                      const int *key_table, const float *dout, int64 dout_step, const float *q, int64 q_step,
                      const float *k, int64 k_step, const float *v, int64 v_step, const float *lse, const float *delta,
                      float *dk, int64 dk_step, float *dv, int64 dv_step) {
    __shared__ Own own;
    __shared__ Tile q_tile, dout_tile;
    const int64 first = (int64)blockIdx.x * OWN, kv_head = blockIdx.y, group = H / H_kv;
    k += kv_head * D, v += kv_head * D, dk += kv_head * D, dv += kv_head * D;
    float dk_sums[ROWS][PARTS] = {}, dv_sums[ROWS][PARTS] = {}, weights[ROWS], dweights[ROWS];
    int64 from = 1ll << 62, to = 0;
    for (int64 key = first; key < smaller(keys, first + OWN); key++) {
        if (key_table[2 * key] >= key_table[2 * key + 1]) continue;
        if (key_table[2 * key] < from) from = key_table[2 * key];
        if (key_table[2 * key + 1] > to) to = key_table[2 * key + 1];
    }
    for (int64 head = kv_head * group; head < (kv_head + 1) * group; head++)
        for (int64 start = from; start < to; start += WARP_SIZE) {
            __syncthreads();
            load_tile(q_tile, q + head * D, q_step, D, start, to);
            load_tile(dout_tile, dout + head * D, dout_step, D, start, to);
            load_own(own, k, k_step, D, first, keys);
            __syncthreads();
            multiply(own, q_tile, D, weights);
            __syncthreads(); /* `own` becomes v */
            load_own(own, v, v_step, D, first, keys);
            __syncthreads();
            multiply(own, dout_tile, D, dweights);
            const int64 query = start + lane_number(), at = (query / T * H + head) * T + query % T;
            const int *row = table + 4 * query;
            const Seen seen = query < to ? Seen{row[0], row[1], row[2], row[3]} : Seen{0, 0, 0, 0};
            const float query_lse = query < to ? lse[at] : 0, query_delta = query < to ? delta[at] : 0;
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                const bool is_seen = sees(seen, first + warp_number() * ROWS + r);
                weights[r] = is_seen ? expf(scale * weights[r] - query_lse) : 0;
                dweights[r] = is_seen ? weights[r] * (dweights[r] - query_delta) * scale : 0;
            }
            add_weighted(weights, dout_tile, D, dv_sums);
            add_weighted(dweights, q_tile, D, dk_sums);
        }
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
        const int64 key = first + warp_number() * ROWS + r;
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = lane_number() + WARP_SIZE * part;
            if (key >= keys || column >= D) continue;
            dk[key * dk_step + column] = dk_sums[r][part];
            dv[key * dv_step + column] = dv_sums[r][part];
        }
    }
}
