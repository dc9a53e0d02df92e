/* vector_tile.h: the tile of steps 6 and 7, with its vectors written out. vector.c explains it. */
#ifndef MINIRL_VECTOR_TILE_H
#define MINIRL_VECTOR_TILE_H

#include "ladder.h"
#include "tile.h"

static void vector_tile(int64_t steps, const float *a, const float *b, int64_t rows, int64_t columns, float *c,
                        int64_t ldc) {
    vfloat sum[TILE_ROWS][TILE_VECTORS] = {{{0}}};
    for (int64_t k = 0; k < steps; k++, a += TILE_ROWS, b += TILE_COLUMNS)
#pragma GCC unroll 16
        for (int i = 0; i < TILE_ROWS; i++)
#pragma GCC unroll 4
            for (int v = 0; v < TILE_VECTORS; v++) sum[i][v] += vset(a[i]) * vload(b + v * LANES);
    for (int64_t i = 0; i < rows; i++)
        for (int v = 0; v < TILE_VECTORS; v++) {
            float *place = c + i * ldc + v * LANES;
            const int64_t left = columns - v * LANES; /* of this row of C; the last vector may be a part of one */
            if (left > 0) vstore_some(place, vload_some(place, left) + sum[i][v], left);
        }
}

#endif
