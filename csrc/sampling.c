#include "simd.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
int kernel_sample(int64_t rows, int64_t V, const float *logits, float temperature, int64_t top_k, float top_p, const double *uniform, int32_t *ids, float *log_prob) { return 0; }
