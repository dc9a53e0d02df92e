/* attention.c: softmax(scale Q K^T) V in one pass over the keys.
 *
 * The T x S scores of a head would not fit in any cache, and each is needed just once. So we never store them: a block
 * of queries meets the keys block by block, and what a query keeps from the keys it has met is
 *
 *     m   the largest score,
 *     l   the sum of exp(score - m),
 *     o   the sum of exp(score - m) times the key's value.
 *
 * When a later block raises the maximum to m', old terms were scaled by exp(-m) instead of exp(-m'); multiplying
 * l and o by exp(m - m') puts that right. This is the online softmax of Milakov and Gimelshein (2018); blocking both
 * queries and keys with it is FlashAttention (Dao et al. 2022, Algorithm 1; Dao 2023 divides by l only at the end).
 * Memory is linear in T. The backward pass needs m + log l of each query, lse, to remake any weight it wants.
 *
 * Blocks of queries are independent of each other, so they are what threads share out, those of the longest sequence
 * first: what is left when threads run out of work is then small. The sequences are the rows of a batch, or documents
 * that lie end to end in one row (Dao 2023 calls that varlen). Documents may begin with the same tokens, kept once, as a
 * document of their own: those keys and a document's own are copied together, and it is a sequence with more keys than
 * queries like any other.
 */
#include "attention_tile.h"

/* One head: where its rows start and how far apart they lie. */
typedef struct {
    int64_t T, S, D, ahead;
    float scale;
    const float *q, *k, *v;
    int64_t q_step, k_step, v_step;
    float *out, *lse;
    int64_t out_step;
} Head;

/* One block of queries on its way over the keys; a column is a vector of queries. */
typedef struct {
    float *q;      /* D x QUERY_BLOCK: the queries, transposed and times scale */
    float *o;      /* D x QUERY_BLOCK */
    float *weight; /* KEY_BLOCK x QUERY_BLOCK: scores, then exp(score - m) */
    float m[QUERY_BLOCK], l[QUERY_BLOCK];
} Block;

/* Scratch memory: a block's three arrays, then K and V of a sequence with a prefix. */
static int64_t block_floats(int64_t D) { return (2 * D + KEY_BLOCK) * QUERY_BLOCK; }
static int64_t scratch_floats(int64_t joined, int64_t D) { return block_floats(D) + 2 * joined * D; }

/* Scores of one column become weights: the online softmax's step over `keys` keys, of which the lanes see only as many
 * as `limit` says. o is brought to the new maximum, and still lacks the new keys. */
static void softmax_column(Block *block, int64_t column, int64_t D, int64_t all_see, int64_t keys, vint limit) {
    float *weight = block->weight + column * LANES;
    for (int64_t key = all_see; key < keys; key++) {
        vint visible = limit > (int32_t)key;
        vstore(weight + key * QUERY_BLOCK, vselect(visible, vload(weight + key * QUERY_BLOCK), vset(-INFINITY)));
    }
    vfloat old_max = vload(block->m + column * LANES), max = old_max;
    for (int64_t key = 0; key < keys; key++) max = vmax(max, vload(weight + key * QUERY_BLOCK));
    vfloat shift = vselect(max == vset(-INFINITY), vset(0), max); /* no key yet: -inf - -inf would be NaN */
    vfloat sum = vset(0);
    for (int64_t key = 0; key < keys; key++) {
        vfloat w = vexp(vload(weight + key * QUERY_BLOCK) - shift);
        vstore(weight + key * QUERY_BLOCK, w);
        sum += w;
    }
    vfloat l = vload(block->l + column * LANES);
    if (memcmp(&max, &old_max, sizeof max) != 0) { /* after the first few blocks the maximum seldom moves */
        vfloat correction = vexp(old_max - shift);
        l *= correction;
        for (float *o = block->o + column * LANES, *end = o + D * QUERY_BLOCK; o < end; o += QUERY_BLOCK)
            vstore(o, vload(o) * correction);
    }
    vstore(block->m + column * LANES, max);
    vstore(block->l + column * LANES, l + sum);
}

/* Whether none of these rows holds a NaN or inf, which times 0 is NaN. */
static int all_finite(int64_t rows, int64_t D, const float *x, int64_t step) {
    vfloat zeros = vset(0);
    for (int64_t i = 0; i < rows; i++) {
        int64_t d = 0;
        for (; d + LANES <= D; d += LANES) zeros += vload(x + i * step + d) * vset(0);
        if (d < D) zeros += vload_tail(x + i * step + d, D - d) * vset(0);
    }
    return vsum(zeros) == 0;
}

/* o += weight * value for one column and one key, in the lanes that see the key. */
static void add_where_seen(Block *block, int64_t column, int64_t D, int64_t key, const float *value, vint visible) {
    vfloat weight = vload(block->weight + key * QUERY_BLOCK + column * LANES);
    for (int64_t d = 0; d < D; d++) {
        float *o = block->o + d * QUERY_BLOCK + column * LANES;
        vstore(o, vselect(visible, vload(o) + weight * value[d], vload(o)));
    }
}

