#include "simd.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
void kernel_gelu(int64_t n, int exact, const float *x, float *y) {  }
void kernel_gelu_backward(int64_t n, int exact, const float *x, const float *dy, float *dx) {  }
void kernel_silu(int64_t n, const float *x, float *y) {  }
void kernel_silu_backward(int64_t n, const float *x, const float *dy, float *dx) {  }
void kernel_swiglu(int64_t rows, int64_t F, int64_t step, const float *gate, const float *up, float *y) {  }
void kernel_swiglu_backward(int64_t rows, int64_t F, int64_t step, const float *gate, const float *up, const float *dy, int64_t dstep, float *dgate, float *dup) {  }
