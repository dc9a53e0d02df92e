#include "simd.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
void kernel_adamw(int64_t n, float *p, const float *g, float *m, float *v, float lr, float beta1, float beta2, float eps, float weight_decay, float correction1, float correction2, float grad_scale) {  }
int kernel_sum_squares(int64_t n, const float *x, double *total) { return 0; }
void kernel_scale(int64_t n, float *x, float factor) {  }
