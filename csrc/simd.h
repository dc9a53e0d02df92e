/* simd.h: vectors of float32, written once for SSE, AVX2, AVX-512 and NEON.
 *
 * GCC's and Clang's vector extensions give + - * / and comparisons on `vfloat`, a register of LANES floats; the compiler
 * picks the instructions of the instruction set being compiled. A comparison yields a `vint` of all-ones and zeros.
 * Only what the extensions lack is written out below: loads, the odd tail of a row, select, reductions, and exp.
 */
#ifndef MINIRL_SIMD_H
#define MINIRL_SIMD_H

#include <math.h>
#include <string.h>

#include "isa.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#define LANES (VECTOR_BYTES / 4)
#define INLINE static inline __attribute__((always_inline, unused))

typedef float vfloat __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t vint __attribute__((vector_size(VECTOR_BYTES)));
typedef float vfloat_unaligned __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));

/* Four floats, on every instruction set, and a pick of four out of the eight of x and y. */
typedef float vfloat4 __attribute__((vector_size(16)));
typedef float vfloat4_unaligned __attribute__((vector_size(16), aligned(4), may_alias));
#if defined(__clang__)
#define SHUFFLE4(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d)
#else
#define SHUFFLE4(x, y, a, b, c, d) __builtin_shuffle(x, y, (int32_t __attribute__((vector_size(16)))){a, b, c, d})
#endif

INLINE vfloat vset(float x) { return x - (vfloat){0}; }  /* x - 0 keeps the sign of -0; x + 0 would not */
INLINE vfloat vload(const float *p) { return *(const vfloat_unaligned *)p; }
INLINE void vstore(float *p, vfloat x) { *(vfloat_unaligned *)p = x; }

#if defined(__AVX2__) && !defined(__AVX512F__)
/* A mask of the first n lanes. */
INLINE vint first_lanes(int64_t n) { return (vint){0, 1, 2, 3, 4, 5, 6, 7} < ((vint){0} + (int32_t)n); }
#endif

/* The last n < LANES values of a row; lanes beyond them are zero, and memory beyond them is not touched. */
INLINE vfloat vload_tail(const float *p, int64_t n) {
#if defined(__AVX512F__)
    return (vfloat)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(__AVX2__)
    return (vfloat)_mm256_maskload_ps(p, (__m256i)first_lanes(n));
#else
    vfloat x = {0};
    memcpy(&x, p, (size_t)n * sizeof(float));
    return x;
#endif
}
INLINE void vstore_tail(float *p, vfloat x, int64_t n) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)x);
#elif defined(__AVX2__)
    _mm256_maskstore_ps(p, (__m256i)first_lanes(n), (__m256)x);
#else
    memcpy(p, &x, (size_t)n * sizeof(float));
#endif
}

/* The next of `left` values of a row: a whole vector, or as many as there are (none when left <= 0) and zeros. */
INLINE vfloat vload_some(const float *p, int64_t left) {
    if (left >= LANES) return vload(p);
    return left > 0 ? vload_tail(p, left) : (vfloat){0};
}
INLINE void vstore_some(float *p, vfloat x, int64_t left) {
    if (left >= LANES) vstore(p, x);
    else if (left > 0) vstore_tail(p, x, left);
}

INLINE vfloat vselect(vint mask, vfloat yes, vfloat no) { return (vfloat)((mask & (vint)yes) | (~mask & (vint)no)); }
/* A NaN in x is kept, as NumPy's maximum keeps it: comparisons with NaN are false. The processor's own max and min, given
 * y first, are the same in one instruction. */
