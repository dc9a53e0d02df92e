/* There are no blocks of STEPS rows of B: each row of C is finished before the next one begins, so all of B is read for
 * every row, as in 4.3. Put the loops over k0 and j0 outside, and the loop over i inside of both. */
void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    row_wise(a, b, c, M, K, N);
}
