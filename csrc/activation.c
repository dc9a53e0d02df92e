/* activation.c: GELU, SiLU and SwiGLU on whole arrays, and their gradients. The curves themselves are in
 * vector_math.h, because matmul applies them too.
 */
#include "parallel.h"
#include "vector_math.h"

enum { PIECE = 4096, GRAIN = 1 << 14 }; /* values that a thread takes at a time; values that are worth a thread */

/* y = expression in xs, over n values of x; or in xs and ds, over x and dy. */
#define MAP(n, x, dy, y, expression)                                                                  \
    _Pragma("omp parallel for num_threads(threads_for(n, GRAIN)) schedule(static)")                   \
    for (int64_t start = 0; start < (n); start += PIECE) {                                            \
        int64_t end = start + PIECE < (n) ? start + PIECE : (n), i = start;                           \
        for (; i + LANES <= end; i += LANES) {                                                        \
            vfloat xs = vload((x) + i), ds = vload((dy) + i);                                         \
            (void)ds;                                                                                 \
            vstore((y) + i, expression);                                                              \
        }                                                                                             \
        if (i < end) {                                                                                \
            vfloat xs = vload_tail((x) + i, end - i), ds = vload_tail((dy) + i, end - i);             \
            (void)ds;                                                                                 \
            vstore_tail((y) + i, expression, end - i);                                                \
        }                                                                                             \
    }

void kernel_gelu(int64_t n, int exact, const float *x, float *y) {
    if (exact)
        MAP(n, x, x, y, vgelu_exact(xs))
    else
        MAP(n, x, x, y, vgelu_tanh(xs))
}

void kernel_gelu_backward(int64_t n, int exact, const float *x, const float *dy, float *dx) {
    if (exact)
        MAP(n, x, dy, dx, ds * vgelu_exact_gradient(xs))
    else
        MAP(n, x, dy, dx, ds * vgelu_tanh_gradient(xs))
}

void kernel_silu(int64_t n, const float *x, float *y) { MAP(n, x, x, y, vsilu(xs)) }

void kernel_silu_backward(int64_t n, const float *x, const float *dy, float *dx) {
    MAP(n, x, dy, dx, ds * vsilu_gradient(xs))
}

void kernel_swiglu(int64_t rows, int64_t F, int64_t step, const float *gate, const float *up, float *y) {
#pragma omp parallel for num_threads(threads_for(rows *F, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *g = gate + row * step, *u = up + row * step;
        float *yr = y + row * F;
        int64_t i = 0;
        for (; i + LANES <= F; i += LANES) vstore(yr + i, vsilu(vload(g + i)) * vload(u + i));
        if (i < F) vstore_tail(yr + i, vsilu(vload_tail(g + i, F - i)) * vload_tail(u + i, F - i), F - i);
    }
}

void kernel_swiglu_backward(int64_t rows, int64_t F, int64_t step, const float *gate, const float *up, const float *dy,
                            int64_t dstep, float *dgate, float *dup) {
#pragma omp parallel for num_threads(threads_for(rows *F, GRAIN)) schedule(static)
    for (int64_t row = 0; row < rows; row++) {
        const float *g = gate + row * step, *u = up + row * step, *d = dy + row * F;
        float *dg = dgate + row * dstep, *du = dup + row * dstep;
        int64_t i = 0;
        for (; i + LANES <= F; i += LANES) {
            vfloat gradient, silu = vsilu_and_gradient(vload(g + i), &gradient), ds = vload(d + i);
            vstore(dg + i, ds * vload(u + i) * gradient);
            vstore(du + i, ds * silu);
        }
        if (i < F) {
            vfloat gradient, silu = vsilu_and_gradient(vload_tail(g + i, F - i), &gradient);
            vfloat ds = vload_tail(d + i, F - i);
            vstore_tail(dg + i, ds * vload_tail(u + i, F - i) * gradient, F - i);
            vstore_tail(du + i, ds * silu, F - i);
        }
    }
}
