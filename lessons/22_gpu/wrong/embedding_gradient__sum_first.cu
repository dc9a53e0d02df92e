/* The rows are added up first, and their sum to what stands in dtable afterwards. That is another order, and rounds
 * differently. Let the sum begin with the number in dtable. */
extern "C" __global__ void embedding_gradient(int64 tokens, int64 C, const int *ids, const float *dout, float *dtable) {
    const int64 own = blockIdx.x;
    const int id = ids[own];
    for (int64 t = 0; t < own; t++)
        if (ids[t] == id) return;
    for (int64 column = threadIdx.x; column < C; column += blockDim.x) {
        float sum = 0;
        for (int64 t = own; t < tokens; t++)
            if (ids[t] == id) sum += dout[t * C + column];
        dtable[id * C + column] += sum;
    }
}
