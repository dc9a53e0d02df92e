#include "simd.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
int kernel_matmul(int64_t batch, int64_t M, int64_t N, int64_t K, const float *a, int64_t stride_a, int64_t lda, int transpose_a, const float *b, int64_t stride_b, int64_t ldb, int transpose_b, const float *bias, int activation, float *preactivation, float *c, int64_t stride_c, int64_t ldc, int accumulate, int bf16) { return 0; }
void kernel_round_bf16(int64_t n, const float *x, float *y) {  }
