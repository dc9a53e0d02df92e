/* The sum begins with 0, and what stood in dtable before is lost. The gradient is added to it: other batches, or the
 * output layer, may have put something there. Begin with the number in dtable. */
extern "C" __global__ void embedding_gradient(int64 tokens, int64 C, const int *ids, const float *dout, float *dtable) {
    const int64 own = blockIdx.x;
    const int id = ids[own];
    for (int64 t = 0; t < own; t++)
        if (ids[t] == id) return;
    for (int64 column = threadIdx.x; column < C; column += blockDim.x) {
        float sum = 0;
        for (int64 t = own; t < tokens; t++)
            if (ids[t] == id) sum += dout[t * C + column];
        dtable[id * C + column] = sum;
    }
}
