/* rope.cu: rotary position embedding. Value i of a head and value i + D/2 are a point in the plane, which turns by an
 * angle that grows with its token's position. One point a thread; csrc/rope.c says more.
 */
#include "device.cuh"

enum { THREADS = 256 };

/* n: points in all. Tokens lie x_step numbers apart in x, y_step in y, which may be x itself. The tables have `rows` rows;
 * a position that they lack gives NaN. */
extern "C" __global__ void __launch_bounds__(THREADS)
rope(int64 n, int64 H, int64 D, const float *x, int64 x_step, const int *positions, int64 position_count, int64 rows,
     const float *cosine, const float *sine, float sign, float *y, int64 y_step) {
    const int64 point = (int64)blockIdx.x * THREADS + threadIdx.x, half = D / 2;
    if (point >= n) return;
    const int64 i = point % half, head = point / half % H, token = point / half / H;
    const int position = positions[token % position_count];
    const bool known = position >= 0 && position < rows;
    const float c = known ? cosine[position * half + i] : NOT_A_NUMBER;
    const float s = known ? sign * sine[position * half + i] : NOT_A_NUMBER;
    x += token * x_step + head * D + i, y += token * y_step + head * D + i;
    const float first = x[0], second = x[half];
    y[0] = first * c - second * s;
    y[half] = second * c + first * s;
}
