/* curves.cuh: the activations and their slopes, for one number. activation.cu applies them to arrays, and matmul.cu to a
 * product before it leaves the registers.
 *
 * NaN stays NaN. At the ends of the line stand the limits: an activation is 0 at -inf and inf at inf, its slope 0 and 1.
 */
#ifndef MINIRL_CURVES_CUH
#define MINIRL_CURVES_CUH

#include "device.cuh"

/* x limited to [-limit, limit], so that no product becomes inf * 0; NaN stays. */
__device__ __forceinline__ float limited(float x, float limit) { return x > limit ? limit : x < -limit ? -limit : x; }

/* -inf becomes the least number, so that times 0 it gives 0. */
__device__ __forceinline__ float finite_below(float x) { return x < -3.4028234e38f ? -3.4028234e38f : x; }

/* sigmoid(x) and its slope. 1 - sigmoid(x), written so, loses every digit once sigmoid(x) nears 1. So both halves of the
 * curve come from e = exp(-|x|), which is never above 1, by products alone. */
__device__ __forceinline__ float sigmoid_and_slope(float x, float *slope) {
    const float e = expf(-fabsf(x)), positive = 1 / (1 + e), negative = e * positive;
    *slope = positive * negative;
    return x < 0 ? negative : positive;
}

__device__ __forceinline__ float sigmoid_of(float x) {
    float slope;
    return sigmoid_and_slope(x, &slope);
}

/* ---- SiLU: y = x sigmoid(x) ---- */

__device__ __forceinline__ float silu_of(float x) { return finite_below(x) * sigmoid_of(x); }

__device__ __forceinline__ float silu_slope(float x) {
    float slope;
    x = limited(x, 120);
    const float sigmoid = sigmoid_and_slope(x, &slope);
    return sigmoid + x * slope;
}

/* ---- GELU, the tanh form: y = x sigmoid(2u), u = sqrt(2 / pi) (x + 0.044715 x^3) ---- */

#define GELU_2U_1 1.5957691216f /* 2u = 1.59.. x + 0.0713.. x^3 */
#define GELU_2U_3 0.0713548163f

__device__ __forceinline__ float gelu_tanh_of(float x) {
    const float near = limited(x, 100);
    return finite_below(x) * sigmoid_of((GELU_2U_3 * near * near + GELU_2U_1) * near);
}

__device__ __forceinline__ float gelu_tanh_slope(float x) {
    float slope;
    x = limited(x, 15); /* there 2u is 265 and exp(-2u) is 0 */
    const float square = x * x, sigmoid = sigmoid_and_slope((GELU_2U_3 * square + GELU_2U_1) * x, &slope);
    return sigmoid + x * slope * (3 * GELU_2U_3 * square + GELU_2U_1);
}

/* ---- GELU, exact: y = x Phi(x), Phi the normal distribution ---- */

__device__ __forceinline__ float gelu_exact_of(float x) { return finite_below(x) * normcdff(limited(x, 100)); }

__device__ __forceinline__ float gelu_exact_slope(float x) {
    x = limited(x, 15);
    return normcdff(x) + x * expf(-0.5f * x * x) * 0.3989422804f;
}

/* ---- by number, as minirl/kernels/matmul/checks.py counts them ---- */

enum { NO_ACTIVATION, GELU_TANH, GELU, SILU };

__device__ __forceinline__ float activated(int64 activation, float x) {
    return activation == GELU_TANH ? gelu_tanh_of(x)
           : activation == GELU    ? gelu_exact_of(x)
           : activation == SILU    ? silu_of(x)
                                   : x;
}

__device__ __forceinline__ float activation_slope(int64 activation, float x) {
    return activation == GELU_TANH ? gelu_tanh_slope(x)
           : activation == GELU    ? gelu_exact_slope(x)
           : activation == SILU    ? silu_slope(x)
                                   : 1;
}

#endif
