/* tiles.h: the tile registers of Intel's AMX, and what one instruction makes of three of them.
 *
 * A tile is a register of 16 rows of 64 bytes: 16 x 16 floats, or 16 rows of 16 pairs of bfloat16. There are eight.
 * tile_dot(c, a, b) multiplies a, 16 rows of 32 numbers along k, by b, 32 steps of k of 16 columns, and adds the result
 * to the 16 x 16 floats of c: 16,384 operations. In b two steps lie side by side, as pairs, so that row r of b holds the
 * steps 2 r and 2 r + 1 of each column.
 *
 * Its arithmetic is fixed (Intel, "Architecture Instruction Set Extensions", TDPBF16PS). For each element of c two sums
 * begin at 0: one over the even steps, one over the odd ones, each a chain of 16 fused multiply-adds, rounded to nearest
 * even. Then c = c + (even + odd). Numbers too small to be normal are zero, on the way in and on the way out.
 *
 * Where a file is compiled without AMX, but with MINIRL_TILES_IN_C, tiles_in_c.h computes the same bits in plain C. It is
 * slow, and there for tests: of everything that is built from tiles, on any processor.
 */
#ifndef MINIRL_TILES_H
#define MINIRL_TILES_H

#include <stdint.h>

#define TILE_BYTES 1024
#define TILE_SIDE 16  /* rows, and columns of floats */
#define TILE_STEP 32  /* steps of k in one tile */

#if defined(__AMX_BF16__)
#define TILES 1
#include <immintrin.h>

/* The compiler does not know that these instructions read and write memory, nor all that they read: so nothing may be
 * moved across where tiles begin or end to be used. */
#define TILES_BARRIER() __asm__ volatile("" ::: "memory")

typedef struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} TileConfiguration;

/* Until the next tiles_end, this thread may use all eight tiles. */
static inline void tiles_begin(void) {
    static const TileConfiguration all = {
        .palette = 1,
        .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
        .rows = {16, 16, 16, 16, 16, 16, 16, 16},
    };
    TILES_BARRIER();
    _tile_loadconfig(&all);
}

/* Linux saves tiles that are in use whenever it switches threads, and other libraries expect to find none. */
static inline void tiles_end(void) {
    _tile_release();
    TILES_BARRIER();
}

/* Tiles have numbers, 0 to 7, which must be literal. Rows in memory lie `stride` bytes apart. */
#define tile_zero(c) _tile_zero(c)
#define tile_load(c, memory, stride) _tile_loadd(c, memory, stride)
#define tile_store(c, memory, stride) _tile_stored(c, memory, stride)
#define tile_dot(c, a, b) _tile_dpbf16ps(c, a, b)

#elif defined(MINIRL_TILES_IN_C)
#define TILES 1
#include "tiles_in_c.h"
#else
#define TILES 0
#endif

#endif
