/* attention_decode.c: attention of new queries, mostly one per row, over their cached keys.
 *
 * Each cached number is used once (once per query head that shares it), so the time is that of reading the cache, and
 * what matters is to read it in the order it lies: the heads of a token are neighbours, so all heads advance together,
 * a few tokens at a time.
 *
 * A row may go on from another, which holds the prompt that several answers have in common: its keys are the other's,
 * then its own. Neighbours in the batch that share a prompt find it in the cache nearest to the processor.
 *
 * A long cache is cut into chunks of CHUNK keys, which threads share out; where rows and chunks are fewer than threads
 * could take, so are groups of heads. A chunk gives, per head, the maximum m of its scores, the sum l of exp(score - m),
 * and o, the sum of exp(score - m) value. The chunks of a row are then merged, in order, by the rule that attention.c
 * merges blocks of keys with. Where keys lie does not change a bit.
 */
#include <stdlib.h>

#include "integers.h"
#include "parallel.h"
#include "reduce.h"

enum { CHUNK = 128, KEYS_AT_ONCE = 4, STRIP = 4, GRAIN = 1 << 15 };

typedef struct {
    int64_t H, H_kv, D;
    float scale;
} Shape;

/* Query heads begin to end - 1: all that share their key heads. */
typedef struct {
    int64_t begin, end;
} Heads;

/* Keys and values that lie one after the other. */
typedef struct {
    const float *k, *v;
    int64_t keys;
} Piece;

INLINE Piece piece(const float *k, const float *v, int64_t step, int64_t first, int64_t last) {
    return (Piece){k + first * step, v + first * step, last - first};
}

/* Which rows of the caches a query reads, and how many keys: the prefix's, then its own, `keys` in all. */
typedef struct {
    int64_t prefix, prefix_keys, own, keys;
} Row;

typedef struct {
    const int32_t *lengths, *rows, *prefixes, *seen;
    int64_t new; /* 1 where each query's own key is written first, otherwise 0 */
} Table;

INLINE Row row_of(const Table *table, int64_t b) {
    Row row = {.own = table->rows ? table->rows[b] : b};
    const int64_t prefix = table->prefixes ? table->prefixes[b] : -1;
    if (prefix >= 0) row.prefix = prefix, row.prefix_keys = table->lengths[prefix];
    row.keys = row.prefix_keys + (table->seen ? table->seen[b] : table->lengths[row.own]) + table->new;
    return row;
}

/* What a chunk gives: o (H x D), m (H), l (H). */
static int64_t partial_size(const Shape *shape) { return shape->H * (shape->D + 2); }

/* Two steps of a head, over KEYS_AT_ONCE keys that lie `step` apart, or over the fewer that are left. The next keys are
 * fetched ahead by hand: a token's row may fill a page, and the processor's own prefetcher starts anew on each page.
 * (Behind the last key a prefetch does nothing.) */

/* score[i] = q . k_i */
INLINE void score_keys(int keys, int64_t D, const float *q, const float *k, int64_t step, float *score) {
    vfloat sum[KEYS_AT_ONCE];
    float sums[KEYS_AT_ONCE];
    int64_t d = 0;
#pragma GCC unroll 4
    for (int i = 0; i < KEYS_AT_ONCE; i++) sum[i] = (vfloat){0};
    for (; d + LANES <= D; d += LANES)
#pragma GCC unroll 4
        for (int i = 0; i < keys; i++) {
            __builtin_prefetch(k + (i + KEYS_AT_ONCE) * step + d);
            sum[i] += vload(q + d) * vload(k + i * step + d);
        }
    if (d < D)
#pragma GCC unroll 4
        for (int i = 0; i < keys; i++) sum[i] += vload_tail(q + d, D - d) * vload_tail(k + i * step + d, D - d);
    vsum_four(sum, sums);
    for (int i = 0; i < keys; i++) score[i] = sums[i];
}

