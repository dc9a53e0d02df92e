/* attention_decode.c: attention of one new query per row over its cached keys.
 *
 * Each cached number is used once (once per query head that shares it), so the time is that of reading the cache, and
 * what matters is to read it in the order it lies: the heads of a token are neighbours, so all heads advance together,
 * token by token.
 *
 * A long cache is cut into chunks of CHUNK keys, which threads share out. A chunk gives, per head, the maximum m of its
 * scores, the sum l of exp(score - m), and o, the sum of exp(score - m) value. The chunks of a row are then merged,
 * in order, by the rule that attention.c merges blocks of keys with.
 */
#include <stdlib.h>

#include "parallel.h"
#include "reduce.h"

enum { CHUNK = 128, KEYS_AT_ONCE = 4, GRAIN = 1 << 15 };

typedef struct {
    int64_t H, H_kv, D;
    float scale;
} Shape;

/* What a chunk gives: o (H x D), m (H), l (H). */
static int64_t partial_size(const Shape *shape) { return shape->H * (shape->D + 2); }

/* Two steps of all heads, over KEYS_AT_ONCE keys that lie `step` apart, or over one where fewer are left. The next
 * keys are fetched ahead by hand: a token's row may fill a page, and the processor's own prefetcher starts anew on each
 * page. (Behind the last key a prefetch does nothing.) */

/* score[i] = q . k_i */
INLINE void score_keys(int keys, int64_t D, const float *q, const float *k, int64_t step, float *score) {
    vfloat sum[KEYS_AT_ONCE] = {{0}};
    int64_t d = 0;
    for (; d + LANES <= D; d += LANES)
        for (int i = 0; i < keys; i++) {
            __builtin_prefetch(k + (i + KEYS_AT_ONCE) * step + d);
            sum[i] += vload(q + d) * vload(k + i * step + d);
        }
    for (int i = 0; i < keys && d < D; i++) sum[i] += vload_tail(q + d, D - d) * vload_tail(k + i * step + d, D - d);
    for (int i = 0; i < keys; i++) score[i] = vsum(sum[i]);
}

/* o += weight[0] v_0 + weight[1] v_1 + ..., in that order */
INLINE void add_values(int keys, int64_t D, const float *weight, const float *v, int64_t step, float *o) {
    int64_t d = 0;
    for (; d + LANES <= D; d += LANES) {
        vfloat sum = vload(o + d);
        for (int i = 0; i < keys; i++) {
            __builtin_prefetch(v + (i + KEYS_AT_ONCE) * step + d);
            sum += vset(weight[i]) * vload(v + i * step + d);
        }
        vstore(o + d, sum);
    }
    if (d == D) return;
    vfloat sum = vload_tail(o + d, D - d);
    for (int i = 0; i < keys; i++) sum += vset(weight[i]) * vload_tail(v + i * step + d, D - d);
    vstore_tail(o + d, sum, D - d);
}

/* weight (H x CHUNK): products q . k become exp(score - m), and 0 in lanes behind the last key. */
static void softmax_of_chunk(int64_t H, int64_t keys, float scale, float *weight, float *m, float *l) {
    for (int64_t h = 0; h < H; h++) {
        float *row = weight + h * CHUNK;
        for (int64_t key = 0; key < keys; key++) row[key] *= scale;
        for (int64_t key = keys; key % LANES; key++) row[key] = -INFINITY;
        m[h] = row_max(row, keys);
        float shift = m[h] == -INFINITY ? 0 : m[h]; /* -inf - -inf would be NaN */
        vfloat sum = vset(0);
        for (int64_t key = 0; key < keys; key += LANES) {
            vfloat w = vexp(vload(row + key) - vset(shift));
            vstore(row + key, w);
            sum += w;
        }
        l[h] = vsum(sum);
    }
}

