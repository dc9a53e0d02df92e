/* attention_tile.h: the pieces that attention's forward and backward are built from.
 *
 * Both walk over blocks of QUERY_BLOCK queries and KEY_BLOCK keys. The scores of a block lie with queries along the
 * vector lanes, one row of QUERY_BLOCK numbers per key, because then
 *   - the softmax of a query runs down a lane: no sum or maximum ever crosses lanes;
 *   - only the queries must be transposed, once per block of queries; keys and values are read where they lie.
 *
 * Everything costly is a product C += A B of small matrices: product(), below.
 */
#ifndef MINIRL_ATTENTION_TILE_H
#define MINIRL_ATTENTION_TILE_H

#include <stdlib.h>

#include "integers.h"
#include "parallel.h"
#include "simd.h"

/* At D = 64 the transposed queries and their output take 16 KB each, 128 rows of K or V and their scores 32 KB each. So
 * a product finds what it reads in L1 and L2, and what it adds to is read and written only once per 128 keys. */
#define QUERY_BLOCK 64
#define KEY_BLOCK 128
#define COLUMNS(queries) (((queries) + LANES - 1) / LANES) /* vectors that hold so many queries */

INLINE int64_t clip(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/* Multiply-adds of a product for which a further thread is worth waking. */
#define GRAIN (1 << 18)

/* Floats on a boundary of cache lines, all zero, for free(); NULL when there is no memory. Zero, so that lanes behind
 * the last query of a short block hold numbers, whatever they are. */
INLINE float *allocate(int64_t floats) {
    size_t bytes = (size_t)round_up(floats, 16) * sizeof(float);
    float *memory = aligned_alloc(64, bytes);
    if (memory) memset(memory, 0, bytes);
    return memory;
}

/* Asks for rows that will be needed soon: tokens lie far apart, where the processor's own prefetcher does not look. */
INLINE void prefetch_rows(int64_t rows, int64_t D, const float *x, int64_t step) {
    for (int64_t i = 0; i < rows; i++)
        for (int64_t d = 0; d < D; d += 16) __builtin_prefetch(x + i * step + d);
}

/* ---- product ---- */

/* A tile of C is held in registers. The widest is 4 rows x 4 vectors where there are 32 registers, and 4 x 2 where
 * there are 16; for what is left at the right, 4 x 2 and 8 x 1. Eight sums at least are needed, since a multiply-add
 * takes 4 cycles and two can start in each. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define TILE_COLUMNS 4
#else
#define TILE_COLUMNS 2
#endif

/* One tile; rows and columns are known to the compiler wherever it is used, so that `sum` lives in registers. Row 0 takes
 * `depth` steps and each row one more than the row above it, but none more than `most`. */
INLINE void tile(int rows, int columns, int64_t depth, int64_t most, const float *a, int64_t a_row, int64_t a_depth,
                 const float *b, int64_t b_row, float *c, int64_t c_row, int accumulate) {
    vfloat sum[8][TILE_COLUMNS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) sum[i][j] = accumulate ? vload(c + i * c_row + j * LANES) : vset(0);
    for (int64_t k = 0; k < smaller(depth, most); k++) {
        vfloat b_k[TILE_COLUMNS];
        for (int j = 0; j < columns; j++) b_k[j] = vload(b + k * b_row + j * LANES);
        for (int i = 0; i < rows; i++) {
            vfloat a_ik = vset(a[i * a_row + k * a_depth]);
            for (int j = 0; j < columns; j++) sum[i][j] += a_ik * b_k[j];
        }
    }
#pragma GCC unroll 8
    for (int stair = 0; stair < rows - 1; stair++) { /* the step that only the rows below `stair` take */
        int64_t k = depth + stair;
        if (k < 0 || k >= most) continue;
#pragma GCC unroll 8
        for (int i = stair + 1; i < rows; i++) {
            vfloat a_ik = vset(a[i * a_row + k * a_depth]);
            for (int j = 0; j < columns; j++) sum[i][j] += a_ik * vload(b + k * b_row + j * LANES);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) vstore(c + i * c_row + j * LANES, sum[i][j]);
}

/* All rows of a strip of C that is `width` vectors wide, `height` rows at a time. What is not added to may as well be
 * computed twice, so a last tile that would hang over the end is moved up. */
INLINE void strip(int height, int width, int64_t rows, int64_t depth, int64_t most, const float *a, int64_t a_row,
                  int64_t a_depth, const float *b, int64_t b_row, float *c, int64_t c_row, int accumulate) {
    int64_t i = 0;
    while (i + height <= rows) {
        tile(height, width, depth + i, most, a + i * a_row, a_row, a_depth, b, b_row, c + i * c_row, c_row, accumulate);
        i += height;
        if (i < rows && !accumulate) i = smaller(i, rows - height);
    }
    for (; height > 4 && i + 4 <= rows; i += 4)
        tile(4, width, depth + i, most, a + i * a_row, a_row, a_depth, b, b_row, c + i * c_row, c_row, accumulate);
    for (; i < rows; i++)
        tile(1, width, depth + i, most, a + i * a_row, a_row, a_depth, b, b_row, c + i * c_row, c_row, accumulate);
}

/* C = A B, or C += A B. A is rows x depth, at any two steps, so that A may be read transposed; B is depth x columns
 * vectors, C rows x columns vectors, each row contiguous. Every element of C sums over depth in order, whatever
 * tile it falls into, so the bits depend on neither the size of the block nor the place in it.
 *
 * A may be a staircase: row i of C is summed over the first depth + i steps only, though never over more than `most`.
 * What a causal rule forbids is then not even read. An ordinary product has depth = most. */
__attribute__((noinline)) static void product(int64_t rows, int64_t columns, int64_t depth, int64_t most,
                                              const float *a, int64_t a_row, int64_t a_depth, const float *b,
                                              int64_t b_row, float *c, int64_t c_row, int accumulate) {
    int64_t j = 0;
    for (; j + TILE_COLUMNS <= columns; j += TILE_COLUMNS)
        strip(4, TILE_COLUMNS, rows, depth, most, a, a_row, a_depth, b + j * LANES, b_row, c + j * LANES, c_row,
              accumulate);
    if (j + 2 <= columns) {
        strip(4, 2, rows, depth, most, a, a_row, a_depth, b + j * LANES, b_row, c + j * LANES, c_row, accumulate);
        j += 2;
    }
    if (j < columns)
        strip(8, 1, rows, depth, most, a, a_row, a_depth, b + j * LANES, b_row, c + j * LANES, c_row, accumulate);
}

/* ---- moving rows ---- */

INLINE void copy_rows(int64_t rows, int64_t D, const float *from, int64_t from_step, float *to, int64_t to_step) {
    for (int64_t i = 0; i < rows; i++, from += from_step, to += to_step) {
        int64_t d = 0;
        for (; d + LANES <= D; d += LANES) vstore(to + d, vload(from + d));
        if (d < D) vstore_tail(to + d, vload_tail(from + d, D - d), D - d);
    }
}

/* to[c][r] = factor * from[r][c]. Four by four, in vectors of four on every machine: pairs are interleaved twice. `to`
 * gets whole vectors of four; where rows end between, the last is repeated. */
static void transpose(int64_t rows, int64_t columns, float factor, const float *from, int64_t from_step, float *to,
                      int64_t to_step) {
    for (int64_t r = 0; r < rows; r += 4) {
        const float *row[4];
        for (int i = 0; i < 4; i++) row[i] = from + smaller(r + i, rows - 1) * from_step;
        int64_t c = 0;
        for (; c + 4 <= columns; c += 4) {
            vfloat4 x[4];
            for (int i = 0; i < 4; i++) x[i] = *(const vfloat4_unaligned *)(row[i] + c) * factor;
            vfloat4 low01 = SHUFFLE4(x[0], x[1], 0, 4, 1, 5), high01 = SHUFFLE4(x[0], x[1], 2, 6, 3, 7);
            vfloat4 low23 = SHUFFLE4(x[2], x[3], 0, 4, 1, 5), high23 = SHUFFLE4(x[2], x[3], 2, 6, 3, 7);
            float *corner = to + c * to_step + r;
            *(vfloat4_unaligned *)corner = SHUFFLE4(low01, low23, 0, 1, 4, 5);
            *(vfloat4_unaligned *)(corner + to_step) = SHUFFLE4(low01, low23, 2, 3, 6, 7);
            *(vfloat4_unaligned *)(corner + 2 * to_step) = SHUFFLE4(high01, high23, 0, 1, 4, 5);
            *(vfloat4_unaligned *)(corner + 3 * to_step) = SHUFFLE4(high01, high23, 2, 3, 6, 7);
        }
        for (; c < columns; c++)
            for (int i = 0; i < 4; i++) to[c * to_step + r + i] = factor * row[i][c];
    }
}

/* ---- sequences ---- */

/* Attention stays within a sequence: T queries from token q on and S keys, the first P of them from token `prefix` on,
 * the others from token k on. Without a table of documents, sequence i is row i of the batch. With one, all tokens lie in
 * a single row and sequence i is document i of the table; see minirl.h. lse says where its first head's lse begin; from
 * head to head they lie T apart, the T of the batch. */
typedef struct {
    int64_t q, k, T, S, lse, prefix, P;
} Sequence;

/* The document whose keys document i sees before its own, or -1. */
INLINE int64_t prefix_of(int64_t i, const int64_t *documents) { return documents ? documents[3 * i + 2] : -1; }

INLINE Sequence sequence(int64_t i, int64_t T, int64_t S, int64_t H, const int64_t *documents) {
    if (!documents) return (Sequence){i * T, i * S, T, S, i * H * T, 0, 0};
    int64_t first = documents[3 * i], length = documents[3 * i + 1], shared = documents[3 * i + 2];
    int64_t prefix = shared < 0 ? 0 : documents[3 * shared], P = shared < 0 ? 0 : documents[3 * shared + 1];
    return (Sequence){first, first, length, P + length, first, prefix, P};
}

/* Products read rows of K or V in whole vectors. Where D is none, or a prefix lies apart, rows are copied first. */
INLINE int must_copy(const Sequence *s, int64_t D) { return s->P > 0 || D % LANES != 0; }

/* The rows of K or V that a sequence sees, one behind the other: the prefix's, then its own. */
INLINE void join_rows(const Sequence *s, int64_t D, const float *x, int64_t step, float *to, int64_t to_step) {
    copy_rows(s->P, D, x + s->prefix * step, step, to, to_step);
    copy_rows(s->S - s->P, D, x + s->k * step, step, to + s->P * to_step, to_step);
}

/* What scratch memory, the number of units and that of threads are reckoned from: the most queries and keys that a
 * sequence has, the most keys that are copied, and all pairs of a query and a key, seen or not. */
typedef struct {
    int64_t T, S, copied, pairs;
} Extent;

INLINE Extent extent(int64_t sequences, int64_t T, int64_t S, int64_t D, const int64_t *documents) {
    Extent all = {0, 0, 0, 0};
    for (int64_t i = 0; i < sequences; i++) {
        Sequence s = sequence(i, T, S, 0, documents);
        all.T = larger(all.T, s.T), all.S = larger(all.S, s.S), all.pairs += s.T * s.S;
        if (must_copy(&s, D)) all.copied = larger(all.copied, s.S);
    }
    return all;
}

/* ---- who sees which keys ---- */

/* A query sees a key when key <= query + ahead: ahead = S - T under the causal rule, which lines up the last query with
 * the last key; S when there is no rule, which lets every query see every key. Below, `seen` counts, for query
 * q of the sequence, how many of the `keys` keys from k0 on it sees. */
INLINE int64_t seen(int64_t q, int64_t ahead, int64_t k0, int64_t keys) { return clip(q + ahead + 1 - k0, 0, keys); }

/* Per lane, the same count for queries q, q + 1, ...; not clipped to 0 and the keys there are, which comparisons
 * with a key's number do not mind. */
INLINE vint seen_by_lane(int64_t q, int64_t ahead, int64_t k0) {
    vint lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    return lane + (int32_t)clip(q + ahead + 1 - k0, -LANES, KEY_BLOCK);
}

/* On the diagonal a block is done in strips of one vector of queries, each with just the keys it sees, so that little of
 * the half above the diagonal is ever computed. Returns the vectors of the strip that starts at query q. */
INLINE int64_t strip_columns(int64_t q, int64_t ahead, int64_t k0, int64_t keys, int64_t columns_left) {
    return seen(q, ahead, k0, keys) == keys ? columns_left : 1;
}

#endif
