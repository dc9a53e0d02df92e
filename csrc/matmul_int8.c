/* matmul_int8.c: C = A B where B is held in blocks of 32 whole numbers with one scale, about a quarter of the memory.
 *
 * A weight is its block's scale times a number from -128 to 127 (kernels/int8.py, and GGUF's Q8_0, byte for byte). Rows of
 * A are rounded to blocks of the same kind when they come, with numbers from -127 to 127. Then the sum of a block's 32
 * products is one of whole numbers, exact on every processor, and only the sums over blocks are rounded:
 *
 *     C[i, j] = sum over blocks b of (scale of A[i, b] * scale of B[j, b]) * sum of 32 products
 *
 * These too are the same bits on every instruction set, and in NumPy. A block gives eight sums of four products each, for
 * that is what processors' instructions make of 32 bytes. Blocks of even and of odd number have eight running sums each,
 * to which scale times sum is added, both rounded: no fused multiply-add. In the end the sixteen are folded in half until
 * one is left.
 *
 *     avx512bf16   vpdpbusd (VNNI) multiplies bytes without a sign by bytes with one: A is stored plus 128, and 128 times
 *                  the block's numbers of B is taken off beforehand
 *     avx512, avx2 vpmaddubsw too: it takes |b| and a with b's sign. 2 * 128 * 127 fits into 16 bits, so nothing saturates
 *     portable     what the compiler makes of the sums as they are written
 */
#include <stdlib.h>

#include "parallel.h"
#include "product.h"

#define BLOCK 32
#define BLOCK_BYTES 34 /* a float16 and 32 numbers */
#define CHAINS 16
#define CHAIN_VECTORS (CHAINS / LANES)
#define ROWS 8         /* of A that go together */
#define COLUMNS 16     /* of C that are finished together */

#if defined(__AVX512VNNI__)
#define SHIFTED 128 /* A's numbers are stored plus 128 */
#else
#define SHIFTED 0
#endif

/* Rows of A as blocks: numbers (rows, K), scales (rows, K / 32), and after an odd number of blocks one of zeros. */
typedef struct {
    int64_t pairs; /* of blocks, in a row */
    uint8_t *numbers;
    float *scales;
} Blocks;

/* x itself. The compiler does not see that, and so it rounds x, where it would fuse a product with a sum. */
INLINE vfloat rounded(vfloat x) {
#if defined(__x86_64__) || defined(__i386__)
    __asm__("" : "+v"(x));
#elif defined(__aarch64__)
    __asm__("" : "+w"(x));
#endif
    return x;
}

/* A block of zeros where its largest number is so small that 127 / largest overflows; NaN where one is not finite. */
static void make_block(const float *x, uint8_t *numbers, float *scale) {
    vint largest = {0};
    for (int i = 0; i < BLOCK; i += LANES) { /* floats without their sign are in the order of their bits */
        vint bits = (vint)vload(x + i) & 0x7fffffff;
        largest = (vint)vselect(bits > largest, (vfloat)bits, (vfloat)largest);
    }
    int32_t lanes[LANES], most = 0;
    memcpy(lanes, &largest, sizeof lanes);
    for (int i = 0; i < LANES; i++) most = lanes[i] > most ? lanes[i] : most;
    float size;
    memcpy(&size, &most, sizeof size);
    *scale = most >= 0x7f800000 ? NAN : size < 1e-30f ? 0 : size / 127;
    const vfloat inverse = vset(*scale > 0 ? 127 / size : 0), magic = vset(12582912.0f); /* see vexp */
    for (int i = 0; i < BLOCK; i += LANES) {
        vint q = (vint)(rounded((*scale > 0 ? vload(x + i) : vset(0)) * inverse) + magic) - (vint)magic + SHIFTED;
        memcpy(lanes, &q, sizeof lanes);
        for (int j = 0; j < LANES; j++) numbers[i + j] = (uint8_t)lanes[j];
    }
}

static void make_blocks(int64_t M, int64_t K, const float *a, Blocks *blocks) {
    const int64_t wide = blocks->pairs * 2 * BLOCK;
#pragma omp parallel for num_threads(threads_for(M * K, 1 << 16))
    for (int64_t i = 0; i < M; i++) {
        for (int64_t k = 0; k < K; k += BLOCK)
            make_block(a + i * K + k, blocks->numbers + i * wide + k, blocks->scales + (i * wide + k) / BLOCK);
        if (K < wide) {
            memset(blocks->numbers + i * wide + K, SHIFTED, BLOCK);
            blocks->scales[(i * wide + K) / BLOCK] = 0;
        }
    }
}

