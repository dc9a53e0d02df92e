/* Lesson 5: write these five functions. Exercise 5.2 is in exercises.py.
 * `python -m minirl.lessons check 5.1` checks the first one here.
 *
 * A has M rows and K columns, B has K rows and N columns, C has M rows and N
 * columns. All are float32 and lie row after row, without gaps.
 */
#include <stdint.h>
#include <stdlib.h>

/* ---- complete: vectors, and the size of a tile ---- */

#if defined(__AVX512F__)
#define LANES 16 /* floats in a vector; the processor has 32 registers for vectors */
#define ROWS 14
#define VECTORS 2
#elif defined(__AVX2__)
#define LANES 8 /* 16 registers */
#define ROWS 6
#define VECTORS 2
#elif defined(__aarch64__)
#define LANES 4 /* 32 registers */
#define ROWS 8
#define VECTORS 3
#else
#define LANES 4 /* 16 registers */
#define ROWS 4
#define VECTORS 2
#endif
#define COLUMNS (VECTORS * LANES)
#define STEPS 256 /* the most steps of k that are packed at a time */

/* A vector of LANES floats. + and * work lane by lane, x * v multiplies every
 * lane of v by the float x, v[3] is a lane, and (vec){0} is all zeros. */
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef float vec_anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* The LANES floats that begin at p, wherever that is. */
static inline vec load(const float *p) { return *(const vec_anywhere *)p; }

/* Write the lanes of v to p, p + 1, ... */
static inline void store(float *p, vec v) { *(vec_anywhere *)p = v; }

static inline int least(int x, int y) { return x < y ? x : y; }

/* ---- 5.1 ---- */

/* The sum of x[i] * y[i] for i from 0 to n - 1.
 *
 * Use vectors, and 8 sums that do not wait for one another. x and y may begin
 * anywhere. n may be any number, also 0, and nothing after x[n - 1] and
 * y[n - 1] may be read.
 */
float dot(const float *x, const float *y, int n) {
    return 0;
}

/* ---- 5.3 ---- */

/* Add the product of two packed pieces to a tile of C.
 *
 * a: (steps, ROWS), b: (steps, COLUMNS), both step after step. c is the place
 * of the tile's first number. The tile has ROWS rows of COLUMNS numbers, and
 * its rows begin ldc floats apart.
 *
 * For every i < ROWS and j < COLUMNS, c[i * ldc + j] grows by the sum over k of
 * a[k * ROWS + i] * b[k * COLUMNS + j]. Keep the sums in an array of vectors,
 * sum[ROWS][VECTORS], while k runs, and write to C once, after the last step.
 *
 * `#pragma GCC unroll 16` above a loop asks the compiler to write out its
 * rounds one by one. Then it can give each sum a register. Some compilers do so
 * without being asked, others keep the sums in memory.
 */
void tile(int steps, const float *a, const float *b, float *c, int ldc) {
}

/* ---- 5.4 ---- */

/* Copy a piece of a matrix into the order in which `tile` reads it.
 *
 * packed: (steps, width). For i < present, packed[k * width + i] becomes
 * from[i * across + k * along]. For the other i, up to width - 1, it becomes 0,
 * and nothing is read. So `across` says how far apart the numbers of a step lie
 * in the matrix, and `along` how far apart the steps lie.
 */
void pack(int width, int steps, int present, const float *from, int across, int along,
          float *packed) {
}

/* ---- 5.5 ---- */

/* C = A B, with `tile` and `pack`. What was in c before does not count.
 *
 * At most STEPS steps of k are packed at a time. Of every piece of A and of B,
 * each number is packed once for these steps, not once for every tile. Nothing
 * outside of C may be written, and what is allocated is freed again. K may be
 * 0; then C is all zeros.
 */
void matmul(const float *a, const float *b, float *c, int M, int K, int N) {
}

/* ---- 5.6 ---- */

/* C = A B on several threads, with `matmul`. C has the same bits for any number
 * of threads, which is 1 or more. Some of them may have nothing to do.
 *
 * `#pragma omp parallel for num_threads(threads)` above a loop shares out its
 * rounds among the threads. A compiler without OpenMP does not know the line,
 * and one thread does all.
 */
void matmul_threads(const float *a, const float *b, float *c, int M, int K, int N,
                    int threads) {
}
