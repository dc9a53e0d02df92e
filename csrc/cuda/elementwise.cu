/* elementwise.cu: arithmetic number by number, with broadcasting; sums and maxima along an axis; copies of slices.
 *
 * An array has up to five axes. Its steps say how far a step along each axis goes in memory, in numbers: 0 where the
 * array is repeated along it. So broadcasting, slices and transposed arrays are all one case.
 */
#include "curves.cuh"

enum { THREADS = 256, WARPS = THREADS / WARP_SIZE };

/* Where number i of an array of this shape lies in an operand: i is taken apart from the last axis on. */
__device__ __forceinline__ int64 place(int64 i, int64 d1, int64 d2, int64 d3, int64 d4, int64 s0, int64 s1, int64 s2,
                                       int64 s3, int64 s4) {
    int64 at = i % d4 * s4;
    i /= d4;
    at += i % d3 * s3;
    i /= d3;
    at += i % d2 * s2;
    i /= d2;
    return at + i % d1 * s1 + i / d1 * s0;
}

/* As elementwise.py of minirl/kernels/device/ counts them. */
enum { COPY, NEGATIVE, EXP, LOG, SQRT, SIN, COS, TANH, ABSOLUTE, SIGN };
enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, POWER, GREATER, EQUAL };
enum { SUM, LARGEST, SMALLEST };

__device__ __forceinline__ float lesser(float a, float b) { return a < b || a != a ? a : b; } /* NaN where either is */

__device__ __forceinline__ float function_of(int64 operation, float x) {
    switch (operation) {
    case NEGATIVE: return -x;
    case EXP: return expf(x);
    case LOG: return logf(x);
    case SQRT: return sqrtf(x);
    case SIN: return sinf(x);
    case COS: return cosf(x);
    case TANH: return tanhf(x);
    case ABSOLUTE: return fabsf(x);
    case SIGN: return x > 0 ? 1.0f : x < 0 ? -1.0f : x; /* 0 and NaN stay */
    default: return x;
    }
}

__device__ __forceinline__ float joined(int64 operation, float a, float b) {
    switch (operation) {
    case ADD: return a + b;
    case SUBTRACT: return a - b;
    case MULTIPLY: return a * b;
    case DIVIDE: return a / b;
    case MAXIMUM: return larger(a, b);
    case MINIMUM: return lesser(a, b);
    case POWER: return powf(a, b);
    case GREATER: return a > b;
    default: return a == b;
    }
}

/* y has the steps of a result, which may be a slice of another array. */
extern "C" __global__ void __launch_bounds__(THREADS)
of_one(int64 n, int64 operation, int64 d1, int64 d2, int64 d3, int64 d4, const float *a, int64 a0, int64 a1, int64 a2,
       int64 a3, int64 a4, float *y, int64 y0, int64 y1, int64 y2, int64 y3, int64 y4) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n)
        y[place(i, d1, d2, d3, d4, y0, y1, y2, y3, y4)] =
            function_of(operation, a[place(i, d1, d2, d3, d4, a0, a1, a2, a3, a4)]);
}

extern "C" __global__ void __launch_bounds__(THREADS)
of_two(int64 n, int64 operation, int64 d1, int64 d2, int64 d3, int64 d4, const float *a, int64 a0, int64 a1, int64 a2,
       int64 a3, int64 a4, const float *b, int64 b0, int64 b1, int64 b2, int64 b3, int64 b4, float *y, int64 y0, int64 y1,
       int64 y2, int64 y3, int64 y4) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n)
        y[place(i, d1, d2, d3, d4, y0, y1, y2, y3, y4)] =
            joined(operation, a[place(i, d1, d2, d3, d4, a0, a1, a2, a3, a4)],
                   b[place(i, d1, d2, d3, d4, b0, b1, b2, b3, b4)]);
}

/* y = x where the condition is not 0, else z; all are whole. */
extern "C" __global__ void __launch_bounds__(THREADS)
choose(int64 n, const float *condition, const float *x, const float *z, float *y) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n) y[i] = condition[i] != 0 ? x[i] : z[i];
}

extern "C" __global__ void __launch_bounds__(THREADS) fill(int64 n, float value, float *y) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n) y[i] = value;
}

__device__ __forceinline__ float gathered(int64 operation, float a, float b) {
    return operation == SUM ? a + b : operation == LARGEST ? larger(a, b) : lesser(a, b);
}

/* x (outer, length, inner) to y (outer, inner). One warp a number of y where inner is 1: its lanes read side by side. */
extern "C" __global__ void __launch_bounds__(THREADS)
gather_rows(int64 outer, int64 operation, int64 length, float first, const float *x, float *y) {
    const int64 row = (int64)blockIdx.x * WARPS + warp_number();
    if (row >= outer) return;
    float value = first;
    for (int64 i = lane_number(); i < length; i += WARP_SIZE) value = gathered(operation, value, x[row * length + i]);
    for (int step = WARP_SIZE / 2; step > 0; step /= 2)
        value = gathered(operation, value, __shfl_xor_sync(ALL_LANES, value, step));
    if (lane_number() == 0) y[row] = value;
}

/* The same with inner above 1: one thread a number of y, neighbours read side by side. */
extern "C" __global__ void __launch_bounds__(THREADS)
gather_columns(int64 outer, int64 operation, int64 length, int64 inner, float first, const float *x, float *y) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i >= outer * inner) return;
    const float *from = x + i / inner * length * inner + i % inner;
    float value = first;
    for (int64 j = 0; j < length; j++) value = gathered(operation, value, from[j * inner]);
    y[i] = value;
}

/* y (n numbers) = rows of x by their numbers; a row is `width` numbers, and the next begins `step` numbers further on. */
extern "C" __global__ void __launch_bounds__(THREADS)
take_rows(int64 n, int64 width, int64 step, const int *rows, const float *x, float *y) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n) y[i] = x[rows[i / width] * step + i % width];
}

/* The way back: rows of x become those of y. */
extern "C" __global__ void __launch_bounds__(THREADS)
put_rows(int64 n, int64 width, int64 step, const int *rows, float *x, const float *y) {
    const int64 i = (int64)blockIdx.x * THREADS + threadIdx.x;
    if (i < n) x[rows[i / width] * step + i % width] = y[i];
}