/* The number that the bits of a float16 stand for. All of them are finite in what kernels/int8.py makes. */
INLINE float half_to_float(const uint8_t *p) {
    uint16_t half;
    memcpy(&half, p, sizeof half);
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = (uint32_t)(half & 0x7fff) << 13;
    uint32_t word = rest >= 0x0f800000 ? rest + 0x70000000 : rest; /* infinity and NaN keep the largest exponent */
    float x;
    memcpy(&x, &word, sizeof x);
    if (rest < 0x0f800000) x *= 0x1p112f; /* the exponents differ by 127 - 15; so denormals become right too */
    memcpy(&word, &x, sizeof word);
    word |= sign;
    memcpy(&x, &word, sizeof x);
    return x;
}

/* ---- two blocks of a row of B ---- */

#if defined(__AVX512F__)
typedef struct {
    __m512i numbers, before; /* VNNI: what each sum begins with; else |numbers| */
    __mmask64 negative;
    vfloat scale[CHAIN_VECTORS];
} Pair;

INLINE Pair load_pair(const uint8_t *b, int both) {
    Pair pair;
    const __m256i first = _mm256_loadu_si256((const __m256i *)(b + 2));
    const __m256i second = both ? _mm256_loadu_si256((const __m256i *)(b + BLOCK_BYTES + 2)) : _mm256_setzero_si256();
    uint16_t scales[2] = {0};
    memcpy(scales, b, sizeof *scales);
    if (both) memcpy(scales + 1, b + BLOCK_BYTES, sizeof *scales);
    const __m256i halves = _mm256_inserti128_si256(_mm256_set1_epi16((int16_t)scales[0]),
                                                   _mm_set1_epi16((int16_t)scales[1]), 1);
    pair.scale[0] = (vfloat)_mm512_cvtph_ps(halves);
    pair.numbers = _mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1);
#if defined(__AVX512VNNI__)
    const __m512i zero = _mm512_setzero_si512();
    pair.before = _mm512_sub_epi32(zero, _mm512_dpbusd_epi32(zero, _mm512_set1_epi8((char)SHIFTED), pair.numbers));
    pair.negative = 0;
#else
    pair.before = _mm512_abs_epi8(pair.numbers);
    pair.negative = _mm512_movepi8_mask(pair.numbers);
#endif
    return pair;
}

INLINE void multiply_pair(const Pair *pair, const uint8_t *a, vfloat sums[CHAIN_VECTORS]) {
    const __m512i x = _mm512_loadu_si512(a);
#if defined(__AVX512VNNI__)
    const __m512i sum = _mm512_dpbusd_epi32(pair->before, x, pair->numbers);
#else
    const __m512i signs = _mm512_mask_sub_epi8(x, pair->negative, _mm512_setzero_si512(), x);
    const __m512i sum = _mm512_madd_epi16(_mm512_maddubs_epi16(pair->before, signs), _mm512_set1_epi16(1));
#endif
    sums[0] = (vfloat)_mm512_cvtepi32_ps(sum);
}

INLINE void spread_scales(const float *scales, vfloat spread[CHAIN_VECTORS]) {
    const __m512i which = _mm512_set_epi32(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    double two;
    memcpy(&two, scales, sizeof two);
    spread[0] = (vfloat)_mm512_permutexvar_ps(which, _mm512_castps128_ps512(_mm_castpd_ps(_mm_set_sd(two))));
}

#else

INLINE void spread_scales(const float *scales, vfloat spread[CHAIN_VECTORS]) {
    for (int v = 0; v < CHAIN_VECTORS; v++) spread[v] = vset(scales[v * LANES / 8]);
}

typedef struct {
#if defined(__AVX2__)
    __m256i numbers[2], size[2];
#else
    int8_t numbers[2 * BLOCK];
#endif
    vfloat scale[CHAIN_VECTORS];
} Pair;

INLINE Pair load_pair(const uint8_t *b, int both) {
    Pair pair;
    const float scales[2] = {half_to_float(b), both ? half_to_float(b + BLOCK_BYTES) : 0};
    spread_scales(scales, pair.scale);
#if defined(__AVX2__)
    pair.numbers[0] = _mm256_loadu_si256((const __m256i *)(b + 2));
    pair.numbers[1] = both ? _mm256_loadu_si256((const __m256i *)(b + BLOCK_BYTES + 2)) : _mm256_setzero_si256();
    for (int i = 0; i < 2; i++) pair.size[i] = _mm256_abs_epi8(pair.numbers[i]);
#else
    memcpy(pair.numbers, b + 2, BLOCK);
    if (both) memcpy(pair.numbers + BLOCK, b + BLOCK_BYTES + 2, BLOCK);
    else memset(pair.numbers + BLOCK, 0, BLOCK);
#endif
    return pair;
}

INLINE void multiply_pair(const Pair *pair, const uint8_t *a, vfloat sums[CHAIN_VECTORS]) {
#if defined(__AVX2__)
    for (int i = 0; i < 2; i++) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(a + i * BLOCK));
        const __m256i products = _mm256_maddubs_epi16(pair->size[i], _mm256_sign_epi8(x, pair->numbers[i]));
        sums[i] = (vfloat)_mm256_cvtepi32_ps(_mm256_madd_epi16(products, _mm256_set1_epi16(1)));
    }
