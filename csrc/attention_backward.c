/* attention_backward.c: the gradients of softmax(scale Q K^T) V, again without ever holding the T x S weights.
 *
 * With P the weights and dO the gradient of the output,
 *
 *     dV = P^T dO,    dP = dO V^T,    dS = P (dP - delta) scale,    dQ = dS K,    dK = dS^T Q,
 *
 * where delta, one number per query, is sum_d dO O = sum_keys P dP: what the softmax's normalisation takes back. P is
 * made anew, block by block, as exp(score - lse), from the lse that the forward pass kept (Dao et al. 2022,
 * Algorithm 4).
 *
 * Query blocks are the outer loop, so dQ of a block stays in cache until it is done, and dK and dV of the whole
 * head gather in scratch memory. All query heads that share a key head are, within one sequence, one unit of work for
 * one thread: then dK and dV have one writer, and their sums one order. Sequences that share a prefix belong to the
 * prefix's unit, for each of them adds to its dK and dV.
 */
#include "attention_tile.h"

/* One key head with one of its query heads: where rows start and how far apart they lie. */
typedef struct {
    int64_t T, S, D, ahead;
    float scale;
    const float *q, *k, *v, *out, *dout, *lse;
    int64_t q_step, k_step, v_step, out_step, dout_step;
    float *dq;
    int64_t dq_step;
} Head;

/* Scratch memory. A query's or key's row of D numbers is padded to D_padded, whole vectors. */
typedef struct {
    int64_t D_padded;
    float *dk, *dv;                        /* S x D_padded */
    float *dq;                             /* QUERY_BLOCK x D_padded */
    float *q, *dout;                       /* QUERY_BLOCK x D_padded: rows of Q and dO, where D is no whole vectors */
    float *q_transposed, *dout_transposed; /* D x QUERY_BLOCK; Q times scale */
    float *weight, *dscore;                /* KEY_BLOCK x QUERY_BLOCK: scores, then P; dP, then dS */
    float *lse, *delta;                    /* QUERY_BLOCK */
    float *k, *v;                          /* S x D_padded: K and V, where they must be copied */
} Scratch;

/* Whole groups of 4 keys are added to dk and dv. */
static int64_t gradient_floats(int64_t S, int64_t D_padded) { return round_up(S, 4) * D_padded; }

static int64_t scratch_floats(int64_t S, int64_t copied, int64_t D) {
    int64_t D_padded = round_up(D, LANES);
    return 2 * gradient_floats(S, D_padded) + (3 * D_padded + 2 * D + 2 * KEY_BLOCK + 2) * QUERY_BLOCK +
           2 * copied * D_padded;
}

static Scratch divide_scratch(float *memory, int64_t S, int64_t copied, int64_t D) {
    int64_t D_padded = round_up(D, LANES), rows = QUERY_BLOCK * D_padded, transposed = D * QUERY_BLOCK;
    Scratch s = {.D_padded = D_padded};
    s.dk = memory;
    s.dv = s.dk + gradient_floats(S, D_padded);
    s.q = s.dv + gradient_floats(S, D_padded);
    s.dout = s.q + rows;
    s.dq = s.dout + rows;
    s.q_transposed = s.dq + rows;
    s.dout_transposed = s.q_transposed + transposed;
    s.weight = s.dout_transposed + transposed;
    s.dscore = s.weight + KEY_BLOCK * QUERY_BLOCK;
    s.lse = s.dscore + KEY_BLOCK * QUERY_BLOCK;
    s.delta = s.lse + QUERY_BLOCK;
    s.k = s.delta + QUERY_BLOCK;
    s.v = s.k + copied * D_padded;
    return s;
}

static void load_queries(const Scratch *s, const Head *head, int64_t q0, int64_t queries) {
    int64_t D = head->D;
    const float *q = head->q + q0 * head->q_step, *dout = head->dout + q0 * head->dout_step;
    prefetch_rows(queries, D, q, head->q_step);
    prefetch_rows(queries, D, dout, head->dout_step);
    prefetch_rows(queries, D, head->out + q0 * head->out_step, head->out_step);
    if (D < s->D_padded) {
        copy_rows(queries, D, q, head->q_step, s->q, s->D_padded);
        copy_rows(queries, D, dout, head->dout_step, s->dout, s->D_padded);
    }
    transpose(queries, D, head->scale, q, head->q_step, s->q_transposed, QUERY_BLOCK);
    transpose(queries, D, 1, dout, head->dout_step, s->dout_transposed, QUERY_BLOCK);
    for (int64_t i = 0; i < queries; i++) {
        const float *out = head->out + (q0 + i) * head->out_step, *dout_i = dout + i * head->dout_step;
        vfloat sum = vset(0);
        int64_t d = 0;
        for (; d + LANES <= D; d += LANES) sum += vload(out + d) * vload(dout_i + d);
        if (d < D) sum += vload_tail(out + d, D - d) * vload_tail(dout_i + d, D - d);
        s->delta[i] = vsum(sum);
        s->lse[i] = head->lse[q0 + i] == -INFINITY ? 0 : head->lse[q0 + i]; /* no weights: exp(-inf - 0) is 0 */
    }
}

