/* rope.c: rotary position embedding (Su et al. 2021).
 *
 * The D values of a head are D/2 points in a plane, value i with value i + D/2. A token at position p turns point i by
 * the angle p base^(-2i/D). The product of two turned vectors depends on the difference of their positions alone, which
 * is what attention should see.
 */
#include "parallel.h"
#include "simd.h"

enum { GRAIN = 1 << 14 };

void kernel_rope(int64_t tokens, int64_t H, int64_t D, const float *x, int64_t x_step, const int32_t *positions,
                 const float *cosine, const float *sine, int inverse, float *y, int64_t y_step) {
    const int64_t half = D / 2;
    const float sign = inverse ? -1.0f : 1.0f;
#pragma omp parallel for num_threads(threads_for(tokens *H *D, GRAIN)) schedule(static)
    for (int64_t token = 0; token < tokens; token++) {
        const float *c = cosine + positions[token] * half, *s = sine + positions[token] * half;
        for (int64_t head = 0; head < H; head++) {
            const float *from = x + token * x_step + head * D;
            float *to = y + token * y_step + head * D;
#pragma GCC ivdep /* y may be x itself, never a shifted x: every value is read before its place is written */
            for (int64_t i = 0; i < half; i++) {
                float first = from[i], second = from[i + half], turn = sign * s[i];
                to[i] = first * c[i] - second * turn;
                to[i + half] = second * c[i] + first * turn;
            }
        }
    }
}