/* o += weight[0] v_0 + weight[1] v_1 + ..., in that order, in `vectors` vectors side by side */
INLINE void add_strip(int keys, int vectors, const float *weight, const float *v, int64_t step, float *o) {
    vfloat sum[STRIP];
    for (int j = 0; j < vectors; j++) sum[j] = vload(o + j * LANES);
    for (int i = 0; i < keys; i++) {
        vfloat w = vset(weight[i]);
        for (int j = 0; j < vectors; j++) {
            __builtin_prefetch(v + (i + KEYS_AT_ONCE) * step + j * LANES);
            sum[j] += w * vload(v + i * step + j * LANES);
        }
    }
    for (int j = 0; j < vectors; j++) vstore(o + j * LANES, sum[j]);
}

INLINE void add_values(int keys, int64_t D, const float *weight, const float *v, int64_t step, float *o) {
    int64_t d = 0;
    for (; d + STRIP * LANES <= D; d += STRIP * LANES) add_strip(keys, STRIP, weight, v + d, step, o + d);
    for (; d + LANES <= D; d += LANES) add_strip(keys, 1, weight, v + d, step, o + d);
    if (d == D) return;
    vfloat sum = vload_tail(o + d, D - d);
    for (int i = 0; i < keys; i++) sum += vset(weight[i]) * vload_tail(v + i * step + d, D - d);
    vstore_tail(o + d, sum, D - d);
}

