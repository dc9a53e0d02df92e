/* Lesson 4: four ways to multiply matrices, filled in. */
#include <string.h>

/* ---- 4.2 ---- */

void naive(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            float sum = 0;
            for (int k = 0; k < K; k++) sum += a[i * K + k] * b[k * N + j];
            c[i * N + j] = sum;
        }
}

/* ---- 4.3 ---- */

void row_wise(const float *a, const float *b, float *c, int M, int K, int N) {
    for (int i = 0; i < M; i++) {
        float *row = c + i * N;
        for (int j = 0; j < N; j++) row[j] = 0;
        for (int k = 0; k < K; k++) {
            const float number = a[i * K + k];
            for (int j = 0; j < N; j++) row[j] += number * b[k * N + j];
        }
    }
}

/* ---- 4.4 ---- */

#define STEPS 32    /* rows of B in a block */
#define COLUMNS 128 /* columns of B in a block: 32 x 128 floats are 16 KB */

static int least(int x, int y) { return x < y ? x : y; }

void blocked(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 < K; k0 += STEPS)
        for (int j0 = 0; j0 < N; j0 += COLUMNS) {
            const int k1 = least(k0 + STEPS, K), j1 = least(j0 + COLUMNS, N);
            for (int i = 0; i < M; i++)
                for (int k = k0; k < k1; k++) {
                    const float number = a[i * K + k];
                    for (int j = j0; j < j1; j++) c[i * N + j] += number * b[k * N + j];
                }
        }
}

/* ---- 4.5 ---- */

void four_steps(const float *a, const float *b, float *c, int M, int K, int N) {
    memset(c, 0, sizeof(float) * M * N);
    for (int k0 = 0; k0 < K; k0 += STEPS)
        for (int j0 = 0; j0 < N; j0 += COLUMNS) {
            const int k1 = least(k0 + STEPS, K), j1 = least(j0 + COLUMNS, N);
            for (int i = 0; i < M; i++) {
                const float *x = a + i * K;
                float *row = c + i * N;
                int k = k0;
                for (; k + 4 <= k1; k += 4) {
                    const float *b0 = b + k * N, *b1 = b0 + N, *b2 = b1 + N, *b3 = b2 + N;
                    for (int j = j0; j < j1; j++)
                        row[j] += x[k] * b0[j] + x[k + 1] * b1[j] +
                                  x[k + 2] * b2[j] + x[k + 3] * b3[j];
                }
                for (; k < k1; k++)
                    for (int j = j0; j < j1; j++) row[j] += x[k] * b[k * N + j];
            }
        }
}