static void attend_to_keys(Block *block, const Head *head, int64_t q0, int64_t queries, int64_t k0, int64_t keys) {
    int64_t columns = COLUMNS(queries), ahead = head->ahead, D = head->D;
    const float *k = head->k + k0 * head->k_step, *v = head->v + k0 * head->v_step;
    for (int64_t column = 0, width; column < columns; column += width) {
        int64_t first = q0 + column * LANES, offset = column * LANES;
        width = strip_columns(first, ahead, k0, keys, columns - column);
        int64_t all_see = seen(first, ahead, k0, keys);
        int64_t some_see = seen(smaller(first + width * LANES, q0 + queries) - 1, ahead, k0, keys);
        product(some_see, width, D, k, head->k_step, 1, block->q + offset, QUERY_BLOCK, block->weight + offset,
                QUERY_BLOCK, 0);
        for (int64_t c = column; c < column + width; c++)
            softmax_column(block, c, D, all_see, some_see, seen_by_lane(q0 + c * LANES, ahead, k0));

        /* What comes after a query must not reach it, whatever it is: a weight of 0 sees to that, unless the value is
         * NaN or inf. Then keys that only some of the queries see are added one by one, to those. */
        int64_t together = some_see;
        if (!all_finite(some_see - all_see, D, v + all_see * head->v_step, head->v_step)) together = all_see;
        product(D, width, together, v, 1, head->v_step, block->weight + offset, QUERY_BLOCK, block->o + offset,
                QUERY_BLOCK, 1);
        for (int64_t key = together; key < some_see; key++)
            for (int64_t c = column; c < column + width; c++)
                add_where_seen(block, c, D, key, v + key * head->v_step,
                               seen_by_lane(q0 + c * LANES, ahead, k0) > (int32_t)key);
    }
}

/* The last step for a block of queries: out = o / l and lse = m + log l. A query that saw no key has l = 0. */
static void finish(Block *block, const Head *head, int64_t q0, int64_t queries) {
    for (int64_t column = 0; column < COLUMNS(queries); column++) {
        vfloat l = vload(block->l + column * LANES);
        for (float *o = block->o + column * LANES, *end = o + head->D * QUERY_BLOCK; o < end; o += QUERY_BLOCK)
            vstore(o, vselect(l == 0, vset(0), vload(o) / l));
    }
    transpose(head->D, queries, 1, block->o, QUERY_BLOCK, head->out + q0 * head->out_step, head->out_step);
    for (int64_t i = 0; i < queries; i++) head->lse[q0 + i] = block->m[i] + logf(block->l[i]);
}

static void attend(const Head *head, int64_t q0, float *scratch) {
    int64_t D = head->D, queries = smaller(QUERY_BLOCK, head->T - q0);
    Block block = {scratch, scratch + D * QUERY_BLOCK, scratch + 2 * D * QUERY_BLOCK, {0}, {0}};
    prefetch_rows(queries, D, head->q + q0 * head->q_step, head->q_step);
    prefetch_rows(smaller(KEY_BLOCK, head->S), D, head->k, head->k_step);
    prefetch_rows(smaller(KEY_BLOCK, head->S), D, head->v, head->v_step);
    transpose(queries, D, head->scale, head->q + q0 * head->q_step, head->q_step, block.q, QUERY_BLOCK);
    memset(block.o, 0, (size_t)(D * QUERY_BLOCK) * sizeof(float));
    for (int64_t i = 0; i < QUERY_BLOCK; i++) block.m[i] = -INFINITY;

    int64_t visible = seen(q0 + queries - 1, head->ahead, 0, head->S);
    for (int64_t k0 = 0; k0 < visible; k0 += KEY_BLOCK) {
        int64_t next = k0 + KEY_BLOCK;
        if (next < visible) {
            prefetch_rows(smaller(KEY_BLOCK, head->S - next), D, head->k + next * head->k_step, head->k_step);
            prefetch_rows(smaller(KEY_BLOCK, head->S - next), D, head->v + next * head->v_step, head->v_step);
        }
        attend_to_keys(&block, head, q0, queries, k0, smaller(KEY_BLOCK, head->S - k0));
    }
    finish(&block, head, q0, queries);
}

int kernel_attention(int64_t B, int64_t T, int64_t S, const int64_t *documents, int64_t H, int64_t H_kv, int64_t D,
                     float scale, int causal, const float *q, int64_t q_step, const float *k, int64_t k_step,
                     const float *v, int64_t v_step, float *out, int64_t out_step, float *lse) {
    Extent all = extent(B, T, S, documents);
    int64_t blocks = divide_up(all.T, QUERY_BLOCK);
    int failed = 0;
#pragma omp parallel num_threads(threads_for(H * D * all.pairs, GRAIN)) reduction(| : failed)
    {
        float *scratch = allocate(scratch_floats(all.joined, D));
        failed = !scratch;
#pragma omp for schedule(dynamic)
        for (int64_t unit = 0; unit < B * H * blocks; unit++) {
            Sequence s = sequence(unit / (H * blocks), T, S, H, documents);
            int64_t h = unit / blocks % H, h_kv = h / (H / H_kv), q0 = (blocks - 1 - unit % blocks) * QUERY_BLOCK;
            if (failed || q0 >= s.T) continue; /* a document shorter than the longest has fewer blocks */
            Head head = {s.T, s.S, D, causal ? s.S - s.T : s.S, scale,
                         q + s.q * q_step + h * D, k + s.k * k_step + h_kv * D, v + s.k * v_step + h_kv * D,
                         q_step, k_step, v_step,
                         out + s.q * out_step + h * D, lse + s.lse + h * T, out_step};
            if (s.P) {
                float *joined_k = scratch + block_floats(D), *joined_v = joined_k + s.S * D;
                join_rows(&s, D, k + h_kv * D, k_step, joined_k);
                join_rows(&s, D, v + h_kv * D, v_step, joined_v);
                head.k = joined_k, head.v = joined_v, head.k_step = head.v_step = D;
            }
            attend(&head, q0, scratch);
        }
        free(scratch);
    }
    return failed ? -1 : 0;
}