#else
    float all[CHAINS];
    for (int chain = 0; chain < CHAINS; chain++) {
        int32_t sum = 0;
        for (int i = 4 * chain; i < 4 * chain + 4; i++) sum += (int16_t)pair->numbers[i] * (int16_t)(int8_t)a[i];
        all[chain] = (float)sum;
    }
    for (int v = 0; v < CHAIN_VECTORS; v++) sums[v] = vload(all + v * LANES);
#endif
}

#endif

/* ---- the product ---- */

/* Column `b` of C, for `rows` rows of A. */
INLINE void multiply_column(const int rows, int64_t blocks, const uint8_t *b, const Blocks *a, int64_t row, float *c,
                            int64_t ldc) {
    const int64_t pairs = a->pairs;
    vfloat sum[ROWS * CHAIN_VECTORS];
#pragma GCC unroll 32
    for (int i = 0; i < rows * CHAIN_VECTORS; i++) sum[i] = (vfloat){0};
    for (int64_t p = 0; p < pairs; p++, b += 2 * BLOCK_BYTES) {
        const Pair pair = load_pair(b, 2 * p + 1 < blocks);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            const int64_t at = (row + i) * pairs + p;
            vfloat products[CHAIN_VECTORS], scale[CHAIN_VECTORS];
            multiply_pair(&pair, a->numbers + at * 2 * BLOCK, products);
            spread_scales(a->scales + at * 2, scale);
#pragma GCC unroll 4
            for (int v = 0; v < CHAIN_VECTORS; v++)
                sum[i * CHAIN_VECTORS + v] += rounded(rounded(scale[v] * pair.scale[v]) * products[v]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++) {
        vfloat *own = sum + i * CHAIN_VECTORS;
#pragma GCC unroll 4
        for (int half = CHAIN_VECTORS / 2; half > 0; half /= 2)
#pragma GCC unroll 4
            for (int v = 0; v < half; v++) own[v] += own[v + half];
        c[i * ldc] = vsum(own[0]);
    }
}

static void multiply_columns(const Product *p, const uint8_t *b, const Blocks *a, int64_t begin, int64_t end) {
    const int64_t blocks = p->K / BLOCK;
    for (int64_t row = 0, rows; row < p->M; row += rows) {
        rows = smaller(ROWS, p->M - row);
        for (int64_t j = begin; j < end; j++) {
            const uint8_t *column = b + j * blocks * BLOCK_BYTES;
            float *c = p->c + row * p->ldc + j;
            switch (rows) {
#define COLUMN(n) case n: multiply_column(n, blocks, column, a, row, c, p->ldc); break;
                COLUMN(1) COLUMN(2) COLUMN(3) COLUMN(4) COLUMN(5) COLUMN(6) COLUMN(7) COLUMN(8)
#undef COLUMN
            }
        }
        finish_tile(p, row, rows, begin, end - begin);
    }
}

int kernel_matmul_int8(int64_t M, int64_t N, int64_t K, const float *a, const uint8_t *b, const float *bias,
                       int activation, float *preactivation, const float *residual, float *c) {
    const Product p = {.M = M, .N = N, .K = K, .bias = bias, .residual = residual, .c = c,
                       .preactivation = preactivation, .ldc = N, .activation = activation};
    Blocks blocks = {.pairs = divide_up(K, 2 * BLOCK)};
    const int64_t wide = M * blocks.pairs * 2 * BLOCK;
    void *memory;
    if (posix_memalign(&memory, 64, (size_t)(wide + wide / BLOCK * (int64_t)sizeof(float) + 64))) return -1;
    blocks.numbers = memory;
    blocks.scales = (float *)memory + wide / (int64_t)sizeof(float);
    make_blocks(M, K, a, &blocks);
    const int threads = threads_for(N * (K + 1) * larger(8, 2 * M), 1 << 20);
    const int64_t width = threads == 1 ? COLUMNS : round_up(larger(COLUMNS, divide_up(N, 16 * threads)), COLUMNS);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int64_t piece = 0; piece < N; piece += width)
        for (int64_t j = piece; j < smaller(N, piece + width); j += COLUMNS)
            multiply_columns(&p, b, &blocks, j, smaller(N, j + COLUMNS));
    free(memory);
    return 0;
}

void kernel_embedding_int8(int64_t tokens, int64_t C, const int32_t *ids, const uint8_t *table, float *out) {
    for (int64_t token = 0; token < tokens; token++)
        for (int64_t i = 0; i < C / BLOCK; i++) {
            const uint8_t *block = table + (ids[token] * (C / BLOCK) + i) * BLOCK_BYTES;
            const float scale = half_to_float(block);
            for (int j = 0; j < BLOCK; j++) out[token * C + i * BLOCK + j] = scale * (float)(int8_t)block[2 + j];
        }
}
