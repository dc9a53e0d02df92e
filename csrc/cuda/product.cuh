/* product.cuh: what kernels of matrix products share: operands in any layout, and what becomes of a finished number. */
#ifndef MINIRL_PRODUCT_CUH
#define MINIRL_PRODUCT_CUH

#include "curves.cuh"

/* A matrix in memory: number (row, column) lies at row * row_step + column * column_step. One step is 1, and neighbouring
 * threads read along it. Outside of the matrix are zeros. */
struct Matrix {
    const float *at;
    int64 rows, columns, row_step, column_step;
};

__device__ __forceinline__ float number(const Matrix &m, int64 row, int64 column) {
    return row < m.rows && column < m.columns ? m.at[row * m.row_step + column * m.column_step] : 0;
}

/* What becomes of a number of the product. Arrays that are NULL take no part. */
struct Finish {
    const float *bias, *residual;
    float *preactivation, *c;
    int64 activation, accumulate, M, N;
};

__device__ __forceinline__ void finish(const Finish &f, int64 row, int64 column, float x) {
    if (row >= f.M || column >= f.N) return;
    const int64 at = row * f.N + column;
    if (f.accumulate) x += f.c[at];
    if (f.bias) x += f.bias[column];
    if (f.preactivation) f.preactivation[at] = x;
    x = activated(f.activation, x);
    if (f.residual) x += f.residual[at];
    f.c[at] = x;
}

__device__ __forceinline__ Finish finish_of(int64 M, int64 N, const float *bias, int64 activation, float *preactivation,
                                            const float *residual, float *c, int64 accumulate) {
    const int64 product = (int64)blockIdx.z * M * N;
    return {bias, residual ? residual + product : residual, preactivation ? preactivation + product : preactivation,
            c + product, activation, accumulate, M, N};
}

#endif
