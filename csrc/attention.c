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

/* One block of queries on its way over the keys. */
typedef struct {
    int64_t D_padded; /* whole vectors that hold D numbers */
    float *q;         /* D x QUERY_BLOCK: the queries, transposed and times scale */
    float *weight;    /* KEY_BLOCK x QUERY_BLOCK: scores, then exp(score - m) */
    float *o;         /* QUERY_BLOCK x D_padded */
    float m[QUERY_BLOCK], l[QUERY_BLOCK];
} Block;

/* Scratch memory: a block's three arrays, then copies of K and V. */
static int64_t block_floats(int64_t D) { return (D + KEY_BLOCK + round_up(D, LANES)) * QUERY_BLOCK; }
static int64_t scratch_floats(int64_t copied, int64_t D) { return block_floats(D) + 2 * copied * round_up(D, LANES); }

/* Brings what LANES queries have gathered to a new maximum. */
static void correct(Block *block, int64_t column, vfloat correction) {
    vstore(block->l + column * LANES, vload(block->l + column * LANES) * correction);
    for (int64_t i = 0; i < LANES; i++) {
        if (correction[i] == 1) continue;
        float *o = block->o + (column * LANES + i) * block->D_padded;
        for (int64_t d = 0; d < block->D_padded; d += LANES) vstore(o + d, vload(o + d) * vset(correction[i]));
    }
}

/* Scores of LANES queries become weights: the online softmax's step over the `keys` keys from k0 on, of which the lanes
 * see only as many as `limit` says. o is brought to the new maximum, and still lacks the new keys. */
static void softmax_column(Block *block, int64_t column, int64_t k0, int64_t all_see, int64_t keys, vint limit) {
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
    if (k0 > 0 && memcmp(&max, &old_max, sizeof max) != 0) /* after the first few blocks the maximum seldom moves */
        correct(block, column, vexp(old_max - shift));
    vstore(block->m + column * LANES, max);
    vstore(block->l + column * LANES, vload(block->l + column * LANES) + sum);
}

static void attend_to_keys(Block *block, const Head *head, int64_t q0, int64_t queries, int64_t k0, int64_t keys) {
    int64_t columns = COLUMNS(queries), ahead = head->ahead, D = head->D, step = block->D_padded;
    const float *k = head->k + k0 * head->k_step, *v = head->v + k0 * head->v_step;
    for (int64_t column = 0, width; column < columns; column += width) {
        int64_t first = q0 + column * LANES, offset = column * LANES;
        width = strip_columns(first, ahead, k0, keys, columns - column);
        int64_t all_see = seen(first, ahead, k0, keys);
        int64_t some_see = seen(smaller(first + width * LANES, q0 + queries) - 1, ahead, k0, keys);
        product(some_see, width, D, D, k, head->k_step, 1, block->q + offset, QUERY_BLOCK, block->weight + offset,
                QUERY_BLOCK, 0);
        for (int64_t c = column; c < column + width; c++)
            softmax_column(block, c, k0, all_see, some_see, seen_by_lane(q0 + c * LANES, ahead, k0));
        /* What comes after a query must not reach it, not even times a weight of 0, for it may be NaN or inf: so each
         * query has its own number of keys. */
        int64_t rows = smaller(width * LANES, round_up(queries - offset, 4));
        product(rows, step / LANES, first + ahead + 1 - k0, some_see, block->weight + offset, 1, QUERY_BLOCK, v,
                head->v_step, block->o + offset * step, step, k0 > 0);
    }
}

/* The last step for a block of queries: out = o / l and lse = m + log l. A query that saw no key has l = 0. */
static void finish(const Block *block, const Head *head, int64_t q0, int64_t queries) {
    for (int64_t i = 0; i < queries; i++) {
        float *out = head->out + (q0 + i) * head->out_step, l = block->l[i];
        const float *o = block->o + i * block->D_padded;
        const float factor = l == 0 ? 0 : 1 / l; /* one division a row: a vector's takes as long as a dozen products */
        for (int64_t d = 0; d < head->D; d += LANES)
            vstore_some(out + d, l == 0 ? vset(0) : vload(o + d) * vset(factor), head->D - d);
        head->lse[q0 + i] = block->m[i] + logf(l);
    }
}

static void attend(const Head *head, int64_t q0, float *scratch) {
    int64_t D = head->D, queries = smaller(QUERY_BLOCK, head->T - q0);
    Block block;
    block.D_padded = round_up(D, LANES);
    block.q = scratch;
    block.weight = block.q + D * QUERY_BLOCK;
    block.o = block.weight + KEY_BLOCK * QUERY_BLOCK;
    for (int64_t i = 0; i < QUERY_BLOCK; i++) block.m[i] = -INFINITY, block.l[i] = 0;
    prefetch_rows(queries, D, head->q + q0 * head->q_step, head->q_step);
    prefetch_rows(smaller(KEY_BLOCK, head->S), D, head->k, head->k_step);
    prefetch_rows(smaller(KEY_BLOCK, head->S), D, head->v, head->v_step);
    transpose(queries, D, head->scale, head->q + q0 * head->q_step, head->q_step, block.q, QUERY_BLOCK);

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
    Extent all = extent(B, T, S, D, documents);
    int64_t blocks = divide_up(all.T, QUERY_BLOCK);
    int failed = 0;
#pragma omp parallel num_threads(threads_for(H * D * all.pairs, GRAIN)) reduction(| : failed)
    {
        float *scratch = allocate(scratch_floats(all.copied, D));
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
            if (must_copy(&s, D)) {
                int64_t step = round_up(D, LANES);
                float *own_k = scratch + block_floats(D), *own_v = own_k + s.S * step;
                join_rows(&s, D, k + h_kv * D, k_step, own_k, step);
                join_rows(&s, D, v + h_kv * D, v_step, own_v, step);
                head.k = own_k, head.v = own_v, head.k_step = head.v_step = step;
            }
            attend(&head, q0, scratch);
        }
        free(scratch);
    }
    return failed ? -1 : 0;
}