/* weight (H x CHUNK): products q . k become exp(score - m), and 0 in lanes behind the last key. */
static void softmax_of_chunk(Heads heads, int64_t keys, float scale, float *weight, float *m, float *l) {
    for (int64_t h = heads.begin; h < heads.end; h++) {
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

/* For every key of a piece, KEYS_AT_ONCE at a time, and every head: call(n), where n is a constant. */
#define EACH_KEY_AND_HEAD(piece, call)                                         \
    for (int64_t key = 0; key < (piece).keys; key += KEYS_AT_ONCE)             \
        for (int64_t h = heads.begin; h < heads.end; h++) {                    \
            const int64_t at = key * step + h / group * D;                     \
            switch ((piece).keys - key) {                                      \
                case 1: call(1); break;                                        \
                case 2: call(2); break;                                        \
                case 3: call(3); break;                                        \
                default: call(KEYS_AT_ONCE);                                   \
            }                                                                  \
        }

/* pieces: those of the chunk's keys that are a prefix, then its own. */
static void attend_to_chunk(const Shape *shape, Heads heads, const Piece pieces[2], const float *q, float *weight,
                            float *partial) {
    const int64_t H = shape->H, D = shape->D, group = H / shape->H_kv, step = shape->H_kv * D;
    float *o = partial, *m = o + H * D, *l = m + H;
    for (int64_t p = 0, first = 0; p < 2; first += pieces[p++].keys) {
#define SCORE(n) score_keys(n, D, q + h * D, pieces[p].k + at, step, weight + h * CHUNK + first + key)
        EACH_KEY_AND_HEAD(pieces[p], SCORE)
    }
    softmax_of_chunk(heads, pieces[0].keys + pieces[1].keys, shape->scale, weight, m, l);
    memset(o + heads.begin * D, 0, (size_t)((heads.end - heads.begin) * D) * sizeof(float));
    for (int64_t p = 0, first = 0; p < 2; first += pieces[p++].keys) {
#define ADD(n) add_values(n, D, weight + h * CHUNK + first + key, pieces[p].v + at, step, o + h * D)
        EACH_KEY_AND_HEAD(pieces[p], ADD)
    }
}

/* Merges the chunks of a row, head by head, and divides. Without a key, l stays 0 and so does the row of out (H x D). */
static void merge_chunks(const Shape *shape, Heads heads, int64_t chunks, const float *partials, float *row) {
    const int64_t D = shape->D, H = shape->H;
    for (int64_t h = heads.begin; h < heads.end; h++) {
        float *out = row + h * D;
        const float *o = partials + h * D, *chunk_m = partials + H * D + h, *chunk_l = chunk_m + H;
        float m = -INFINITY, l = 0;
        memset(out, 0, (size_t)D * sizeof(float));
        for (int64_t c = 0, at = 0; c < chunks; c++, at += partial_size(shape)) {
            float larger = chunk_m[at] > m ? chunk_m[at] : m;
            float keep = m == larger ? 1 : expf(m - larger);
            float factor = chunk_m[at] == larger ? 1 : expf(chunk_m[at] - larger);
            for (int64_t d = 0; d < D; d++) out[d] = out[d] * keep + o[at + d] * factor;
            l = l * keep + chunk_l[at] * factor;
            m = larger;
        }
        for (int64_t d = 0; d < D && l != 0; d++) out[d] /= l;
    }
}

int kernel_attention_decode(int64_t B, int64_t H, int64_t H_kv, int64_t D, int64_t capacity, float scale,
                            const float *q, int64_t q_step, const float *k_new, int64_t k_step, const float *v_new,
                            int64_t v_step, float *k_cache, float *v_cache, const int32_t *lengths,
                            const int32_t *rows, const int32_t *prefixes, const int32_t *seen, float *out) {
    const Shape shape = {H, H_kv, D, scale};
    const Table table = {lengths, rows, prefixes, seen, k_new != NULL};
    const int64_t token = H_kv * D, row_size = capacity * token;
    int64_t longest = 0;
    int failed = 0;
    for (int64_t b = 0; b < B; b++) longest = larger(longest, row_of(&table, b).keys);
    const int64_t chunks = divide_up(longest, CHUNK), size = partial_size(&shape);
    float *partials = malloc((size_t)((chunks > 1 ? B * chunks * size : 0) + 1) * sizeof(float));
    if (!partials) return -1;
    const int threads = threads_for(B * longest * H * D, GRAIN);
    int64_t groups = 1; /* of heads */
    while (B * chunks * groups < 2 * threads && H_kv % (2 * groups) == 0) groups *= 2;
    const int64_t kv_heads = H_kv / groups, heads_in_group = H / groups;
#pragma omp parallel num_threads(threads) reduction(| : failed)
    {
        float *weight = malloc((size_t)(H * CHUNK + size + 1) * sizeof(float)), *partial = weight + H * CHUNK;
        failed = !weight;
#pragma omp for schedule(dynamic)
        for (int64_t unit = 0; unit < B * chunks * groups; unit++) {
            const int64_t group = unit % groups, chunk = unit / groups % chunks, b = unit / groups / chunks;
            const int64_t first = chunk * CHUNK;
            const Heads heads = {group * heads_in_group, (group + 1) * heads_in_group};
            const Row row = row_of(&table, b);
            const int64_t last = smaller(first + CHUNK, row.keys), P = row.prefix_keys;
            if (failed || first >= last) continue;
            float *k = k_cache + row.own * row_size, *v = v_cache + row.own * row_size;
            if (k_new && last == row.keys) { /* only this chunk reads the new key */
                const int64_t from = group * kv_heads * D, to = (last - 1 - P) * token + from;
                memcpy(k + to, k_new + b * k_step + from, (size_t)(kv_heads * D) * sizeof(float));
                memcpy(v + to, v_new + b * v_step + from, (size_t)(kv_heads * D) * sizeof(float));
            }
            const Piece pieces[2] = {
                piece(k_cache + row.prefix * row_size, v_cache + row.prefix * row_size, token, smaller(first, P),
                      smaller(last, P)),
                piece(k, v, token, larger(first, P) - P, larger(last, P) - P)};
            if (chunks > 1) partial = partials + (b * chunks + chunk) * size;
            attend_to_chunk(&shape, heads, pieces, q + b * q_step, weight, partial);
            if (chunks == 1) merge_chunks(&shape, heads, 1, partial, out + b * H * D); /* no scratch for all the rows */
        }
        free(weight);
#pragma omp for schedule(static)
        for (int64_t b = 0; b < B; b++) {
            const int64_t keys = row_of(&table, b).keys;
            if (chunks != 1 || keys == 0)
                merge_chunks(&shape, (Heads){0, H}, divide_up(keys, CHUNK), partials + b * chunks * size,
                             out + b * H * D);
        }
    }
    free(partials);
    return failed ? -1 : 0;
}
