/* activation.cu: sigmoid, GELU, SiLU and SwiGLU on whole arrays, and their gradients. The curves are in curves.cuh.
 *
 * One number a thread. Neighbouring threads read neighbouring numbers, so a warp's 32 loads are one piece of 128 bytes.
 * Memory is all that bounds these kernels.
 */
#include "curves.cuh"

enum { THREADS = 256 };

#define NUMBER ((int64)blockIdx.x * THREADS + threadIdx.x) /* of the value that this thread computes */

extern "C" __global__ void __launch_bounds__(THREADS) sigmoid(int64 n, const float *x, float *y) {
    const int64 i = NUMBER;
    if (i < n) y[i] = sigmoid_of(x[i]);
}

extern "C" __global__ void __launch_bounds__(THREADS) activate(int64 n, int64 activation, const float *x, float *y) {
    const int64 i = NUMBER;
    if (i < n) y[i] = activated(activation, x[i]);
}

extern "C" __global__ void __launch_bounds__(THREADS)
activate_backward(int64 n, int64 activation, const float *dy, const float *x, float *dx) {
    const int64 i = NUMBER;
    if (i < n) dx[i] = dy[i] * activation_slope(activation, x[i]);
}

/* Rows of gate and up lie `step` numbers apart, F numbers each. */
extern "C" __global__ void __launch_bounds__(THREADS)
swiglu(int64 n, int64 F, int64 step, const float *gate, const float *up, float *y) {
    const int64 i = NUMBER;
    if (i >= n) return;
    const int64 at = i / F * step + i % F;
    y[i] = silu_of(gate[at]) * up[at];
}

/* gradient: rows of 2 F numbers, first those of gate, then those of up. */
extern "C" __global__ void __launch_bounds__(THREADS)
swiglu_backward(int64 n, int64 F, int64 step, const float *dy, const float *gate, const float *up, float *gradient) {
    const int64 i = NUMBER;
    if (i >= n) return;
    const int64 at = i / F * step + i % F, to = i / F * 2 * F + i % F;
    gradient[to] = dy[i] * up[at] * silu_slope(gate[at]);
    gradient[to + F] = dy[i] * silu_of(gate[at]);
}
