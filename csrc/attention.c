#include "simd.h"
#pragma GCC diagnostic ignored "-Wunused-parameter"
int kernel_attention(int64_t B, int64_t T, int64_t S, int64_t H, int64_t H_kv, int64_t D, float scale, int causal, const float *q, int64_t q_step, const float *k, int64_t k_step, const float *v, int64_t v_step, float *out, int64_t out_step, float *lse) { return 0; }
int kernel_attention_backward(int64_t B, int64_t T, int64_t S, int64_t H, int64_t H_kv, int64_t D, float scale, int causal, const float *q, int64_t q_step, const float *k, int64_t k_step, const float *v, int64_t v_step, const float *out, int64_t out_step, const float *lse, const float *dout, int64_t dout_step, float *dq, int64_t dq_step, float *dk, int64_t dk_step, float *dv, int64_t dv_step) { return 0; }
int kernel_attention_decode(int64_t B, int64_t H, int64_t H_kv, int64_t D, int64_t capacity, float scale, const float *q, const float *k_cache, const float *v_cache, const int32_t *lengths, float *out) { return 0; }
