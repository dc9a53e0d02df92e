/* peak.c: what this machine can do at most, so that a kernel's speed can be told as a part of it.
 *
 * The floor of a computation is its operations over the multiply-add rate, or its bytes over the memory bandwidth,
 * whichever takes longer. Both rates are measured here on every thread at once, since cores share memory and heat.
 */
#include "parallel.h"
#include "tile.h"

/* Multiply-adds on a tile of registers with the same operands again and again. The empty assembly makes the compiler
 * believe that they change: it would otherwise multiply once and repeat the additions alone. */
INLINE double peak(int64_t iterations, const int pairs) {
    const float zeros[TILE_ROWS > TILE_COLUMNS ? TILE_ROWS : TILE_COLUMNS] = {0};
    const int threads = threads_usable(minirl_get_threads());
    float result = 0;
#pragma omp parallel num_threads(threads) reduction(+ : result)
    {
        vfloat sum[TILE_ROWS][TILE_VECTORS] = {0};
        const float *numbers = zeros;
        for (int64_t k = 0; k < iterations; k++) {
            __asm__ volatile("" : "+r"(numbers));
            tile_multiply(TILE_ROWS, pairs, 1, numbers, 1, 0, numbers, 0, sum);
        }
#pragma GCC unroll 16
        for (int i = 0; i < TILE_ROWS; i++)
#pragma GCC unroll 4
            for (int v = 0; v < TILE_VECTORS; v++) result += vsum(sum[i][v]);
    }
    double operations = 2.0 * (pairs ? 2 : 1) * TILE_ROWS * TILE_COLUMNS * (double)iterations * threads;
    return result == 0 ? operations : 0;
}

double kernel_peak_fma(int64_t iterations) { return peak(iterations, 0); }

#if TILES
/* Multiplications of tiles that stay in their registers. */
double kernel_peak_fma_bf16(int64_t iterations) {
    const int threads = threads_usable(minirl_get_threads());
    float result = 0;
#pragma omp parallel num_threads(threads) reduction(+ : result)
    {
        float sums[256];
        tiles_begin();
        tile_zero(0);
        tile_zero(1);
        tile_zero(2);
        tile_zero(3);
        tile_zero(4);
        tile_zero(5);
        for (int64_t i = 0; i < iterations; i++) {
            tile_dot(0, 4, 5);
            tile_dot(1, 4, 5);
            tile_dot(2, 4, 5);
            tile_dot(3, 4, 5);
        }
        tile_store(0, sums, 64);
        tiles_end();
        result += sums[0];
    }
    const double operations = 4.0 * 2 * TILE_SIDE * TILE_SIDE * TILE_STEP * (double)iterations * threads;
    return result == 0 ? operations : 0;
}
#else
double kernel_peak_fma_bf16(int64_t iterations) { return BF16_PAIRS ? peak(iterations, 1) : 0; }
#endif

float kernel_peak_read(const float *x, int64_t n) {
    const int64_t chunk = 1 << 16;
    float total = 0;
#pragma omp parallel for num_threads(threads_usable(minirl_get_threads())) schedule(static) reduction(+ : total)
    for (int64_t start = 0; start < n; start += chunk) {
        vfloat sum[4] = {0};
        int64_t end = start + chunk < n ? start + chunk : n, i = start;
        for (; i + 4 * LANES <= end; i += 4 * LANES)
            for (int v = 0; v < 4; v++) sum[v] += vload(x + i + v * LANES);
        for (; i < end; i++) sum[0][0] += x[i];
        total += vsum(sum[0] + sum[1] + (sum[2] + sum[3]));
    }
    return total;
}
