/* minirl.h: every C function that Python may call, declared once.
 *
 * Three readers share this file: the C sources include it, cffi reads it to make the Python binding, and the
 * build reads it to make the dispatcher. So it holds plain declarations only: no macros, no inline code.
 *
 * Functions named kernel_* are compiled once per instruction set (see isa.h) and chosen when the program runs.
 * All others are compiled once.
 *
 * Conventions. Matrices are row-major float32. Sizes come first, then inputs, then outputs. A function that
 * allocates scratch memory returns 0, or -1 when there is none left; the others cannot fail: checks.py has checked every
 * size, type and index before a pointer gets here. Letters: B batch, T time (queries), S keys, C d_model, H heads,
 * D head size, V vocabulary.
 */
#ifndef MINIRL_H
#define MINIRL_H

#include <stdint.h>

/* ---- runtime: threads, memory and instruction sets (runtime.c and the generated dispatch.c) ---- */

const char *minirl_compiler(void); /* the name and version of the compiler that built this */
int minirl_has_openmp(void); /* 0: no, 1: the compiler's runtime, 2: the one of openmp.c */
void minirl_set_threads(int threads);
void minirl_mind_forks(void); /* from now on a fork of this process computes with one thread, if OpenMP would hang */
int minirl_get_threads(void);
void minirl_keep_memory(void);            /* memory that is freed stays with the process, and is not made anew */

int minirl_isa_count(void);               /* instruction sets compiled into this build, best last */
const char *minirl_isa_name(int index);
int minirl_isa_supported(int index);      /* 1 when this CPU can run it */
void minirl_isa_use(int index);
const char *minirl_amx_refusal(void);     /* why this process may not use AMX; "" where it may (amx.c) */

/* ---- machine peaks, for doctor and bench (peak.c) ---- */

double kernel_peak_fma(int64_t iterations);         /* runs fused multiply-adds; returns the operations done */
double kernel_peak_fma_bf16(int64_t iterations);    /* the same in bfloat16 pairs; 0 where the CPU has none */
float kernel_peak_read(const float *x, int64_t n);  /* sums x, so that every byte is read */

/* ---- matmul.c ---- */

/* C = activation(A B + bias) + residual, or C += A B, for each of `batch` matrices. A is (M, K), or stored as (K, M) when
 * transpose_a; B is (K, N), or stored as (N, K) when transpose_b. ld* is the distance between stored rows, stride_*
 * between matrices of the batch (0 repeats one). bias (N), preactivation (like C; receives A B + bias) and residual (like
 * C) may be NULL. activation: 0 none, 1 GELU (tanh), 2 GELU (exact), 3 SiLU. bf16: 1 rounds A and B to bfloat16 first. */
int kernel_matmul(int64_t batch, int64_t M, int64_t N, int64_t K,
                  const float *a, int64_t stride_a, int64_t lda, int transpose_a,
                  const float *b, int64_t stride_b, int64_t ldb, int transpose_b,
                  const float *bias, int activation, float *preactivation, const float *residual,
                  float *c, int64_t stride_c, int64_t ldc, int accumulate, int bf16);
void kernel_round_bf16(int64_t n, const float *x, float *y);  /* to the nearest bfloat16, ties to even */

/* ---- matmul_ladder/: for reading, and to be timed beside kernel_matmul ---- */

/* C = A B, from three loops to packed tiles and threads. All matrices are without gaps. Some need memory for copies, and
 * return -1 where there is none. Only the last uses more than one thread. */
void kernel_matmul_naive(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c);
void kernel_matmul_row_wise(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c);
void kernel_matmul_blocked(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c);
void kernel_matmul_register_tile(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c);
int kernel_matmul_packed(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c);
int kernel_matmul_vector(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c);
int kernel_matmul_threads(int64_t M, int64_t N, int64_t K, const float *a, const float *b, float *c);

/* ---- matmul_bf16.c ---- */

/* What kernel_matmul computes with bf16 = 1 of A (M, K), which is rounded to bfloat16, and of B stored as (N, K), whose
 * numbers are bfloat16 already: the upper halves of floats. All matrices are without gaps. */
int kernel_matmul_bf16(int64_t M, int64_t N, int64_t K, const float *a, const uint16_t *b, const float *bias,
                       int activation, float *preactivation, const float *residual, float *c, int accumulate);

/* ---- matmul_int8.c ---- */

