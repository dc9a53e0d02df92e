/* decode.c: one new token for each row, from its id to the logits of the next, through all layers of a model.
 *
 * Nothing is computed here: one kernel after the other is called, as minirl/model/block.py calls them from Python, and so
 * the bits are the same. What this file saves is Python. A token of one row takes a dozen kernels a layer, each of some
 * microseconds, and to call one from Python takes longer than many of them do.
 */
#include <stdlib.h>
#include <string.h>

#include "integers.h"
#include "isa.h"

enum { FLOATS, BFLOAT16, INT8 }; /* decoder_linear.kind */

/* What lies between two kernels, for B rows. All of it is one allocation. */
typedef struct {
    float *x, *y;                       /* the residual stream (C), before and after attention */
    float *normed, *packed, *attended;  /* (C), ((H + 2 H_kv) D), (H D) */
    float *up, *hidden;                 /* the MLP's: (F), or (2F) where gated, and then (F) */
    float *mean, *rstd;                 /* of norms: (1), or one for each head */
    int32_t *positions;                 /* (1), behind all the others */
} Scratch;

static int64_t heads_of(const decoder *m) { return m->H + 2 * m->H_kv; }

/* Cuts the parts of the scratch out of memory, or only adds up their sizes where memory is NULL. */
static int64_t cut(const decoder *m, int64_t B, float *memory, Scratch *s) {
    const struct {
        float **part;
        int64_t size;
    } parts[] = {{&s->x, m->C}, {&s->y, m->C}, {&s->normed, m->C}, {&s->packed, heads_of(m) * m->D},
                 {&s->attended, m->H * m->D}, {&s->up, m->gated ? 2 * m->F : m->F}, {&s->hidden, m->gated ? m->F : 0},
                 {&s->mean, 1}, {&s->rstd, larger(1, m->H)}};
    int64_t used = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (memory) *parts[i].part = memory + used;
        used += round_up(B * parts[i].size, 64 / sizeof(float)); /* each part begins a cache line */
    }
    return used;
}

static void normalise(const decoder *m, decoder_norm norm, int64_t B, const float *x, float *y, Scratch *s) {
    if (m->rms) kernel_rms_norm(B, m->C, m->eps, x, norm.gamma, y, s->rstd);
    else kernel_layer_norm(B, m->C, m->eps, x, norm.gamma, norm.beta, y, s->mean, s->rstd);
}

static int multiply(const decoder *m, decoder_linear l, int64_t B, const float *x, int activation,
                    const float *residual, float *y) {
    const int64_t K = l.inputs, N = l.outputs;
    if (l.kind == BFLOAT16)
        return kernel_matmul_bf16(B, N, K, x, l.weight, l.bias, activation, NULL, residual, y, 0);
    if (l.kind == INT8) return kernel_matmul_int8(B, N, K, x, l.weight, l.bias, activation, NULL, residual, y);
    return kernel_matmul(1, B, N, K, x, 0, K, 0, l.weight, 0, K, 1, l.bias, activation, NULL, residual, y, 0, N, 0,
                         m->bf16);
}

/* x = tokens[ids], and the rows of the table of positions. */
static void embed(const decoder *m, int64_t B, const int32_t *ids, Scratch *s) {
    const int64_t C = m->C;
    if (m->tokens.kind == FLOATS) kernel_embedding(B, C, ids, m->tokens.weight, s->x);
    else if (m->tokens.kind == INT8) kernel_embedding_int8(B, C, ids, m->tokens.weight, s->x);
    else
        for (int64_t b = 0; b < B; b++)
            for (int64_t i = 0; i < C; i++) {
                const uint32_t word = (uint32_t)((const uint16_t *)m->tokens.weight)[ids[b] * C + i] << 16;
                memcpy(s->x + b * C + i, &word, sizeof word);
            }
    for (int64_t b = 0; m->positions && b < B; b++)
        for (int64_t i = 0; i < C; i++) s->x[b * C + i] += m->positions[s->positions[b] * C + i];
}

/* Attention, up to its projection: normed -> attended. */
static int attend(const decoder *m, const decoder_layer *l, int64_t B, int64_t capacity, float *keys, float *values,
                  const int32_t *held, const int32_t *rows, const int32_t *prefixes, Scratch *s) {
    const int64_t H = m->H, H_kv = m->H_kv, D = m->D, step = heads_of(m) * D;
    float *q = s->packed, *k = q + H * D, *v = k + H_kv * D;
    if (multiply(m, l->qkv, B, s->normed, 0, NULL, s->packed)) return -1;
    for (int64_t b = 0; l->query_gamma && b < B; b++) {
        kernel_rms_norm(H, D, m->eps, q + b * step, l->query_gamma, q + b * step, s->rstd);
        kernel_rms_norm(H_kv, D, m->eps, k + b * step, l->key_gamma, k + b * step, s->rstd);
    }
    if (l->rotates) kernel_rope(B, H + H_kv, D, q, step, s->positions, m->cosine, m->sine, 0, q, step);
    return kernel_attention_decode(B, H, H_kv, D, capacity, m->scale, q, step, k, step, v, step, keys, values, held,
                                   rows, prefixes, NULL, s->attended);
}

/* One block: x -> x. */
static int block(const decoder *m, const decoder_layer *l, int64_t B, int64_t capacity, float *keys, float *values,
                 const int32_t *held, const int32_t *rows, const int32_t *prefixes, Scratch *s) {
    normalise(m, l->attention_norm, B, s->x, s->normed, s);
    if (attend(m, l, B, capacity, keys, values, held, rows, prefixes, s)) return -1;
    if (multiply(m, l->projection, B, s->attended, 0, s->x, s->y)) return -1;
    normalise(m, l->mlp_norm, B, m->parallel ? s->x : s->y, s->normed, s);
    if (multiply(m, l->up, B, s->normed, m->activation, NULL, s->up)) return -1;
    if (m->gated) kernel_swiglu(B, m->F, 2 * m->F, s->up, s->up + m->F, s->hidden);
    return multiply(m, l->down, B, m->gated ? s->hidden : s->up, 0, s->y, s->x);
}

int kernel_decode(const decoder *model, int64_t B, const int32_t *ids, int64_t capacity, float *const *keys,
                  float *const *values, const int32_t *held, const int32_t *rows, const int32_t *prefixes,
                  float *logits) {
    Scratch s = {0};
    const int64_t floats = cut(model, B, NULL, &s);
    void *memory;
    if (posix_memalign(&memory, 64, (size_t)(floats + B + 1) * sizeof(float))) return -1;
    cut(model, B, memory, &s);
    s.positions = (int32_t *)memory + floats;
    for (int64_t b = 0; b < B; b++)
        s.positions[b] = held[rows ? rows[b] : b] + (prefixes && prefixes[b] >= 0 ? held[prefixes[b]] : 0);
    embed(model, B, ids, &s);
    int status = 0;
    for (int64_t layer = 0; layer < model->layers && !status; layer++)
        status = block(model, &model->layer[layer], B, capacity, keys[layer], values[layer], held, rows, prefixes, &s);
    if (!status) {
        normalise(model, model->final_norm, B, s.x, s.normed, &s);
        status = multiply(model, model->head, B, s.normed, 0, NULL, logits);
    }
    free(memory);
    return status;
}