/* Scores become weights P, and dP becomes dS, in one column of queries: `keys` keys, of which a lane sees `limit`. */
static void softmax_backward_column(const Scratch *s, int64_t column, int64_t all_see, int64_t keys, vint limit,
                                    float scale) {
    float *weight = s->weight + column * LANES, *dscore = s->dscore + column * LANES;
    vfloat lse = vload(s->lse + column * LANES), delta = vload(s->delta + column * LANES);
    for (int64_t key = 0; key < keys; key++) {
        vfloat p = vexp(vload(weight + key * QUERY_BLOCK) - lse);
        vfloat ds = p * (vload(dscore + key * QUERY_BLOCK) - delta) * vset(scale);
        if (key >= all_see) {
            vint visible = limit > (int32_t)key;
            p = vselect(visible, p, vset(0));
            ds = vselect(visible, ds, vset(0));
        }
        vstore(weight + key * QUERY_BLOCK, p);
        vstore(dscore + key * QUERY_BLOCK, ds);
    }
}

/* Weights of keys that no query of the strip sees, but other queries beside a key of the same group: zeros. */
static void clear(const Scratch *s, int64_t column, int64_t width, int64_t key, int64_t keys) {
    vfloat zero = vset(0);
    for (int64_t end = smaller(key + 3, keys); key < end; key++)
        for (int64_t c = column; c < column + width; c++) {
            vstore(s->weight + key * QUERY_BLOCK + c * LANES, zero);
            vstore(s->dscore + key * QUERY_BLOCK + c * LANES, zero);
        }
}

/* P, dS and what dQ gets from one block of keys. */
static void query_side(const Scratch *s, const Head *head, int64_t q0, int64_t queries, int64_t k0, int64_t keys) {
    int64_t columns = COLUMNS(queries), ahead = head->ahead, D = head->D, step = s->D_padded;
    const float *k = head->k + k0 * head->k_step, *v = head->v + k0 * head->v_step;
    for (int64_t column = 0, width; column < columns; column += width) {
        int64_t first = q0 + column * LANES, offset = column * LANES;
        width = strip_columns(first, ahead, k0, keys, columns - column);
        int64_t all_see = seen(first, ahead, k0, keys);
        int64_t some_see = seen(smaller(first + width * LANES, q0 + queries) - 1, ahead, k0, keys);
        product(some_see, width, D, D, k, head->k_step, 1, s->q_transposed + offset, QUERY_BLOCK, s->weight + offset,
                QUERY_BLOCK, 0);
        product(some_see, width, D, D, v, head->v_step, 1, s->dout_transposed + offset, QUERY_BLOCK,
                s->dscore + offset, QUERY_BLOCK, 0);
        for (int64_t c = column; c < column + width; c++)
            softmax_backward_column(s, c, all_see, some_see, seen_by_lane(q0 + c * LANES, ahead, k0), head->scale);
        clear(s, column, width, some_see, keys);
        int64_t rows = smaller(width * LANES, round_up(queries - offset, 4));
        product(rows, step / LANES, first + ahead + 1 - k0, some_see, s->dscore + offset, 1, QUERY_BLOCK, k,
                head->k_step, s->dq + offset * step, step, k0 > 0);
    }
}

/* What dK and dV of a block of keys get from the block of queries. Keys that all queries see go together; the others, on
 * the diagonal, in groups of 4, each with the queries from the first that sees any of it: fewer and fewer. */
static void key_side(const Scratch *s, const Head *head, int64_t q0, int64_t queries, int64_t k0, int64_t keys) {
    int64_t step = s->D_padded, width = step / LANES;
    int64_t all_see = seen(q0, head->ahead, k0, keys);
    int64_t padded = head->D < step, q_step = padded ? step : head->q_step, dout_step = padded ? step : head->dout_step;
    const float *q = padded ? s->q : head->q + q0 * q_step, *dout = padded ? s->dout : head->dout + q0 * dout_step;
    for (int64_t group = 0, size; group < keys; group += size) {
        size = larger(4, (all_see - group) / 4 * 4);
        int64_t first = clip(k0 + group - head->ahead - q0, 0, queries), depth = queries - first;
        const float *weight = s->weight + group * QUERY_BLOCK + first;
        const float *dscore = s->dscore + group * QUERY_BLOCK + first;
        product(size, width, depth, depth, weight, QUERY_BLOCK, 1, dout + first * dout_step, dout_step,
                s->dv + (k0 + group) * step, step, 1);
        product(size, width, depth, depth, dscore, QUERY_BLOCK, 1, q + first * q_step, q_step,
                s->dk + (k0 + group) * step, step, 1);
    }
}

