/* Lesson 6: write these five functions in C. Exercise 6.3 is in exercises.py.
 * `python -m minirl.lessons check 6.1` checks the first.
 *
 * All arrays are rows of floats, one after the other: element (i, j) of an
 * array with n columns is x[i * n + j]. Nothing here needs memory of its own:
 * what a function needs beside its arguments fits into small arrays of fixed
 * size.
 */
#include <math.h>
#include <string.h>
#ifndef __clang__ /* gcc warns of numbers of rounds that add_product never makes */
#pragma GCC diagnostic ignored "-Waggressive-loop-optimizations"
#endif

/* ---- 6.1 ---- */

/* y = softmax of each row of x. x, y: (rows, n), n is 1 or more.
 *
 * Numbers of any size must work: a row of 1000 and 1001, of -1000 and -1001,
 * and rows with -INFINITY, which gets the probability 0. (Each row has at least
 * one number above -INFINITY.) expf is e^x for floats.
 *
 * x = {0, 0} gives y = {0.5, 0.5}. */
void softmax(const float *x, float *y, int rows, int n) {
    /* write it here */
}

/* ---- 6.2 ---- */

/* The loss of each row, its entropy and its gradient. z: (rows, V), the logits;
 * afterwards their gradient. The others: (rows,). With pi = softmax of a row,
 *
 *     log_pi  = log pi[target]
 *     entropy = -(sum over i of pi[i] log pi[i]), where 0 log 0 counts as 0
 *     z[i]    = weight * (pi[i] - (1 if i is the target, else 0))
 *
 * A target below 0 says that the row does not count: log_pi, entropy and all of
 * the row's gradient are 0. A logit may be -INFINITY, but not the target's. Ask
 * for no memory: z is the largest array of a training step. Do not compute
 * log pi as logf(pi): small probabilities are rounded to 0. */
void cross_entropy(float *z, const int *targets, const float *weights, float *log_pi,
                   float *entropy, int rows, int V) {
    /* write it here */
}

/* ---- 6.4 ---- */

/* What is known of two sets of keys together. A state holds 2 + d numbers:
 * m, l, and o[0] to o[d - 1], with
 *
 *     m = the largest score (-INFINITY for no keys at all),
 *     l = the sum of e^(score - m),
 *     o = the sum of e^(score - m) times the value.
 *
 * a, b: the states of two sets. both: the state of all their keys. One of the
 * sets, or both, may have no keys: then l and o are 0.
 *
 * d = 1, a = {0, 1, 5}, b = {0, 1, 7} gives both = {0, 2, 12}. */
void merge(const float *a, const float *b, float *both, int d) {
    /* write it here */
}

/* ---- 6.5 ---- */

enum { QUERIES = 32, KEYS = 64 }; /* the sides of a tile */
enum { LARGEST_D = 128 };         /* of all that occur */

/* The smaller of two numbers. (Complete.) */
static int smaller(int a, int b) { return a < b ? a : b; }

/* Column i of `to` is row i of `from`, (rows, columns). The rows of `to` lie
 * `to_down` floats apart. It makes k transposed for add_product, whose second
 * matrix has to lie row by row. (Complete.) */
static void transpose(int rows, int columns, const float *from, float *to, int to_down) {
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) to[j * to_down + i] = from[i * columns + j];
}

/* The vectors of this processor: so many floats at a time. */
#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
typedef float Lanes __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

/* Up to 6 rows of C += A B, two vectors wide, kept in registers. (Complete.) */
static void add_tile(int rows, int depth, const float *a, int a_down, int a_right,
                     const float *b, int b_down, float *c, int c_down) {
    Lanes sum[6][2] = {{{0}}};
    for (int t = 0; t < depth; t++) {
        Lanes left = *(const Lanes *)(b + t * b_down);
        Lanes right = *(const Lanes *)(b + t * b_down + LANES);
        for (int i = 0; i < 6; i++) {
            float factor = a[(i < rows ? i : 0) * a_down + t * a_right];
            sum[i][0] += factor * left;
            sum[i][1] += factor * right;
        }
    }
    for (int i = 0; i < rows; i++) {
        *(Lanes *)(c + i * c_down) += sum[i][0];
        *(Lanes *)(c + i * c_down + LANES) += sum[i][1];
    }
}

/* C += A B, as in lesson 5. A: (rows, depth), B: (depth, columns), C: (rows,
 * columns). From one row to the next, A moves on by a_down floats, and from one
 * column to the next by a_right: exchange the two, and A is read transposed.
 * The rows of B and C are without gaps, and lie b_down and c_down apart.
 * (Complete.)
 *
 * It ADDS to C: where C should become the product alone, clear it first.
 *
 * With a: (2, 4), b: (4, 3) and c: (2, 3), this adds a b to c:
 *     add_product(2, 3, 4, a, 4, 1, b, 3, c, 3);
 * If a is (4, 2), this adds a transposed times b:
 *     add_product(2, 3, 4, a, 1, 2, b, 3, c, 3); */
static void add_product(int rows, int columns, int depth, const float *a, int a_down,
                        int a_right, const float *b, int b_down, float *c, int c_down) {
    int j = 0;
    for (; j + 2 * LANES <= columns; j += 2 * LANES)
        for (int i = 0; i < rows; i += 6)
            add_tile(smaller(6, rows - i), depth, a + i * a_down, a_down, a_right, b + j,
                     b_down, c + i * c_down + j, c_down);
    for (int i = 0; i < rows; i++)
        for (int t = 0; t < depth; t++)
            for (int rest = j; rest < columns; rest++)
                c[i * c_down + rest] += a[i * a_down + t * a_right] * b[t * b_down + rest];
}

/* Causal attention, tile by tile. q, k, v, o: (heads, T, d), d at most
 * LARGEST_D. lse: (heads, T). In each head, query i sees the keys j <= i:
 *
 *     score = (q_i . k_j) / sqrt(d),   weights = softmax of the scores it sees,
 *     o_i = the sum of weight times v_j,   lse_i = log of the sum of e^score.
 *
 * Ask for no memory, and keep no array that grows with T: a tile of QUERIES x
 * KEYS scores at a time is enough. T need not be a multiple of either. Leave
 * out tiles whose keys all come after the tile's queries. What o and lse hold
 * at the start is arbitrary. heads * T * d fits into an int. */
void attention(const float *q, const float *k, const float *v, float *o, float *lse, int heads,
               int T, int d) {
    /* write it here */
}

/* ---- 6.6 ---- */

/* The gradients of attention. q, k, v, o and lse are as above, o and lse as
 * `attention` has filled them. dout: (heads, T, d), the gradient of o. Fills
 * dq, dk and dv, (heads, T, d) each. What they hold at the start is arbitrary:
 * clear them before anything is added.
 *
 * Make every weight anew: weight = e^(score - lse). Ask for no memory, and keep
 * no array that grows with T. */
void attention_backward(const float *q, const float *k, const float *v, const float *o,
                        const float *lse, const float *dout, float *dq, float *dk, float *dv,
                        int heads, int T, int d) {
    /* write it here */
}
