/* vector_math.h: the activations and their derivatives, on vectors.
 *
 * Shared by activation.c, which applies them to arrays, and matmul.c, which applies them to a product before it leaves
 * the registers. Each takes x and gives y, or dy/dx. NaN stays NaN; at the ends of the line stand the limits:
 * an activation is 0 at -inf and inf at +inf, its derivative 0 and 1.
 *
 * One thought runs through all: 1 - sigmoid(x), written so, loses every digit once sigmoid(x) nears 1. So we take
 * e = exp(-|x|), which is never above 1, and get both halves of the curve from it by products alone.
 */
#ifndef MINIRL_VECTOR_MATH_H
#define MINIRL_VECTOR_MATH_H

#include <float.h>

#include "simd.h"

INLINE vfloat vabs(vfloat x) { return (vfloat)((vint)x & 0x7fffffff); }

/* x limited to [-limit, limit]. Keeps products such as x * exp(-|x|) from becoming inf * 0. */
INLINE vfloat vclamp(vfloat x, float limit) { return vmin(vmax(x, vset(-limit)), vset(limit)); }

/* sigmoid(x), and its derivative sigmoid(x) (1 - sigmoid(x)). */
INLINE vfloat vsigmoid_and_slope(vfloat x, vfloat *slope) {
    vfloat e = vexp(-vabs(x));
    vfloat positive = vreciprocal(vset(1.0f) + e); /* sigmoid(|x|) */
    vfloat negative = e * positive;                  /* sigmoid(-|x|) = 1 - sigmoid(|x|) */
    *slope = positive * negative;
    return vselect(x < 0, negative, positive);
}

/* ---- SiLU: y = x sigmoid(x) ---- */

INLINE vfloat vsilu(vfloat x) { return vmax(x, vset(-FLT_MAX)) * vsigmoid(x); }

/* Both from one exponential. */
INLINE vfloat vsilu_and_gradient(vfloat x, vfloat *gradient) {
    vfloat bounded = vclamp(x, 120.0f); /* exp(-120) is 0 */
    vfloat slope, sigmoid = vsigmoid_and_slope(bounded, &slope);
    *gradient = sigmoid + bounded * slope;
    return vmax(x, vset(-FLT_MAX)) * sigmoid;
}

INLINE vfloat vsilu_gradient(vfloat x) {
    vfloat gradient;
    vsilu_and_gradient(x, &gradient);
    return gradient;
}

/* ---- GELU, the tanh form (Hendrycks and Gimpel 2016): y = x (1 + tanh u) / 2 = x sigmoid(2u),
 *      u = sqrt(2 / pi) (x + 0.044715 x^3) ---- */

#define GELU_2U_1 1.5957691216f  /* 2u = 1.59.. x + 0.0713.. x^3 */
#define GELU_2U_3 0.0713548163f

INLINE vfloat vgelu_tanh(vfloat x) {
    vfloat cubic = (vset(GELU_2U_3) * (x * x) + vset(GELU_2U_1)) * x;
    return vmax(x, vset(-FLT_MAX)) * vsigmoid(cubic);
}

INLINE vfloat vgelu_tanh_gradient(vfloat x) {
    x = vclamp(x, 15.0f); /* there 2u is 265 and exp(-2u) is 0 */
    vfloat square = x * x;
    vfloat cubic = (vset(GELU_2U_3) * square + vset(GELU_2U_1)) * x;
    vfloat slope, sigmoid = vsigmoid_and_slope(cubic, &slope);
    return sigmoid + x * slope * (vset(3 * GELU_2U_3) * square + vset(GELU_2U_1));
}

/* ---- GELU, exact: y = x Phi(x), Phi the normal distribution ---- */

/* Phi(x), and its density phi(x) = exp(-x^2 / 2) / sqrt(2 pi). Below zero
 *     Phi(-a) = exp(-a^2 / 2) t P(t),   t = 1 / (1 + 0.3 a),
 * with a polynomial P fitted on 0 <= a <= 15 to a relative error of 4e-9; above it, Phi(a) = 1 - Phi(-a). */
INLINE vfloat vnormal(vfloat x, vfloat *density) {
    vfloat a = vmin(vabs(x), vset(15.0f)); /* Phi(-15) is 0 in float32 */
    /* a^2 rounds, and exp would turn an error of a^2 eps into a relative one: a tail wrong in its last two digits. So
     * we split a = head + rest, head short enough that its square is exact, and put back what a * a lost. */
    vfloat square = a * a;
    vfloat head = (vfloat)((vint)a & ~0xfff), rest = a - head;
    vfloat lost = (head * head - square) + rest * (a + head);
    vfloat e = vexp(vset(-0.5f) * square);
    e = e - e * (vset(0.5f) * lost);

    vfloat t = vreciprocal(vset(0.3f) * a + vset(1.0f));
    vfloat p = vset(-2.0628710477e-02f);
    p = p * t + vset(1.1246505323e-01f);
    p = p * t + vset(-2.2828537881e-01f);
    p = p * t + vset(1.9188404629e-01f);
    p = p * t + vset(-7.9509760564e-02f);
    p = p * t + vset(9.6205224960e-02f);
    p = p * t + vset(7.8372125402e-02f);
    p = p * t + vset(1.1023936603e-01f);
    p = p * t + vset(1.1957131545e-01f);
    p = p * t + vset(1.1968671677e-01f);
    vfloat tail = e * (p * t);
    *density = e * vset(0.39894228040f);
    return vselect(x > 0, vset(1.0f) - tail, tail);
}

INLINE vfloat vgelu_exact(vfloat x) {
    vfloat density;
    return vmax(x, vset(-FLT_MAX)) * vnormal(x, &density);
}

INLINE vfloat vgelu_exact_gradient(vfloat x) {
    vfloat density, normal = vnormal(x, &density);
    return normal + vclamp(x, 15.0f) * density;
}

#endif
