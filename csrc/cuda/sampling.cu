/* sampling.cu: draw the next token: one block a row of logits.
 *
 * The draw inverts the distribution at a uniform number: the first token, in order of id, at which the running sum
 * passes it. Each thread sums a piece of neighbouring tokens; the pieces are added in order, and the piece that passes
 * the number is walked through.
 *
 * Cutting to the most likely tokens needs no sorting. It asks for the least logit that is kept, and finds it bit by
 * bit, from the highest: 32 times the block counts the tokens (top-k), or adds the probabilities (top-p), above a value. Of
 * tokens with just this logit, those with the lowest ids are kept.
 */
#include "device.cuh"

enum { THREADS = 256, WARPS = THREADS / WARP_SIZE };

/* Numbers in the order of the floats that they stand for. */
__device__ __forceinline__ unsigned ordered(float x) {
    const unsigned bits = __float_as_uint(x == 0 ? 0.0f : x); /* -0 is 0 */
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

struct Cut {
    unsigned least;  /* tokens above are kept, */
    int64 ties;      /* and of those that have just this logit, so many */
};

/* The sum of value(i) over this thread's piece. */
template <class Value> __device__ __forceinline__ double piece_sum(int64 start, int64 end, Value value) {
    double sum = 0;
    for (int64 i = start; i < end; i++) sum += value(i);
    return sum;
}

/* Whether token i, of which `before` tokens with the same logit come earlier, is kept. */
__device__ __forceinline__ bool is_kept(const Cut &cut, unsigned key, int64 before) {
    return key > cut.least || (key == cut.least && before < cut.ties);
}

__device__ __forceinline__ double probability(float z, float largest, float temperature) {
    return (double)expf((z - largest) / temperature);
}

extern "C" __global__ void __launch_bounds__(THREADS)
sample(int64 V, const float *logits, float temperature, int64 top_k, float top_p, const double *uniform, int *ids,
       float *log_prob) {
    __shared__ double pieces[THREADS], shared[WARPS];
    __shared__ float largest_shared[WARPS];
    __shared__ int64 ties_before[THREADS];
    const int64 row = blockIdx.x, width = (V + THREADS - 1) / THREADS;
    const int64 start = smaller(V, threadIdx.x * width), end = smaller(V, start + width);
    const float *z = logits + row * V;

    float largest = -INFINITE;
    for (int64 i = start; i < end; i++) largest = larger(largest, z[i]);
    largest = block_largest<THREADS>(largest, largest_shared);
    if (!(largest > -INFINITE && largest < INFINITE)) { /* no distribution */
        if (threadIdx.x == 0) ids[row] = -1, log_prob[row] = NOT_A_NUMBER;
        return;
    }
    if (temperature == 0) temperature = 1, top_k = 1, top_p = 1, uniform = 0; /* the most likely token */

    /* the cut: in this thread's piece, how many tokens reach a value, and how much probability they have */
    const auto count = [&](unsigned least) {
        return piece_sum(start, end, [&](int64 i) { return ordered(z[i]) >= least ? 1.0 : 0.0; });
    };
    const auto mass = [&](unsigned least) {
        return piece_sum(start, end, [&](int64 i) {
            return ordered(z[i]) >= least ? probability(z[i], largest, temperature) : 0.0;
        });
    };
    Cut cut = {0, V};
    const double total = block_sum<THREADS>(mass(0), shared);
    double kept_total = total;
    if (top_k > 0 && top_k < V) {
        cut.least = 0;
        for (unsigned bit = 0x80000000u; bit; bit /= 2) { /* the largest value that at least top_k tokens reach */
            const unsigned tried = cut.least | bit;
            if (block_sum<THREADS>(count(tried), shared) >= (double)top_k) cut.least = tried;
        }
        const double above = block_sum<THREADS>(count(cut.least + 1), shared);
        cut.ties = top_k - (int64)above;
    }
    const Cut by_count = cut;
    ties_before[threadIdx.x] = (int64)(count(by_count.least) - count(by_count.least + 1));
    __syncthreads();
    int64 before_piece = 0;
    for (int thread = 0; thread < (int)threadIdx.x; thread++) before_piece += ties_before[thread];
    __syncthreads();
    if (top_p < 1) {
        int64 before = before_piece;
        double piece = 0;
        for (int64 i = start; i < end; i++) {
            const unsigned key = ordered(z[i]);
            if (is_kept(by_count, key, before)) piece += probability(z[i], largest, temperature);
            before += key == by_count.least;
        }
        kept_total = block_sum<THREADS>(piece, shared);
        const double wanted = (double)top_p * kept_total;
        unsigned least = 0; /* the largest value that tokens of enough probability reach */
        for (unsigned bit = 0x80000000u; bit; bit /= 2) {
            const unsigned tried = least | bit;
            if (block_sum<THREADS>(mass(tried), shared) >= wanted) least = tried;
        }
        if (least > by_count.least || (least == by_count.least && by_count.ties > 0)) {
            const double above = block_sum<THREADS>(mass(least + 1), shared);
            const unsigned bits = least >> 31 ? least & 0x7fffffffu : ~least;
            const double one = probability(__uint_as_float(bits), largest, temperature);
            int64 ties = one > 0 ? (int64)ceil((wanted - above) / one) : 1;
            if (ties < 1) ties = 1;
            cut.least = least;
            cut.ties = least == by_count.least ? smaller(ties, by_count.ties) : ties;
        }
        ties_before[threadIdx.x] = (int64)(count(cut.least) - count(cut.least + 1));
        __syncthreads();
        before_piece = 0;
        for (int thread = 0; thread < (int)threadIdx.x; thread++) before_piece += ties_before[thread];
    }

    /* the draw */
    int64 before = before_piece;
    double piece = 0;
    for (int64 i = start; i < end; i++) {
        const unsigned key = ordered(z[i]);
        if (is_kept(cut, key, before)) piece += probability(z[i], largest, temperature);
        before += key == cut.least;
    }
    pieces[threadIdx.x] = piece;
    __syncthreads();
    double running = 0, all = 0;
    for (int thread = 0; thread < THREADS; thread++) {
        if (thread == (int)threadIdx.x) running = all;
        all += pieces[thread];
    }
    const double target = uniform ? uniform[row] * all : 0;
    int last = -1; /* the last piece that has any token: where rounding carries the target past the end */
    for (int thread = 0; thread < THREADS; thread++)
        if (pieces[thread] > 0) last = thread;
    const bool mine = piece > 0 && running <= target && (running + piece > target || (int)threadIdx.x == last);
    if (!mine) return;
    int64 drawn = -1;
    before = before_piece;
    for (int64 i = start; i < end; i++) {
        const unsigned key = ordered(z[i]);
        const double p = is_kept(cut, key, before) ? probability(z[i], largest, temperature) : 0;
        before += key == cut.least;
        if (p == 0) continue;
        drawn = i;
        running += p;
        if (running > target) break;
    }
    ids[row] = (int)drawn;
    log_prob[row] = uniform ? (float)((double)((z[drawn] - largest) / temperature) - log(total)) : 0.0f;
}
