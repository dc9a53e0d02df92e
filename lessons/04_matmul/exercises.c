/* Lesson 4: four ways to multiply matrices. Write the bodies; `check 4.2` and
 * so on say whether they are right, and how fast they are.
 *
 * A matrix is stored row by row, without gaps. A is (M, K), B is (K, N) and C
 * is (M, N). So the element of C in row i and column j is c[i * N + j].
 * M, K and N may be 0. With K = 0 all of C is 0: its sums have no products.
 *
 * What stands in c at the beginning is garbage. Warnings of the compiler count
 * as errors. If you add a function of your own, write `static` before it, and
 * put it above the function that calls it.
 */
#include <string.h>

/* ---- 4.2 ---- */

/* C = A B by the definition: the element (i, j) of C is the sum over k of
 * a(i, k) b(k, j).
 *
 * Example: M = 1, K = 2, N = 1, a = {2, 3} and b = {10, 1} give c = {23}. */
void naive(const float *a, const float *b, float *c, int M, int K, int N) {
}

/* ---- 4.3 ---- */

/* The same product along rows. For each row i of C: set it to zero. Then for
 * each k, add a(i, k) times row k of B to it. The inner loop runs over j. */
void row_wise(const float *a, const float *b, float *c, int M, int K, int N) {
}

/* ---- 4.4 ---- */

#define STEPS 32    /* rows of B in a block */
#define COLUMNS 128 /* columns of B in a block: 32 x 128 floats are 16 KB */

/* The same product, a block of B at a time: STEPS rows and COLUMNS columns of
 * it, and fewer where B ends. Use a block for all rows of C before you take
 * the next one. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
}

/* ---- 4.5 ---- */

/* The same product, with blocks as in 4.4, and four values of k at a time: for
 * each j, load c(i, j) once, add four products to it, and store it once. K
 * need not be a multiple of 4. */
void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
}