#if defined(__AVX512F__)
INLINE vfloat vmax(vfloat x, vfloat y) { return (vfloat)_mm512_max_ps((__m512)y, (__m512)x); }
INLINE vfloat vmin(vfloat x, vfloat y) { return (vfloat)_mm512_min_ps((__m512)y, (__m512)x); }
#elif defined(__AVX2__)
INLINE vfloat vmax(vfloat x, vfloat y) { return (vfloat)_mm256_max_ps((__m256)y, (__m256)x); }
INLINE vfloat vmin(vfloat x, vfloat y) { return (vfloat)_mm256_min_ps((__m256)y, (__m256)x); }
#else
INLINE vfloat vmax(vfloat x, vfloat y) { return vselect(x < y, y, x); }
INLINE vfloat vmin(vfloat x, vfloat y) { return vselect(x > y, y, x); }
#endif

/* Lanes are folded in half until one is left: a fixed tree. */
INLINE float vsum(vfloat x) {
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)x); /* the same tree, which GCC 12 does not see in the loops below */
#elif defined(__AVX2__)
    __m128 half = _mm_add_ps(_mm256_castps256_ps128((__m256)x), _mm256_extractf128_ps((__m256)x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
#else
    float lane[LANES];
    vstore(lane, x);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; i++) lane[i] += lane[i + width];
    return lane[0];
#endif
}
INLINE float vmaximum(vfloat x) {
    float lane[LANES];
    vstore(lane, x);
    float best = lane[0];
    for (int i = 1; i < LANES; i++) best = (lane[i] > best || lane[i] != lane[i]) ? lane[i] : best;
    return best;
}

/* e^x to within 2 units in the last place: x = n ln 2 + r with |r| <= ln(2) / 2, then a polynomial for e^r
 * (Cody and Waite's reduction; minimax coefficients as in Cephes' expf). inf, -inf and NaN come out as they should. */
INLINE vfloat vexp(vfloat x) {
    vfloat clamped = vmin(vmax(x, vset(-104.0f)), vset(89.0f));
    const vfloat magic = vset(12582912.0f); /* 1.5 * 2^23: adding it rounds to an integer */
    vfloat shifted = clamped * vset(1.44269504088896341f) + magic, n = shifted - magic;
    vfloat r = clamped - n * vset(0.693359375f);
    r = r - n * vset(-2.12194440e-4f);
    vfloat p = vset(1.9875691500e-4f);
    p = p * r + vset(1.3981999507e-3f);
    p = p * r + vset(8.3334519073e-3f);
    p = p * r + vset(4.1665795894e-2f);
    p = p * r + vset(1.6666665459e-1f);
    p = p * r + vset(5.0000001201e-1f);
    p = p * (r * r) + r + vset(1.0f);
#if defined(__AVX512F__)
    return (vfloat)_mm512_scalef_ps((__m512)p, (__m512)n); /* p 2^n; a NaN has come through the clamp, and p is one */
#else
    /* 2^n in two factors, so that results near overflow and underflow stay finite until they must not. The low bits of
     * `shifted` are those of n; a float keeps its exponent plus 127 in bits 23 to 30, so both factors want 127 more, and
     * the shift to the left drops what stands above them. */
    vint exponent = (vint)shifted + 254, half = exponent >> 1;
    return p * (vfloat)(half << 23) * (vfloat)((exponent - half) << 23);
#endif
}

/* 1 / x for finite x that are neither tiny nor huge, to 1 unit in the last place. A vector division takes as long as a
 * dozen multiplications, so AVX-512's estimate of 14 bits takes one step of Newton's method instead. */
INLINE vfloat vreciprocal(vfloat x) {
#if defined(__AVX512F__)
    vfloat r = (vfloat)_mm512_rcp14_ps((__m512)x);
    return r + r * (vset(1.0f) - x * r);
#else
    return vset(1.0f) / x;
#endif
}

/* 1 / (1 + e^-x), from e^-|x| so that neither tail overflows or loses digits. */
INLINE vfloat vsigmoid(vfloat x) {
    vfloat e = vexp((vfloat)((vint)x | INT32_MIN));
    return vselect(x < 0, e, vset(1.0f)) * vreciprocal(vset(1.0f) + e);
}

#endif
