/* The exchange with the neighbour is missing, the one with step 1. Each lane then has the sum of every second lane:
 * those whose numbers are even, or odd. The steps are 16, 8, 4, 2 and 1. */
extern "C" __global__ void rms_norm(int64 rows, int64 C, float eps, const float *x, const float *gamma, float *y,
                                    float *rstd) {
    const int lane = threadIdx.x % LANES;
    const int64 row = (int64)blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;
    if (row >= rows) return;
    float sum = 0;
    for (int64 i = lane; i < C; i += LANES) sum += x[row * C + i] * x[row * C + i];
    for (int step = LANES / 2; step > 1; step /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, step);
    const float r = 1 / sqrtf(sum / C + eps);
    for (int64 i = lane; i < C; i += LANES) y[row * C + i] = x[row * C + i] * r * gamma[i];
    if (lane == 0) rstd[row] = r;
}