/* C = activation(A B + bias) + residual, where B is stored as (N, K / 32) blocks of 34 bytes: a float16, and the 32 numbers
 * that it is to be multiplied by. Each 32 numbers of A's rows are first rounded to the multiples of their largest / 127.
 * K is a multiple of 32. All matrices are without gaps. */
int kernel_matmul_int8(int64_t M, int64_t N, int64_t K, const float *a, const uint8_t *b, const float *bias,
                       int activation, float *preactivation, const float *residual, float *c);
/* Row ids[i] of a table (., C / 32) of such blocks, as floats (tokens, C). */
void kernel_embedding_int8(int64_t tokens, int64_t C, const int32_t *ids, const uint8_t *table, float *out);

/* ---- attention.c: heads side by side, q (B, T, H, D), k and v (B, S, H_kv, D) ---- */

/* *_step is the distance from one token to the next, so that q, k and v may be slices of one projection. With
 * causal, query t sees keys up to t + S - T. lse (B, H, T) receives the log of each row's softmax denominator.
 *
 * documents is NULL, or B triples (first token, length, prefix) of documents that lie end to end in one row of T = S
 * tokens; lse is then (H, T). A document attends to itself alone or, where prefix is not -1 but a row of this table, to
 * all of that document and then to itself. Those that share a prefix follow it in the table, and it has none. */
int kernel_attention(int64_t B, int64_t T, int64_t S, const int64_t *documents, int64_t H, int64_t H_kv, int64_t D,
                     float scale, int causal, const float *q, int64_t q_step, const float *k, int64_t k_step,
                     const float *v, int64_t v_step, float *out, int64_t out_step, float *lse);
int kernel_attention_backward(int64_t B, int64_t T, int64_t S, const int64_t *documents, int64_t H, int64_t H_kv,
                              int64_t D, float scale, int causal, const float *q, int64_t q_step, const float *k,
                              int64_t k_step, const float *v, int64_t v_step, const float *out, int64_t out_step,
                              const float *lse, const float *dout, int64_t dout_step,
                              float *dq, int64_t dq_step, float *dk, int64_t dk_step, float *dv, int64_t dv_step);
/* One new query per row, q (B, H, D), against caches (rows, capacity, H_kv, D) of which row r holds lengths[r] keys.
 * Query b reads row rows[b] or, where rows is NULL, row b, after all of row prefixes[b] unless that is -1 or prefixes is
 * NULL. k_new and v_new (B, H_kv, D), or NULL: keys and values that are put into the caches behind the queries' own
 * rows first, and read with them. seen (B), or NULL: how many keys the query's own
 * row holds for it, instead of its length. */
int kernel_attention_decode(int64_t B, int64_t H, int64_t H_kv, int64_t D, int64_t capacity, float scale,
                            const float *q, int64_t q_step, const float *k_new, int64_t k_step, const float *v_new,
                            int64_t v_step, float *k_cache, float *v_cache, const int32_t *lengths,
                            const int32_t *rows, const int32_t *prefixes, const int32_t *seen, float *out);

/* ---- decode.c ---- */

/* y = x W^T + bias. weight: (outputs, inputs), floats, bfloat16 where kind is 1, or blocks as in
 * kernel_matmul_int8 where it is 2. bias: (outputs) or NULL. */
typedef struct {
    const void *weight;
    const float *bias;
    int64_t inputs, outputs;
    int kind;
} decoder_linear;

/* gamma (C), and beta (C) or NULL. */
typedef struct {
    const float *gamma, *beta;
} decoder_norm;

/* One block. query_gamma and key_gamma (D) are NULL unless queries and keys are normalised. rotates: whether they are
 * turned by their positions. */
typedef struct {
    decoder_norm attention_norm, mlp_norm;
    decoder_linear qkv, projection, up, down;
    const float *query_gamma, *key_gamma;
    int rotates;
} decoder_layer;

/* A whole model. C: the width of the residual stream; F: that of the MLP. rms: RMS norm, else layer norm. gated: SwiGLU,
 * else activation as in kernel_matmul. parallel: the MLP reads what attention reads. bf16: as in kernel_matmul.
 * positions (., C), or NULL; cosine and sine (., D/2), or NULL. tokens.weight is the token table. */
typedef struct {
    int64_t C, F, H, H_kv, D, layers;
    int rms, gated, activation, parallel, bf16;
    float eps, scale;
    decoder_linear tokens, head;
    decoder_norm final_norm;
    const float *positions, *cosine, *sine;
    const decoder_layer *layer;
} decoder;

