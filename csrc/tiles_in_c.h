/* tiles_in_c.h: the operations of tiles.h in plain C, bit for bit what AMX computes. */
#ifndef MINIRL_TILES_IN_C_H
#define MINIRL_TILES_IN_C_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef uint8_t TileInC[TILE_SIDE][64];
static _Thread_local TileInC *tiles; /* this thread's eight, from tiles_begin to tiles_end */

#define TILES_BARRIER() ((void)0)
static inline void tiles_begin(void) {
    tiles = malloc(8 * sizeof *tiles);
    if (!tiles) abort();
    memset(tiles, 0xff, 8 * sizeof *tiles); /* NaN: what is used must be set first */
}
static inline void tiles_end(void) {
    free(tiles);
    tiles = NULL;
}
static inline void tile_zero(int c) { memset(tiles[c], 0, TILE_BYTES); }
static inline void tile_load(int c, const void *memory, int64_t stride) {
    for (int row = 0; row < TILE_SIDE; row++) memcpy(tiles[c][row], (const char *)memory + row * stride, 64);
}
static inline void tile_store(int c, void *memory, int64_t stride) {
    for (int row = 0; row < TILE_SIDE; row++) memcpy((char *)memory + row * stride, tiles[c][row], 64);
}

/* x, or a zero of its sign where it is too small to be normal. */
static inline float tile_flushed(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= bits & 0x7f800000 ? 0xffffffff : 0x80000000;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float tile_number(uint32_t upper_half) {
    float x;
    memcpy(&x, &upper_half, sizeof x);
    return tile_flushed(x);
}

static inline void tile_dot(int c, int a, int b) {
    for (int m = 0; m < TILE_SIDE; m++) {
        uint32_t row[16], pairs[16];
        float sum[16], even[16] = {0}, odd[16] = {0};
        memcpy(row, tiles[a][m], sizeof row);
        for (int k = 0; k < 16; k++) {
            const float first = tile_number(row[k] << 16), second = tile_number(row[k] & 0xffff0000);
            memcpy(pairs, tiles[b][k], sizeof pairs);
            for (int n = 0; n < 16; n++) {
                even[n] = tile_flushed(fmaf(first, tile_number(pairs[n] << 16), even[n]));
                odd[n] = tile_flushed(fmaf(second, tile_number(pairs[n] & 0xffff0000), odd[n]));
            }
        }
        memcpy(sum, tiles[c][m], sizeof sum);
        for (int n = 0; n < 16; n++) sum[n] = tile_flushed(tile_flushed(sum[n]) + tile_flushed(even[n] + odd[n]));
        memcpy(tiles[c][m], sum, sizeof sum);
    }
}

#endif
