#include "simd.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
void kernel_rope(int64_t tokens, int64_t H, int64_t D, const float *x, int64_t x_step, const int32_t *positions, const float *cosine, const float *sine, int inverse, float *y, int64_t y_step) {  }
