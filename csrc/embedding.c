#include "simd.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
void kernel_embedding(int64_t tokens, int64_t C, const int32_t *ids, const float *table, float *out) {  }
void kernel_embedding_backward(int64_t tokens, int64_t C, const int32_t *ids, const float *dout, float *dtable) {  }