/* The logits (B, V) that follow one new token ids[b] in each row, whose key and value in each layer are put into the
 * caches keys[layer] and values[layer], (rows, capacity, H_kv, D) each; held, rows and prefixes are as in
 * kernel_attention_decode. */
int kernel_decode(const decoder *model, int64_t B, const int32_t *ids, int64_t capacity, float *const *keys,
                  float *const *values, const int32_t *held, const int32_t *rows, const int32_t *prefixes,
                  float *logits);

/* ---- softmax.c ---- */

void kernel_softmax(int64_t rows, int64_t cols, const float *x, float *y);
void kernel_softmax_backward(int64_t rows, int64_t cols, const float *y, const float *dy, float *dx);
void kernel_log_softmax(int64_t rows, int64_t cols, const float *x, float *y);
void kernel_log_softmax_backward(int64_t rows, int64_t cols, const float *y, const float *dy, float *dx);

/* ---- cross_entropy.c ---- */

/* For each row of logits (rows, V): log_prob = log pi(target), entropy of pi. When gradient is 1, the logits are
 * overwritten by weight * (pi - onehot(target)). Rows whose target is ignore_index give 0 everywhere. */
void kernel_cross_entropy(int64_t rows, int64_t V, float *logits, const int32_t *targets, const float *weights,
                          int32_t ignore_index, int gradient, float *log_prob, float *entropy);

/* ---- norm.c ---- */

void kernel_layer_norm(int64_t rows, int64_t C, float eps, const float *x, const float *gamma, const float *beta,
                       float *y, float *mean, float *rstd);
int kernel_layer_norm_backward(int64_t rows, int64_t C, const float *dy, const float *x, const float *gamma,
                               const float *mean, const float *rstd, float *dx, float *dgamma, float *dbeta);
void kernel_rms_norm(int64_t rows, int64_t C, float eps, const float *x, const float *gamma, float *y, float *rstd);
int kernel_rms_norm_backward(int64_t rows, int64_t C, const float *dy, const float *x, const float *gamma,
                             const float *rstd, float *dx, float *dgamma);

/* ---- activation.c ---- */

void kernel_gelu(int64_t n, int exact, const float *x, float *y);
void kernel_gelu_backward(int64_t n, int exact, const float *x, const float *dy, float *dx);
void kernel_silu(int64_t n, const float *x, float *y);
void kernel_silu_backward(int64_t n, const float *x, const float *dy, float *dx);
/* gate and up are (rows, F) slices whose rows lie `step` apart, as the halves of one projection do; so are dgate and
 * dup, `dstep` apart. */
void kernel_swiglu(int64_t rows, int64_t F, int64_t step, const float *gate, const float *up, float *y);
void kernel_swiglu_backward(int64_t rows, int64_t F, int64_t step, const float *gate, const float *up, const float *dy,
                            int64_t dstep, float *dgate, float *dup);

/* ---- rope.c ---- */

/* Rotates x (tokens, H, D): pair (i, i + D/2) of each head turns by the angle of its token's position, whose cosines
 * and sines are row positions[token] of the (., D/2) tables. inverse = 1 turns back, which is also the gradient. */
void kernel_rope(int64_t tokens, int64_t H, int64_t D, const float *x, int64_t x_step, const int32_t *positions,
                 const float *cosine, const float *sine, int inverse, float *y, int64_t y_step);

/* ---- embedding.c ---- */

void kernel_embedding(int64_t tokens, int64_t C, const int32_t *ids, const float *table, float *out);
void kernel_embedding_backward(int64_t tokens, int64_t C, const int32_t *ids, const float *dout, float *dtable);

/* ---- column_sums.c ---- */

int kernel_column_sums(int64_t rows, int64_t C, const float *x, float *out); /* over the rows */

/* ---- optimizer.c ---- */

/* One AdamW step on arrays of sizes[i] values each; gradients are first multiplied by grad_scale (clipping). */
void kernel_adamw(int64_t arrays, const int64_t *sizes, float *const *p, const float *const *g, float *const *m,
                  float *const *v, float lr, float beta1, float beta2, float eps, float weight_decay,
                  float correction1, float correction2, float grad_scale);
/* The sum over all arrays. */
int kernel_sum_squares(int64_t arrays, const int64_t *sizes, const float *const *x, double *total);
void kernel_scale(int64_t n, float *x, float factor);

/* ---- sampling.c ---- */

