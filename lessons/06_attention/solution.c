/* Lesson 6: one way to write the five functions in C. Exercise 6.3 is in
 * solution.py.
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
    for (int row = 0; row < rows; row++, x += n, y += n) {
        float largest = x[0], total = 0;
        for (int i = 1; i < n; i++) largest = x[i] > largest ? x[i] : largest;
        for (int i = 0; i < n; i++) {
            y[i] = expf(x[i] - largest);
            total += y[i];
        }
        for (int i = 0; i < n; i++) y[i] /= total;
    }
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
    for (int row = 0; row < rows; row++, z += V) {
        log_pi[row] = entropy[row] = 0;
        if (targets[row] < 0) {
            memset(z, 0, V * sizeof(float));
            continue;
        }
        float of_target = z[targets[row]], largest = z[0], total = 0, sum = 0;
        for (int i = 1; i < V; i++) largest = z[i] > largest ? z[i] : largest;
        for (int i = 0; i < V; i++) {
            float below = z[i] - largest;
            z[i] = expf(below);
            total += z[i];
            if (z[i] > 0) sum += z[i] * below;
        }
        log_pi[row] = of_target - largest - logf(total);
        entropy[row] = logf(total) - sum / total;
        for (int i = 0; i < V; i++) z[i] *= weights[row] / total;
        z[targets[row]] -= weights[row];
    }
}

/* ---- 6.4 ---- */

/* What is known of two sets of keys together. A state holds 2 + d numbers: m,
 * l, and o[0] to o[d - 1], with
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
    float m = a[0] > b[0] ? a[0] : b[0];
    float of_a = a[0] > -INFINITY ? expf(a[0] - m) : 0;
    float of_b = b[0] > -INFINITY ? expf(b[0] - m) : 0;
    both[0] = m;
    for (int i = 1; i < 2 + d; i++) both[i] = of_a * a[i] + of_b * b[i];
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
    float scale = 1 / sqrtf(d), kt[LARGEST_D * KEYS], s[QUERIES * KEYS];
    float m[QUERIES], l[QUERIES];
    size_t step = (size_t)T * d;
    memset(o, 0, sizeof(float) * heads * step);
    for (int head = 0; head < heads; head++) {
        for (int q0 = 0; q0 < T; q0 += QUERIES) {
            int queries = smaller(QUERIES, T - q0), seen = q0 + queries;
            for (int i = 0; i < queries; i++) m[i] = -INFINITY, l[i] = 0;
            for (int k0 = 0; k0 < seen; k0 += KEYS) {
                int keys = smaller(KEYS, seen - k0);
                transpose(keys, d, k + k0 * d, kt, KEYS);
                memset(s, 0, sizeof s);
                add_product(queries, keys, d, q + q0 * d, d, 1, kt, KEYS, s, KEYS);
                for (int i = 0; i < queries; i++) {
                    float *row = s + i * KEYS, *out = o + (q0 + i) * d, largest = m[i];
                    for (int j = 0; j < keys; j++) {
                        row[j] = k0 + j <= q0 + i ? row[j] * scale : -INFINITY;
                        largest = row[j] > largest ? row[j] : largest;
                    }
                    float correction = expf(m[i] - largest);
                    m[i] = largest;
                    l[i] *= correction;
                    for (int c = 0; c < d; c++) out[c] *= correction;
                    for (int j = 0; j < keys; j++) {
                        row[j] = expf(row[j] - largest);
                        l[i] += row[j];
                    }
                }
                add_product(queries, d, keys, s, KEYS, 1, v + k0 * d, d, o + q0 * d, d);
            }
            for (int i = 0; i < queries; i++) {
                for (int c = 0; c < d; c++) o[(q0 + i) * d + c] /= l[i];
                lse[q0 + i] = m[i] + logf(l[i]);
            }
        }
        q += step, k += step, v += step, o += step, lse += T;
    }
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
    float scale = 1 / sqrtf(d), kt[LARGEST_D * KEYS], vt[LARGEST_D * KEYS], delta[QUERIES];
    float p[QUERIES * KEYS], ds[QUERIES * KEYS];
    size_t size = sizeof(float) * heads * T * d, step = (size_t)T * d;
    memset(dq, 0, size), memset(dk, 0, size), memset(dv, 0, size);
    for (int head = 0; head < heads; head++) {
        for (int q0 = 0; q0 < T; q0 += QUERIES) {
            int queries = smaller(QUERIES, T - q0), seen = q0 + queries;
            for (int i = 0; i < queries; i++) {
                delta[i] = 0;
                for (int c = 0; c < d; c++)
                    delta[i] += dout[(q0 + i) * d + c] * o[(q0 + i) * d + c];
            }
            for (int k0 = 0; k0 < seen; k0 += KEYS) {
                int keys = smaller(KEYS, seen - k0);
                transpose(keys, d, k + k0 * d, kt, KEYS);
                transpose(keys, d, v + k0 * d, vt, KEYS);
                memset(p, 0, sizeof p), memset(ds, 0, sizeof ds);
                add_product(queries, keys, d, q + q0 * d, d, 1, kt, KEYS, p, KEYS);
                add_product(queries, keys, d, dout + q0 * d, d, 1, vt, KEYS, ds, KEYS);
                for (int i = 0; i < queries; i++)
                    for (int j = 0; j < keys; j++) {
                        int at = i * KEYS + j;
                        p[at] = k0 + j <= q0 + i ? expf(p[at] * scale - lse[q0 + i]) : 0;
                        ds[at] = p[at] * (ds[at] - delta[i]) * scale;
                    }
                add_product(keys, d, queries, p, 1, KEYS, dout + q0 * d, d, dv + k0 * d, d);
                add_product(queries, d, keys, ds, KEYS, 1, k + k0 * d, d, dq + q0 * d, d);
                add_product(keys, d, queries, ds, 1, KEYS, q + q0 * d, d, dk + k0 * d, d);
            }
        }
        q += step, k += step, v += step, o += step, lse += T;
        dout += step, dq += step, dk += step, dv += step;
    }
}