static void add_gradients(const Scratch *s, const Head *head) {
    for (int64_t q0 = 0; q0 < head->T; q0 += QUERY_BLOCK) {
        int64_t queries = smaller(QUERY_BLOCK, head->T - q0);
        load_queries(s, head, q0, queries);
        int64_t visible = seen(q0 + queries - 1, head->ahead, 0, head->S);
        if (visible == 0) memset(s->dq, 0, (size_t)(queries * s->D_padded) * sizeof(float));
        for (int64_t k0 = 0; k0 < visible; k0 += KEY_BLOCK) {
            int64_t keys = smaller(KEY_BLOCK, head->S - k0);
            int64_t next = k0 + KEY_BLOCK;
            if (next < visible) {
                prefetch_rows(smaller(KEY_BLOCK, head->S - next), head->D, head->k + next * head->k_step, head->k_step);
                prefetch_rows(smaller(KEY_BLOCK, head->S - next), head->D, head->v + next * head->v_step, head->v_step);
            }
            query_side(s, head, q0, queries, k0, keys);
            key_side(s, head, q0, queries, k0, keys);
        }
        copy_rows(queries, head->D, s->dq, s->D_padded, head->dq + q0 * head->dq_step, head->dq_step);
    }
}

/* The rows of dK and dV that belong to a sequence's own keys: those of its prefix go on gathering. */
static void clear_keys(const Scratch *s, const Sequence *sequence) {
    size_t bytes = (size_t)((sequence->S - sequence->P) * s->D_padded) * sizeof(float);
    memset(s->dk + sequence->P * s->D_padded, 0, bytes);
    memset(s->dv + sequence->P * s->D_padded, 0, bytes);
}

static void store_keys(const Scratch *s, const Sequence *sequence, int64_t D, float *dk, int64_t dk_step, float *dv,
                       int64_t dv_step) {
    int64_t rows = sequence->S - sequence->P, step = s->D_padded, own = sequence->P * step;
    copy_rows(rows, D, s->dk + own, step, dk + sequence->k * dk_step, dk_step);
    copy_rows(rows, D, s->dv + own, step, dv + sequence->k * dv_step, dv_step);
}

int kernel_attention_backward(int64_t B, int64_t T, int64_t S, const int64_t *documents, int64_t H, int64_t H_kv,
                              int64_t D, float scale, int causal, const float *q, int64_t q_step, const float *k,
                              int64_t k_step, const float *v, int64_t v_step, const float *out, int64_t out_step,
                              const float *lse, const float *dout, int64_t dout_step,
                              float *dq, int64_t dq_step, float *dk, int64_t dk_step, float *dv, int64_t dv_step) {
    Extent all = extent(B, T, S, D, documents);
    int failed = 0;
#pragma omp parallel num_threads(threads_for(H * D * all.pairs, GRAIN)) reduction(| : failed)
    {
        float *memory = allocate(scratch_floats(all.S, all.copied, D));
        failed = !memory;
#pragma omp for schedule(dynamic)
        for (int64_t unit = 0; unit < B * H_kv; unit++) {
            int64_t first = unit / H_kv, h_kv = unit % H_kv, group = H / H_kv;
            if (failed || prefix_of(first, documents) >= 0) continue;
            Scratch scratch = divide_scratch(memory, all.S, all.copied, D);
            Sequence prefix = sequence(first, T, S, H, documents);
            for (int64_t i = first; i == first || (i < B && prefix_of(i, documents) == first); i++) {
                Sequence s = sequence(i, T, S, H, documents);
                clear_keys(&scratch, &s);
                int copied = must_copy(&s, D);
                if (copied) {
                    join_rows(&s, D, k + h_kv * D, k_step, scratch.k, scratch.D_padded);
                    join_rows(&s, D, v + h_kv * D, v_step, scratch.v, scratch.D_padded);
                }
                for (int64_t h = h_kv * group; h < (h_kv + 1) * group; h++) {
                    Head head = {s.T, s.S, D, causal ? s.S - s.T : s.S, scale,
                                 q + s.q * q_step + h * D, k + s.k * k_step + h_kv * D, v + s.k * v_step + h_kv * D,
                                 out + s.q * out_step + h * D, dout + s.q * dout_step + h * D, lse + s.lse + h * T,
                                 q_step, k_step, v_step, out_step, dout_step, dq + s.q * dq_step + h * D, dq_step};
                    if (copied) head.k = scratch.k, head.v = scratch.v, head.k_step = head.v_step = scratch.D_padded;
                    add_gradients(&scratch, &head);
                }
                if (i > first) store_keys(&scratch, &s, D, dk + h_kv * D, dk_step, dv + h_kv * D, dv_step);
            }
            store_keys(&scratch, &prefix, D, dk + h_kv * D, dk_step, dv + h_kv * D, dv_step);
        }
        free(memory);
    }
    return failed ? -1 : 0;
}