/* Draws ids[r] from softmax(logits[r] / temperature), cut to the top_k most likely tokens (0: all) and then to the
 * smallest set whose probability reaches top_p, by inverting the distribution at uniform[r] in [0, 1). temperature 0
 * takes the most likely token. log_prob[r] is the drawn token's log-probability under softmax(logits / temperature),
 * before the cuts. Returns 1 + r when row r gives no distribution (NaN, +inf, or nothing but -inf). */
int kernel_sample(int64_t rows, int64_t V, const float *logits, float temperature, int64_t top_k, float top_p,
                  const double *uniform, int32_t *ids, float *log_prob);

/* ---- words.c ---- */

/* The words of UTF-8 text: runs of letters, numbers and _. Writes the hash of each (FNV-1a, 64 bits) and its bytes, and
 * returns how many there are: at most (n + 1) / 2. */
int64_t text_words(int64_t n, const uint8_t *text, uint64_t *hashes, int32_t *lengths);
/* Of all places where n words stand in a row, given as hashes (grams), with the bytes of each word in lengths
 * (grams + n - 1): how many bytes the words cover that are repeated most, and how many bytes stand in repetitions of
 * earlier words, no byte counted twice. */
int text_repeats(int64_t grams, const uint64_t *hashes, int64_t n, const int32_t *lengths, int64_t *most,
                 int64_t *repeated);

/* ---- minhash.c ---- */

/* out[j] = the smallest of h_j(x_0), h_j(x_1), ...; h_j(x) takes y = a_j x + b_j and mixes its bits. 2^32 - 1 where there
 * is no x. */
void kernel_minhash(int64_t n, const uint32_t *x, int64_t functions, const uint32_t *a, const uint32_t *b,
                    uint32_t *out);

/* ---- the tokenizer: bpe_split.c, bpe_train.c, bpe_encode.c ---- */

/* Text is UTF-8 bytes. `splitter` names the pattern that cuts it into chunks: 0 none (a piece is one chunk), 1 gpt2,
 * 2 gpt4, 3 gpt4 with each digit on its own. Pieces lie end to end: piece i is text[offsets[i]] to text[offsets[i +
 * 1]]. */

/* Write where each of the next chunks of text[start:end] ends, at most max_chunks; returns how many. */
int64_t bpe_split(int splitter, const uint8_t *text, int64_t start, int64_t end, int64_t max_chunks, int64_t *ends);

/* Training: new; add text as often as needed; start, which lays the chunks out and returns how many distinct ones there
 * are (-1 no memory, -2 more than 2^31 bytes of them); then merge, which makes up to n merges more and returns how many
 * it made: fewer when no pair is left, -1 when no memory is. Tokens 0 to 255 are the bytes, merge i makes token 256 +
 * i. */
typedef struct bpe_trainer bpe_trainer;
bpe_trainer *bpe_trainer_new(void);
void bpe_trainer_free(bpe_trainer *trainer);
int bpe_trainer_add(bpe_trainer *trainer, int splitter, const uint8_t *text, int64_t pieces, const int64_t *offsets,
                    int threads);
int64_t bpe_trainer_start(bpe_trainer *trainer, int64_t max_merges);
int64_t bpe_trainer_merge(bpe_trainer *trainer, int64_t n, int32_t *left, int32_t *right);

/* Encoding. Token i is bytes[starts[i]] to bytes[starts[i + 1]]; byte_ids[b] is the token of byte b; merge i joins
 * left[i] and right[i] into result[i], and comes before merge i + 1. With whole_chunks, a chunk that is itself a
 * token is that token, whatever the merges say. NULL when there is no memory. */
typedef struct bpe_encoder bpe_encoder;
bpe_encoder *bpe_encoder_new(int64_t tokens, const uint8_t *bytes, const int64_t *starts, const int32_t *byte_ids,
                             int64_t merges, const int32_t *left, const int32_t *right, const int32_t *result,
                             int whole_chunks);
void bpe_encoder_free(bpe_encoder *encoder);
/* Writes the ids of all pieces one after the other to ids, which has room for one id a byte, and how many piece i got
 * to counts[i]; returns how many there are in all, or -1 when there is no memory. May be called by several threads at
 * once. */
int64_t bpe_encode(bpe_encoder *encoder, int splitter, const uint8_t *text, int64_t pieces, const int64_t *offsets,
                   int threads, int32_t *ids, int64_t *counts);

#endif