static void attend_to_chunk(const Shape *shape, int64_t keys, const float *q, const float *k, const float *v,
                            float *weight, float *partial) {
    int64_t H = shape->H, D = shape->D, group = H / shape->H_kv, step = shape->H_kv * D;
    float *o = partial, *m = o + H * D, *l = m + H;
    for (int64_t key = 0, some; key < keys; key += some) {
        some = keys - key >= KEYS_AT_ONCE ? KEYS_AT_ONCE : 1;
        for (int64_t h = 0; h < H; h++) {
            const float *k_h = k + key * step + h / group * D;
            if (some == 1)
                score_keys(1, D, q + h * D, k_h, step, weight + h * CHUNK + key);
            else
                score_keys(KEYS_AT_ONCE, D, q + h * D, k_h, step, weight + h * CHUNK + key);
        }
    }
    softmax_of_chunk(H, keys, shape->scale, weight, m, l);
    memset(o, 0, (size_t)(H * D) * sizeof(float));
    for (int64_t key = 0, some; key < keys; key += some) {
        some = keys - key >= KEYS_AT_ONCE ? KEYS_AT_ONCE : 1;
        for (int64_t h = 0; h < H; h++) {
            const float *v_h = v + key * step + h / group * D;
            if (some == 1)
                add_values(1, D, weight + h * CHUNK + key, v_h, step, o + h * D);
            else
                add_values(KEYS_AT_ONCE, D, weight + h * CHUNK + key, v_h, step, o + h * D);
        }
    }
}

/* Merges the chunks of one head, and divides. Without a key, l stays 0 and so does out. */
static void merge_chunks(const Shape *shape, int64_t h, int64_t chunks, const float *partials, float *out) {
    int64_t D = shape->D, H = shape->H;
    float m = -INFINITY, l = 0;
    memset(out, 0, (size_t)D * sizeof(float));
    for (int64_t c = 0; c < chunks; c++, partials += partial_size(shape)) {
        float chunk_m = partials[H * D + h], larger = chunk_m > m ? chunk_m : m;
        float keep = m == larger ? 1 : expf(m - larger), factor = chunk_m == larger ? 1 : expf(chunk_m - larger);
        for (int64_t d = 0; d < D; d++) out[d] = out[d] * keep + partials[h * D + d] * factor;
        l = l * keep + partials[H * D + H + h] * factor;
        m = larger;
    }
    for (int64_t d = 0; d < D && l != 0; d++) out[d] /= l;
}

int kernel_attention_decode(int64_t B, int64_t H, int64_t H_kv, int64_t D, int64_t capacity, float scale,
                            const float *q, const float *k_cache, const float *v_cache, const int32_t *lengths,
                            float *out) {
    Shape shape = {H, H_kv, D, scale};
    int64_t longest = 0;
    int failed = 0;
    for (int64_t b = 0; b < B; b++) longest = lengths[b] > longest ? lengths[b] : longest;
    int64_t chunks = (longest + CHUNK - 1) / CHUNK, row = capacity * H_kv * D;
    float *partials = malloc((size_t)(B * chunks * partial_size(&shape) + 1) * sizeof(float));
    if (!partials) return -1;
#pragma omp parallel num_threads(threads_for(B *longest *H *D, GRAIN)) reduction(| : failed)
    {
        float *weight = malloc((size_t)(H * CHUNK + 1) * sizeof(float));
        failed = !weight;
#pragma omp for schedule(dynamic)
        for (int64_t unit = 0; unit < B * chunks; unit++) {
            int64_t b = unit / chunks, first = unit % chunks * CHUNK, keys = lengths[b] - first;
            if (failed || keys <= 0) continue;
            attend_to_chunk(&shape, keys < CHUNK ? keys : CHUNK, q + b * H * D, k_cache + b * row + first * H_kv * D,
                            v_cache + b * row + first * H_kv * D, weight, partials + unit * partial_size(&shape));
        }
        free(weight);
#pragma omp for schedule(static)
        for (int64_t unit = 0; unit < B * H; unit++) {
            int64_t b = unit / H, h = unit % H;
            merge_chunks(&shape, h, (lengths[b] + CHUNK - 1) / CHUNK,
                         partials + b * chunks * partial_size(&shape), out + unit * D);
        }
    }
    free(partials);
    return failed ? -1 : 0;
}
