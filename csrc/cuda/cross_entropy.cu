/* cross_entropy.cu: log-probabilities of tokens, entropies, and the gradient, which overwrites the logits: one block a row.
 *
 * With m the largest logit, e_i = exp(x_i - m) and S = sum e_i: log pi_i = x_i - m - log S, and the entropy
 * -sum pi_i log pi_i = log S - sum e_i (x_i - m) / S.
 */
#include "device.cuh"

enum { THREADS = 256, WARPS = THREADS / WARP_SIZE };

#define EACH(i, n) (int64 i = threadIdx.x; i < (n); i += THREADS) /* as in softmax.cu */

extern "C" __global__ void __launch_bounds__(THREADS)
cross_entropy(int64 V, float *logits, const int *targets, const float *weights, int64 ignored, int64 gradient,
              float *log_prob, float *entropy) {
    __shared__ float shared[WARPS];
    const int64 row = blockIdx.x;
    const int target = targets[row];
    logits += row * V;
    if (target == ignored) {
        if (gradient)
            for EACH (i, V) logits[i] = 0;
        if (threadIdx.x == 0) log_prob[row] = entropy[row] = 0;
        return;
    }
    float largest = -INFINITE, sum = 0, spread = 0;
    for EACH (i, V) largest = larger(largest, logits[i]);
    largest = block_largest<THREADS>(largest, shared);
    for EACH (i, V) {
        const float below = logits[i] - largest, e = expf(below);
        sum += e;
        if (e != 0) spread += e * below; /* p log p is 0 where p is */
    }
    sum = block_sum<THREADS>(sum, shared);
    spread = block_sum<THREADS>(spread, shared);
    const float log_sum = logf(sum);
    if (threadIdx.x == 0) {
        const bool known = target >= 0 && target < V; /* what Python could not look at */
        log_prob[row] = known ? logits[target] - largest - log_sum : NOT_A_NUMBER;
        entropy[row] = log_sum - spread / sum;
    }
    if (!gradient) return;
    __syncthreads(); /* the target's logit has been read */
    const float weight = weights ? weights[row] : 1;
    for EACH (i, V) logits[i] = weight * (expf(logits[i] - largest - log_sum) - (i == target ? 1 : 0));
}

/* One block: loss = -sum of weight times log_prob over n rows, in float64. */
extern "C" __global__ void __launch_bounds__(THREADS)
weighted_loss(int64 n, const float *log_prob, const float *weights, double *loss) {
    __shared__ double shared[WARPS];
    double sum = 0;
    for EACH (i, n) sum += (double)((weights ? weights[i] : 1) * log_prob[i]);
    sum = block_sum<THREADS>(sum, shared);
    if (threadIdx.x == 0) *loss = -sum;
}
