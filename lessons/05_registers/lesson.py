# %% [markdown]
# # Lesson 5. Registers, packing, SIMD, threads
#
# *About two hours and forty minutes. You need lesson 4: a matrix product in C, its operations and bytes, and the
# roofline.*
#
# In lesson 4 you wrote a matrix product that walks along rows, and it reached a small part of what the processor can
# do. Nothing was wrong with its arithmetic. The numbers came too late. In this lesson you find out what each of them
# waits for, and remove one wait after the other. At the end stands a product that does more than half of what a core
# can do, where the matrices are large. You put it into minirl, and a language model trains with it.
#
# When you have finished this lesson, you can
#
# - count the loads and the cycles of a loop, and say what holds it up;
# - keep a tile of sums in registers while vectors run through it;
# - pack matrices so that memory is read in order, once for many uses;
# - share out work among threads so that no bit of the result depends on their number.
#
# You write five functions in the file `exercises.c` beside this notebook, and one in `exercises.py`. In a terminal,
# `python -m minirl.lessons check 5.1` checks the first one, `check 5.1` for short. It compiles your file, and runs it
# in a process of its own, where nothing that it does can hurt.

# %% [markdown]
# ## Warm-up
#
# A **multiply-add** is what a matrix product consists of: sum = sum + x · y. Processors have an instruction for it,
# which works on a **vector** of 4, 8 or 16 floats at a time, its *lanes*. One instruction for many numbers is called
# **SIMD**: single instruction, multiple data. How many lanes there are depends on the *instruction set* of the
# processor: 16 with AVX-512 and 8 with AVX2, which PCs and servers have, and 4 with NEON, which ARM processors have. A
# processor has several **cores**, each of which runs a program of its own. Its clock ticks some three billion times a
# second, and a tick is called a **cycle**.
#
# {predict 5.a}
#
# The next cell measures it, on the machine that runs this notebook. It compares with the **peak** of a core: the most
# operations that it does in a second, where a multiply-add counts as two.

# %%
import platform
import time

import numpy as np

from minirl import kernels
from minirl.bench.report import describe
from minirl.kernels.peak import fma
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.lessons.c import compile_c, has_compiler
from minirl.lessons.race import race
from minirl.lessons.roofline import Point, machine, roofline

my = exercises_of(5)
threads_before = kernels.get_threads()
kernels.set_threads(1)  # up to section 5
peak = fma()  # the most operations a second of one core, a multiply-add being two
print(describe(threads=1))
if not has_compiler():
    print("There is no C compiler here. What has to be compiled is left out, and NumPy stands in for your functions.")

VECTORS_IN_C = """
#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif
typedef float vec __attribute__((vector_size(4 * LANES)));
typedef float vec_anywhere __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
static inline vec load(const float *p) { return *(const vec_anywhere *)p; }
static inline void store(float *p, vec v) { *(vec_anywhere *)p = v; }
int lanes(void) { return LANES; }
"""

SEVERAL_SUMS = """
float several_sums(int times, const float *x, const float *y, int n) {
    float total = 0;
    vec sum[SUMS] = {{0}}; /* for all rounds: in a round of its own, a sum would not wait for the round before */
    for (int t = 0; t < times; t++) {
        for (int i = 0; i + SUMS * LANES <= n; i += SUMS * LANES)
#pragma GCC unroll 16
            for (int s = 0; s < SUMS; s++) sum[s] += load(x + i + s * LANES) * load(y + i + s * LANES);
        __asm__ volatile("" : : : "memory"); /* or the compiler would see that all rounds are the same */
    }
    for (int s = 0; s < SUMS; s++) total += sum[s][0];
    return total;
}
"""


def floats(*shape):
    """Ones that begin at a multiple of 64 bytes, a line of the cache."""
    n = int(np.prod(shape))
    room = np.ones(n + 16, np.float32)
    return room[-room.ctypes.data % 64 // 4 :][:n].reshape(shape)


def share(flops, seconds):
    """Operations in so many seconds, as a share of the peak of one core."""
    return flops / seconds / peak


picture = None
if has_compiler():
    lanes = compile_c(VECTORS_IN_C, "int lanes(void);").lanes()
    numbers, calls = [1, 2, 4, 8, 16], 4000
    x, y, reached = floats(2048), floats(2048), []
    for sums in numbers:
        text = f"#define SUMS {sums}\n" + VECTORS_IN_C + SEVERAL_SUMS
        made = compile_c(text, "float several_sums(int times, const float *x, const float *y, int n);")
        seconds = race({"it": lambda f=made.several_sums: f(calls, x, y, 2048)}, 0.1)["it"]
        reached.append(share(2 * 2048 * calls, seconds))
    print(f"a vector has {lanes} floats; the peak of one core is {peak / 1e9:.0f} billion operations a second\n")
    for sums, part in zip(numbers, reached, strict=True):
        print(f"{sums:2d} sums: {part:4.0%} of the peak")
    print()
    picture = Picture(
        "Share of the peak of one core against the number of sums in a loop that adds up products, on the machine that "
        "ran this notebook: "
        + ", ".join(f"{part:.0%} with {sums}" for sums, part in zip(numbers, reached, strict=True))
        + ". One sum in eight is the line of what counting says; from four on the loads hold it up.",
        6.5, 2.8,
    )  # fmt: skip
    axes = picture.subplots()
    axes.plot(numbers, [min(sums / 8, 1) for sums in numbers], "--", color=COLOURS[1], label="an eighth for each sum")
    axes.axhline(0.5, color="#52606d", linewidth=1, linestyle=":")
    axes.text(1, 0.53, "two loads for each multiply-add", color="#52606d")
    axes.plot(numbers, reached, "-o", color=COLOURS[0], markersize=4, label="measured")
    axes.set(
        xscale="log", xticks=numbers, xticklabels=numbers, xlabel="sums", ylabel="share of the peak", ylim=(0, 1.1)
    )
    axes.minorticks_off()
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0.99))
    assert reached[3] > 1.6 * reached[0]
reveal("5.a")
picture

# %% [markdown]
# ## 1. Two walls
#
# The figure shows two walls that a loop can run into.
#
# **The first wall is time.** The result of a multiply-add is there after about four cycles. This is its **latency**. A
# core has two *units* that do multiply-adds, so two can start in each cycle. A sum that waits for itself is added to
# once in four cycles, and the core could have started eight multiply-adds in that time. The remedy is to have several
# sums that do not wait for one another, and to add them up at the end. You need at least 4 cycles · 2 units = 8 of
# them.
#
# **The second wall is loading.** A core loads two vectors in a cycle, from its nearest cache. Each product of the loop
# above needs two vectors, one of x and one of y. So with two loads for each multiply-add, one multiply-add starts in a
# cycle, half of what is possible. No number of sums helps there.
#
# (These are the numbers of most processors with AVX2 or AVX-512. Some newer ones load three vectors in a cycle, so they
# can come a little above a half. An Apple M1 starts four multiply-adds in a cycle, so it needs 16 sums, and loads three
# vectors. The walls are the same, and stand in other places.)
#
# In C a vector is a type of its own. The compilers GCC and Clang have one for every processor: `vec` in `exercises.c`
# is a vector of LANES floats, and `+` and `*` work on all its lanes at once. The compiler picks the instructions. One
# thing needs care: an instruction for an *aligned* vector crashes where the address is not a multiple of the vector's
# size. Arrays can begin anywhere, so use `load` and `store` from the file, which promise nothing about the address.
#
# > **Exercise 5.1** (level 2, 15 minutes). Write `dot(x, y, n)`, the sum of the products of two arrays, with vectors
# > and 8 sums. The check also compares its time with that of a plain loop, and finds out how many sums there are: it
# > puts a number in front that is so large that every 1 which is added to it is lost in the rounding.
#
# The exercises use some C that lesson 4 did not have:
#
# - `vec sums[8] = {{0}};` is an array of eight vectors, all zeros. Without `= {{0}}` it holds garbage, and the compiler
#   may not warn.
# - `vec sum[ROWS][VECTORS] = {{{0}}};` has two indices: `sum[i][v]` is a vector. A single vector is `vec sum = {0};`.
# - `float *p = c + 3;` is a name for the array that begins at `c[3]`.
# - `float *p = malloc(sizeof(float) * n);` asks for room for n floats, which hold garbage. `free(p);` gives it back:
#   nobody else does.
# - `static inline` before a function says that it is for this file alone, and that the compiler may put its body in
#   place of a call.

# %%
x, y = np.random.default_rng(0).random((2, 1000), np.float32)
print("dot:", my.dot(x, y), " NumPy:", float(x @ y), " exactly:", float(x.astype(np.float64) @ y.astype(np.float64)))
assert abs(my.dot(x, y) - float(x @ y)) < 1e-2

# %% [markdown]
# Your sum and NumPy's can differ in the last digits. Both are right: each adds in an order of its own, and each
# addition rounds.

# %% [markdown]
# ## 2. A tile in registers
#
# The second wall is the reason why a matrix product can be fast at all. In a matrix product every number is used many
# times. So load a number once, and use it for several multiply-adds before you let it go.
#
# Where do numbers stay while they are used? In **registers**, the places that instructions work on. A processor with
# AVX2 has 16 of them for vectors, and one with AVX-512 or NEON has 32. Take a small tile of C, and keep its sums in
# registers while k runs. In each step of k, load `vectors` vectors of a row of B, and one number of A for each row of
# the tile:
#
#                      b[0]  b[1]          vectors of B, each loaded once
#              a[0]    sum   sum
#              a[1]    sum   sum           in each row: one number of A, times all vectors of B
#              a[2]    sum   sum
#
# That is rows + vectors loads for rows · vectors multiply-adds. Three rows and two vectors: 5 loads for 6. Twice as
# many rows: 8 loads for 12. The row-wise product of lesson 4 needs two loads *and a store* for each multiply-add, as
# its sums travel to C and back.
#
# How large can the tile be? Its sums need rows · vectors registers, the row of B needs `vectors`, and the numbers of A
# share one.
#
# > **Exercise 5.2** (level 2, 15 minutes). Write `best_tile(registers)` in `exercises.py`: the tile with the fewest
# > loads for each multiply-add. The first wall does not count here: a tile may have fewer than 8 sums.

# %%
for registers in (8, 16, 32):
    rows, columns = my.best_tile(registers)
    loads = (rows + columns) / (rows * columns)
    print(f"{registers} registers: {rows} rows, {columns} vectors, {loads:.2f} loads for each multiply-add")
for rows, columns in ((6, 2), (14, 2)):
    print(f"minirl has {rows} rows, {columns} vectors: {(rows + columns) / (rows * columns):.2f}")

# %% [markdown]
# Can a tile be too small? For the first wall it needs at least 8 sums. With 8 registers there is no such tile, and with
# 16 there are several.
#
# minirl does not take the tile with the fewest loads. With 16 registers it has 6 rows and 2 vectors. On AVX2 these are
# 16 columns: the **6 x 16 tile** that you find in many libraries. Why? Two loads fit into a cycle for two
# multiply-adds, so everything below one load for each is enough, and from there on other things count:
#
# - *B is read again for every row of tiles, and it comes from further away than A.* With 6 rows each vector of B that
#   is loaded serves 6 multiply-adds, with 4 rows only 4.
# - *Edges.* Matrices often have a multiple of 16 columns, and seldom a multiple of 24.
# - *One register is left over*: 12 sums, 2 vectors of B and a number of A need 15. The compiler can load the next
#   vector before it is needed.
#
# And what happens if the tile is too large?
#
# {predict 5.b}
#
# > **Exercise 5.3** (level 3, 30 minutes). Write `tile(steps, a, b, c, ldc)`. What it reads is packed: the numbers of
# > a step lie side by side. (You write the packing in 5.4.) The check also compares its time with that of the course's
# > own `tile` and of slow ones, all measured in turns. Write it before you read on: the next cell has nearly the same
# > loops.
#
# Why vectors, and not `float sum[ROWS][COLUMNS]`? A good compiler makes vectors of plain floats. But it also has to
# find a register for every sum, and there compilers differ widely. With `vec` and `#pragma GCC unroll` you say what
# you want. The next cell compares a tile like yours with the same loops over plain floats.

# %%
ONE_TILE = """
#define COLUMNS (VECTORS * LANES)
__attribute__((noinline)) void tile(int steps, const float *a, const float *b, int ldb, float *c) {
    vec sum[ROWS][VECTORS] = {{{0}}};
    for (int k = 0; k < steps; k++) {
        vec row[VECTORS];
#pragma GCC unroll 32
        for (int v = 0; v < VECTORS; v++) row[v] = load(b + k * ldb + v * LANES);
#pragma GCC unroll 32
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 32
            for (int v = 0; v < VECTORS; v++) sum[i][v] += a[k * ROWS + i] * row[v];
    }
#pragma GCC unroll 32
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 32
        for (int v = 0; v < VECTORS; v++) store(c + i * COLUMNS + v * LANES, sum[i][v]);
}
"""

PLAIN_TILE = """
#define COLUMNS (VECTORS * LANES)
__attribute__((noinline)) void tile(int steps, const float *a, const float *b, int ldb, float *c) {
    float sum[ROWS][COLUMNS] = {{0}};
    for (int k = 0; k < steps; k++)
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLUMNS; j++) sum[i][j] += a[k * ROWS + i] * b[k * ldb + j];
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < COLUMNS; j++) c[i * COLUMNS + j] = sum[i][j];
}
"""

MANY_TILES = """
void tiles(int times, int steps, const float *a, const float *b, int ldb, int panels, float *c) {
    for (int t = 0; t < times; t++) tile(steps, a, b + t % panels * COLUMNS, ldb, c);
}
"""


def tiles_of(rows, vectors, text=ONE_TILE):
    """The function `tiles` for tiles of this shape."""
    text = f"#define ROWS {rows}\n#define VECTORS {vectors}\n" + VECTORS_IN_C + text + MANY_TILES
    kinds = "int times, int steps, const float *a, const float *b, int ldb, int panels, float *c"
    return compile_c(text, f"void tiles({kinds});").tiles


def tile_share(tiles, rows, vectors, steps, b, ldb, panels=1):
    """The share of the peak that tiles reach, each with the next of so many panels of b."""
    a, c, flops = floats(steps, rows), floats(rows, vectors * lanes), 2 * steps * rows * vectors * lanes
    times = int(4e7 / flops) + 1
    return share(flops * times, race({"it": lambda: tiles(times, steps, a, b, ldb, panels, c)}, 0.04)["it"])


if has_compiler():
    rows = 14 if lanes == 16 else 6
    for kind, text in (("vectors", ONE_TILE), ("plain floats", PLAIN_TILE)):
        tiles = tiles_of(rows, 2, text)
        part = tile_share(tiles, rows, 2, 256, floats(256, 2 * lanes), 2 * lanes)
        print(f"{rows} rows and {2 * lanes} columns, {kind}: {part:.1%} of the peak")

# %% [markdown]
# **How fast is a tile of each shape?** The next cell compiles `ONE_TILE` for many shapes, and measures each one. The
# numbers that it reads fit into the nearest cache.

# %%
SHAPES = {
    1: [1, 2, 4, 8, 12],
    2: [2, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20],
    3: [3, 4, 5, 7, 9, 12],
    4: [2, 3, 4, 6, 8, 10],
}
picture = None
if has_compiler():
    registers = 32 if lanes == 16 or platform.machine() in ("arm64", "aarch64") else 16
    needed, parts = {}, {}
    for vectors, choices in SHAPES.items():
        for rows in choices:
            steps = 24 * 1024 // 4 // (rows + vectors * lanes)
            tiles = tiles_of(rows, vectors)
            needed[rows, vectors] = rows * vectors + vectors + 1
            parts[rows, vectors] = tile_share(
                tiles, rows, vectors, steps, floats(steps, vectors * lanes), vectors * lanes
            )
    fitting = {shape: part for shape, part in parts.items() if needed[shape] <= registers}
    large = {shape: part for shape, part in parts.items() if needed[shape] > 1.25 * registers}
    best, worst = max(fitting, key=fitting.get), max(large, key=large.get)
    print(f"best that fits: {best[0]} rows, {best[1]} vectors, {needed[best]} registers: {parts[best]:.0%} of the peak")
    print(
        f"best of the large ones: {worst[0]} rows, {worst[1]} vectors, {needed[worst]} registers: {parts[worst]:.0%}\n"
    )
    picture = Picture(
        f"Share of the peak against the registers that a tile needs, for {len(parts)} shapes, on the machine that ran "
        f"this notebook, with {registers} registers. It rises from {parts[1, 1]:.0%} for a single sum to "
        f"{parts[best]:.0%} for {best[0]} rows and {best[1]} vectors. Tiles that need many more registers than there "
        f"are reach {parts[worst]:.0%} at most.",
        7, 3.2,
    )  # fmt: skip
    axes = picture.subplots()
    for vectors, colour, marker in zip(SHAPES, COLOURS, "osD^", strict=False):
        shapes = sorted((shape for shape in parts if shape[1] == vectors), key=needed.get)
        axes.plot([needed[s] for s in shapes], [parts[s] for s in shapes], linestyle=STYLES[vectors - 1], color=colour,
                  marker=marker, markersize=4, label=f"{vectors} vector{'s' if vectors > 1 else ''} wide")  # fmt: skip
    axes.axvline(registers, color="#52606d", linewidth=1, linestyle=":")
    axes.text(registers + 0.4, 0.05, f"{registers} registers", color="#52606d")
    axes.set(xlabel="registers that the tile needs", ylabel="share of the peak", ylim=(0, 1.1))
    axes.legend(loc="lower right", ncols=2)
    assert parts[best] > parts[worst] and parts[best] > 2 * parts[1, 1]
reveal("5.b")
picture

# %% [markdown]
# On the left tiles have too few sums, and wait for themselves. In the middle lies a plateau: everything that has eight
# sums and fits is good. On the right the sums do not fit any more, and the compiler keeps some of them in memory. This
# is called **spilling**. It does not begin exactly at the line. A multiply-add of x86 can take one of its operands
# from memory, so a row of B need not have a register.
#
# ## 3. Packing
#
# In the last figure, all numbers lay in the order in which the tile read them. In a matrix they do not. From one step
# of k to the next, the tile goes to the next row of B, N numbers further on. That has a price, and for some N the price
# is high. **How fast is a tile that reads B in its place?**

# %%
picture = None
if has_compiler():
    rows, vectors, steps = (14 if lanes == 16 else 6), 2, 256
    tiles = tiles_of(rows, vectors)
    packed = tile_share(tiles, rows, vectors, steps, floats(steps, vectors * lanes), vectors * lanes)
    powers = [256, 512, 1024, 2048, 4096, 8192]
    in_place = {
        extra: [tile_share(tiles, rows, vectors, steps, floats(steps, N + extra), N + extra, 8) for N in powers]
        for extra in (0, 16)
    }
    print(f"packed: {packed:.0%} of the peak")
    for N, exact, odd in zip(powers, in_place[0], in_place[16], strict=True):
        print(f"in its place, N = {N:4d}: {exact:4.0%};  N = {N + 16:4d}: {odd:4.0%}")
    picture = Picture(
        "Share of the peak of a tile that reads 256 steps of B in its place, against the width of B, on the machine "
        f"that ran this notebook. Packed it is {packed:.0%}. For widths that are powers of two it falls from "
        f"{in_place[0][0]:.0%} at 256 to {in_place[0][-1]:.0%} at 8,192; with 16 columns more it is "
        f"{in_place[16][0]:.0%} and {in_place[16][-1]:.0%}.",
        6.5, 2.8,
    )  # fmt: skip
    axes = picture.subplots()
    axes.axhline(packed, color=COLOURS[2], linestyle=":", label="packed")
    axes.plot(powers, in_place[16], "--s", color=COLOURS[1], markersize=4, label="N = 272, 528, 1040, ...")
    axes.plot(powers, in_place[0], "-o", color=COLOURS[0], markersize=4, label="N = 256, 512, 1024, ...")
    axes.set(xscale="log", xticks=powers, xticklabels=powers, xlabel="columns of B", ylabel="share of the peak",
             ylim=(0, 1.1))  # fmt: skip
    axes.minorticks_off()
    axes.legend(loc="lower left")
    assert packed > min(in_place[0])
picture

# %% [markdown]
# In its place the tile is a little slower than packed. Each step of k lies in a line of the cache of its own,
# and with wide matrices in a page of memory of its own. (Memory is handed out in pages of 4,096 bytes. The processor
# keeps the addresses of a few dozen at hand, in its *TLB*.)
#
# At large powers of two it can fall deep. A cache cannot put a line anywhere: its address decides on a **set** of 8 to
# 16 places. A nearest cache of 32 KB with 8 places in a set has 64 sets, and lines that are 64 · 64 = 4,096 bytes
# apart share one. That is the distance of two rows of 1,024 floats. So all 256 rows of the panel want the same set,
# and push each other out, while the rest of the cache stays empty. Then the second cache helps, until the rows share
# sets there too. That can happen from about 2,048 columns on, and after that the numbers come from far away. (The
# second cache goes by where the pages really lie in memory, which is another place in every run. So the falls may be
# at other widths when you run this cell again.) Add 16 columns, and the rows spread over all sets.
#
# So copy before you multiply. A **panel** of B is COLUMNS wide and up to 256 steps long, and is written in the order in
# which the tile reads it. A tile of rows of A is copied in the same way: the ROWS numbers of a step side by side.
# Copying is not free, but it is done once, and the panel is then read by all tiles of rows. For M = 600 rows in tiles
# of 6, one copy serves 100 tiles.
#
# One function can do both, if you tell it how far to go for the next number of a step (*across*), and how far for the
# next step (*along*):
#
# | | numbers of a step | across | along |
# |---|---|---|---|
# | a panel of B, columns j ... | neighbours in a row of B | 1 | N |
# | a tile of A, rows i ... | neighbours in a column of A | K | 1 |
#
# (Across and along are meant from the tile, and not from the matrix. The steps of k go along. Such distances are called
# *strides*.)
#
# At the edge of a matrix a piece is narrower than a tile. Then the copy gets zeros in the places that are missing, so
# `tile` can *read* without asking. What it writes is another matter: section 4 comes to it.
#
# > **Exercise 5.4** (level 2, 15 minutes). Write `pack(width, steps, present, from, across, along, packed)`.

# %%
a, b = np.arange(1, 7, dtype=np.float32).reshape(3, 2), np.arange(1, 9, dtype=np.float32).reshape(2, 4)
print(f"A, 3 rows and 2 columns:\n{a}\npacked as a tile of 4 rows, a step in each line:\n{my.pack(a, 4, 'A')}\n")
print(f"B, 2 rows and 4 columns:\n{b}\npacked as a panel of 6 columns:\n{my.pack(b, 6, 'B')}")

# %% [markdown]
# ## 4. All together
#
# Now the loops around the tile, as Goto and van de Geijn found them (Goto and van de Geijn, 2008). Which piece should
# lie in which cache while it is used?
#
# | piece | size on AVX2 | used again | so it should lie in |
# |---|---|---|---|
# | a tile of C | 6 x 16 floats | in every step | registers |
# | a panel of B | 256 x 16 floats, 16 KB | for every tile of rows | the nearest cache (L1), 32 KB or more |
# | all tiles of A | M x 256 floats, 1 KB a row | for every panel | the second cache (L2), 256 KB or more |
#
# This says how many steps of k to take at a time. With more steps, each number of C is loaded and stored less often.
# But the panel has to fit into the nearest cache, and leave room for a tile of A: 256 steps are 16 KB of 32. On AVX-512
# a panel of 256 steps is 32 KB, and processors with AVX-512 have 32 or 48 KB. It is tight there, and works, as the
# panel is read in order.
#
#     for each block of 256 steps of k:
#         pack all tiles of A                       (M x 256 numbers, once)
#         for each panel of columns:
#             pack the panel of B                   (256 x COLUMNS numbers, once)
#             for each tile of rows:
#                 tile(...)                         (adds to a tile of C)
#
# `tile` always adds to ROWS x COLUMNS numbers. At the edges of C that is too many: it would write beyond the end of C,
# or into the next row. So give it another place there, a small array of ROWS x COLUMNS zeros. Then add the part of the
# array that lies inside C to C.
#
# What does packing cost? It moves M · K numbers of A once, and K · N of B once, and there are M · K · N multiply-adds.
# In a product of 1,000 x 1,000 x 1,000, each number that is packed serves 1,000 multiply-adds. In a product with a
# single row nothing is used twice, and packing cannot pay. minirl has another kernel for that.
#
# Write a guess on paper before you go on: what share of the peak will your product reach for n = 32, and for n = 800?
#
# > **Exercise 5.5** (level 4, 40 minutes). Write `matmul(a, b, c, M, K, N)` with `tile` and `pack`. The check tries
# > sizes that do not fill a tile, and measures the time, and the memory for a growing K.

# %%
SIZES = [32, 64, 128, 192, 256, 384, 512, 640, 800]
speeds = {"yours": [], "minirl": [], "NumPy": []}
rng = np.random.default_rng(0)
for n in SIZES:
    a, b = rng.standard_normal((2, n, n), np.float32)
    times = race(
        {"yours": lambda a=a, b=b: my.matmul(a, b), "minirl": lambda a=a, b=b: kernels.matmul(a, b),
         "NumPy": lambda a=a, b=b: a @ b},
        0.15,
    )  # fmt: skip
    for name, seconds in times.items():
        speeds[name].append(share(2 * n**3, seconds))
whose = my.whose("matmul", "tile", "pack")
for index, n in enumerate(SIZES):
    if n in (32, 128, 512, 800):
        print(f"n = {n:3d}: " + ", ".join(f"{name} {parts[index]:.0%}" for name, parts in speeds.items()))
print(f"({whose} functions; the peak of one core is {peak / 1e9:.0f} billion operations a second)")
if max(speeds["NumPy"]) > 1.05:
    print(f"NumPy is above 100%: the peak is that of {kernels.isa()}, which minirl uses here,")
    print("and NumPy has wider vectors.")
picture = Picture(
    "Share of the peak of one core against n, for products of two n x n matrices, on the machine that ran this "
    "notebook. "
    + "; ".join(f"{name}: {parts[0]:.0%} at 32, {parts[-1]:.0%} at 800" for name, parts in speeds.items()) + ".",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (name, parts), colour, style, marker in zip(speeds.items(), COLOURS, STYLES, "osD", strict=False):
    axes.plot(SIZES, parts, color=colour, linestyle=style, marker=marker, markersize=4, label=name)
axes.set(xlabel="n", ylabel="share of the peak", ylim=(0, None))
axes.legend(loc="lower right")
if has_compiler():
    assert speeds["yours"][-1] > 0.25
picture

# %% [markdown]
# Small matrices are slow in all three, and in yours most. A product of 32 x 32 takes a core half a microsecond. Calling
# C from Python takes several, allocating and packing come on top, and nothing is used often enough to pay for it. At
# 128 x 128 packing still takes a good part of your time. Each number that is packed serves only 128 multiply-adds, and
# your `pack` moves one number at a time. minirl's moves vectors.

# %% [markdown]
# **And all stages**, from the three loops of lesson 4 to yours, which do one and the same product. They are the files
# of `csrc/matmul_ladder/`. `register_tile` keeps a tile of sums in registers and reads A and B in their places.
# `packed` also packs. In `vector` the vectors of the tile are written out, as in yours. It differs from yours in
# details, such as how it packs and where it stores a tile at an edge. At this size B still lies near, so packing alone
# may cost more than it brings. The figure puts some of the stages on the roofline. To the right stands the intensity,
# operations for each byte that has to be moved at least. For products of n x n matrices it is n / 6.

# %%
from minirl.kernels.matmul.steps import STEPS, matmul_step

picture = None
if kernels.has_native():
    n = 320
    a, b = rng.standard_normal((2, n, n), np.float32)
    stages = {step: (lambda step=step: matmul_step(step, a, b)) for step in STEPS if step != "threads"}
    times = race({**stages, "yours": lambda: my.matmul(a, b), "NumPy": lambda: a @ b}, 1.0)
    print(f"n = {n}")
    for name, seconds in times.items():
        print(f"{name:15s}{seconds * 1e3:8.2f} ms {share(2 * n**3, seconds):5.0%} of the peak")
    drawn = [(f"{name}, n = {n}", n, times[name]) for name in ("naive", "row_wise", "blocked", "yours", "NumPy")]
    for n in (128, 800):
        drawn.append((f"yours, n = {n}", n, 2 * n**3 / (speeds["yours"][SIZES.index(n)] * peak)))
    picture = roofline(
        machine(threads=1), [Point(name, 2 * n**3, 3 * 4 * n * n, seconds) for name, n, seconds in drawn],
        alt="The roofline of one core, and products of two n x n matrices: "
        + ", ".join(f"{name} {share(2 * n**3, seconds):.0%} of the peak" for name, n, seconds in drawn) + ".",
    )  # fmt: skip
    picture.axes[0].legend(loc="lower left", frameon=False, fontsize=8)
picture

# %% [markdown]
# ## 5. Threads
#
# One core is busy now. A laptop has two to sixteen of them. **Threads** are lines of work that run at the same time,
# each on a core of its own, in the same memory. That they share the memory is what makes them useful, and what makes
# them dangerous. In C, one line above a loop shares its rounds out among threads: `#pragma omp parallel for`. It
# belongs to **OpenMP**, which most C compilers know.
#
# **Races.** Two threads write to the same place, or one reads while the other writes. What comes out depends on who is
# faster, and it is another thing in every run. The rule that helps: *each piece of work writes to places of its own.*
#
# **False sharing.** The places may be different and still be neighbours. Caches handle whole lines of 64 bytes, 16
# floats, and a line that is written can be in the cache of one core alone. If two cores write to numbers in one line,
# the line travels back and forth between them. Nothing is wrong with the result. It only takes long. **How long?** Two
# threads add 1 to 2,048 numbers each, over and over. The numbers lie in one array, and the threads take turns: a group
# of numbers for the first thread, a group for the second, and so on. For comparison, each also does it in an array of
# its own.

# %%
TURNS = """
void add_to_mine(int times, float *numbers, int n, int group, int apart) {
#pragma omp parallel for num_threads(2) schedule(static, 1)
    for (int t = 0; t < 2; t++) {
        float *mine = numbers + t * apart;
        for (int round = 0; round < times; round++) {
            for (int i = 0; i < n; i += 2 * group)
                for (int j = 0; j < group; j++) mine[i + j] += 1;
            __asm__ volatile("" : : : "memory"); /* or the compiler would join the rounds */
        }
    }
}
"""
picture = None
if has_compiler() and threads_before > 1:
    made = compile_c(TURNS, "void add_to_mine(int times, float *numbers, int n, int group, int apart);", openmp=True)
    groups, n, times, numbers = [1, 2, 4, 8, 16, 32, 64], 4096, 100, floats(2 * 4096)
    spent = {(group, apart): [] for group in groups for apart in (group, n)}
    stop, rounds = time.perf_counter() + 3, 0
    while rounds < 3 or (rounds < 61 and time.perf_counter() < stop):  # in turns; a busy machine gets fewer
        rounds += 1
        for group, apart in spent:
            start = time.perf_counter()
            made.add_to_mine(times, numbers, n, group, apart)
            spent[group, apart].append(1e9 * (time.perf_counter() - start) / (times * n / 2))
    # not the fastest, in which the threads may not have met, nor the slowest, in which one waited for a core
    shared = [float(np.quantile(spent[group, group], 0.3)) for group in groups]
    own = [float(np.quantile(spent[group, n], 0.3)) for group in groups]
    for group, together, alone in zip(groups, shared, own, strict=True):
        print(f"{group:2d} numbers in turn: {together:6.2f} ns for an addition, {alone:6.2f} in arrays of their own")
    picture = Picture(
        "Nanoseconds for an addition against the numbers that each of two threads takes in turn, both logarithmic, on "
        f"the machine that ran this notebook. In one array: {shared[0]:.2g} for single numbers, {shared[3]:.2g} for 8, "
        f"{shared[4]:.2g} for 16, which are a line of the cache. In arrays of their own: {own[0]:.2g}, {own[3]:.2g} "
        f"and {own[4]:.2g}.",
        6.5, 2.6,
    )  # fmt: skip
    axes = picture.subplots()
    axes.plot(groups, shared, "-o", color=COLOURS[0], markersize=4, label="one array for both threads")
    axes.plot(groups, own, "--s", color=COLOURS[1], markersize=4, label="an array for each")
    axes.axvline(16, color="#52606d", linewidth=1, linestyle=":")
    axes.text(16.6, max(shared) / 2, "a line of the cache", color="#52606d")
    axes.set(xscale="log", yscale="log", xlabel="numbers that a thread takes in turn", ylabel="ns for an addition")
    axes.set_xticks(groups, groups)
    axes.tick_params(axis="x", which="minor", bottom=False)
    axes.legend(loc="lower left")
else:
    print("Only one thread is used here (MINIRL_THREADS says how many), or there is no compiler.")
    print("So nothing can be shared, and the figure is left out.")
picture

# %% [markdown]
# (Single numbers take longer than groups in either case, as the compiler makes vectors of groups. Look at the distance
# of the two curves. Groups of several lines can be slower again. A likely reason is that a core fetches ahead, beyond
# the end of a group, and so into lines of the other thread. Where the two curves are the same from the start, the
# threads did not run at the same time, or the compiler has no OpenMP.)
#
# Now the product. What can be shared out? Three loops could be:
#
# - *The steps of k.* Then two threads have to add to the same number of C: a race, or a sum for each thread, which are
#   added up afterwards.
# - *The columns.* Each thread writes to columns of its own. But rows of C lie side by side, and at each border two
#   threads write to the same line.
# - *The rows.* Each thread writes to rows of its own, one long run of memory. It packs its own rows of A. It packs all
#   of B, too, so B is packed once for each thread: that is the price.
#
# {predict 5.c}
#
# > **Exercise 5.6** (level 3, 25 minutes). Write `matmul_threads(a, b, c, M, K, N, threads)` with `matmul`. The check
# > compares the *bits* for 1, 2, 3 and 5 threads, several times each, and the time of two threads. On a busy machine it
# > may say that it cannot tell the time. Then check again when less is running. Until it passes, the course's own
# > function stands in below, although your results are right.
#
# One race the check may not find. A variable that you declare before the parallel loop and set inside it is shared by
# all threads. Often the compiler keeps it in a register of each thread, and the bits come out right, until another
# compiler keeps it in memory. So declare it inside the loop.

# %%
kernels.set_threads(threads_before)
a, b = rng.standard_normal((2, 600, 600), np.float32)
alone = my.matmul_threads(a, b, 1)
same = {threads: my.matmul_threads(a, b, threads).tobytes() == alone.tobytes() for threads in (2, 3, 4, 7)}
print("the same bits as one thread:", same)
times = race({str(threads): (lambda threads=threads: my.matmul_threads(a, b, threads)) for threads in (1, 2)}, 0.6, 2)
print(f"one thread {times['1'] * 1e3:.1f} ms, two threads {times['2'] * 1e3:.1f} ms:", end=" ")
print(f"{times['1'] / times['2']:.2f} times as fast")
if times["1"] < 1.3 * times["2"]:
    print("So the second core was busy with something else, or the compiler has no OpenMP.")
print()
reveal("5.c")
assert all(same.values())

# %% [markdown]
# All kernels of minirl keep this rule: threads decide who computes what, and never in which order a number is summed.
# So a training with one thread and one with sixteen give the same model, bit for bit. A mistake that was made with
# sixteen can be looked for with one.
#
# ## 6. A language model trains with it
#
# Time for the real thing. The next cell makes a training step of a small language model (a GPT, which lesson 8 builds):
# forward, backward, an update. A training step is more than products of the form A B. Going backward it needs A Bᵀ and
# Aᵀ B, there are products of many matrices at once, and the bias is to be added. `swapped` puts an adapter around your
# function, which copies what lies the wrong way round, and counts. The copies cost time, and are reported apart.

# %%
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups

kernels.set_threads(1)  # so that processor time tells who needs how much
config = GPTConfig(vocab_size=1024, context_length=128, n_layer=4, n_head=4, d_model=256)
tokens = np.random.default_rng(0).integers(0, config.vocab_size, (4, 129)).astype(np.int32)


def trained(steps):
    """The losses of a new model in some steps on the same texts, and the mean processor time of a step."""
    model = GPT(config, seed=0)
    optimizer = AdamW(decay_groups(model, 0.1), lr=1e-3, betas=(0.9, 0.95))
    losses, spent = [], []
    for _ in range(steps):
        start = time.process_time()
        loss = model.loss(tokens[:, :-1], tokens[:, 1:])
        loss.backward()
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
        losses.append(loss.item())
        spent.append(time.process_time() - start)
    return losses, float(np.mean(spent))


theirs, their_time = trained(4)
with swapped("kernels.matmul") as used:
    yours, _ = trained(4)
print(used)
with swapped("kernels.matmul", verify=0) as timed:  # without comparisons, which take time too
    _, your_time = trained(4)
whose = my.whose("matmul_threads", "matmul", "tile", "pack")
print(f"\nlosses with minirl's product:  {' '.join(f'{loss:.4f}' for loss in theirs)}")
print(f"losses with {whose} product: {' '.join(f'{loss:.4f}' for loss in yours)}")
print(f"a step takes {their_time * 1e3:.0f} ms with minirl's product, {your_time * 1e3:.0f} ms with {whose} product")
assert used["kernels.matmul"].share > 0.9 and max(abs(x - y) for x, y in zip(yours, theirs, strict=True)) < 1e-2

# %% [markdown]
# The losses agree closely. They are not equal bit for bit, as your sums are in another order than minirl's.
#
# **Where does the time go?** The figure divides a step into the products and all the rest. With your product a third
# part appears: what the adapter copies.

# %%
use = timed["kernels.matmul"]
product_time, copied = use.seconds / 4, use.ledger.seconds / 4
flops = 2 * use.work / 4
print(f"products in a step: {flops / 1e9:.1f} billion operations, {share(flops, product_time):.0%} of the peak")
for site, calls in use.ledger.sites.most_common():
    print(f"{site:36s}{calls // 4:4d} calls in a step")
rest = max(your_time - product_time - copied, 1e-6)
bars = {
    "with minirl's\nproduct": (max(their_time - rest, 0), 0.0, rest),
    f"with {whose}\nproduct": (product_time, copied, rest),
    "if products\ntook no time": (0.0, 0.0, rest),
}
print(f"\nthe rest takes {rest * 1e3:.0f} ms of {their_time * 1e3:.0f}:", end=" ")
print(f"no product makes a step more than {their_time / rest:.1f} times as fast")
picture = Picture(
    "Milliseconds of a training step by what they are spent on, on the machine that ran this notebook. "
    + "; ".join(
        f"{' '.join(name.split())}: products {parts[0] * 1e3:.0f}, copies {parts[1] * 1e3:.0f}, "
        f"the rest {parts[2] * 1e3:.0f}"
        for name, parts in bars.items()
    ) + ".",
    6.5, 2.6,
)  # fmt: skip
axes, left = picture.subplots(), np.zeros(len(bars))
for index, (label, colour, hatch) in enumerate(
    zip(("products", "copies", "the rest"), COLOURS, ("", "//", ".."), strict=False)
):
    lengths = np.array([parts[index] * 1e3 for parts in bars.values()])
    axes.barh(list(bars), lengths, left=left, color=colour, hatch=hatch, edgecolor="white", label=label)
    left += lengths
axes.set(xlabel="ms of processor time")
axes.invert_yaxis()
axes.legend(loc="lower right")
picture

# %% [markdown]
# The last bar is a limit that no kernel can beat. If the rest of a step takes a fifth of its time, then the fastest
# product of the world makes the step at most five times as fast. This is **Amdahl's law** (Amdahl, 1967): find out what
# part of the time you work on, before you work on it.
#
# And the copies? They are there because your product wants its matrices the right way round, and training needs
# transposes. But look at your `pack`: it reads its matrix with two strides, `across` and `along`. Exchange them, and it
# packs a transpose, at no cost. minirl's own product does it in this way.
#
# ## If you want more
#
# These have no check. Your judge is the clock.
#
# 1. Give `matmul` the strides of both matrices, and an argument that says whether to add to C. Then no product of a
#    training step needs a copy.
# 2. Beat minirl at one shape. Take (64, 128, 512), where it reaches between a half and two thirds of the peak
#    ([docs/performance.md](../docs/performance.md)). Measure in turns with `race`, and write down what you expected
#    before each change, and what came out.
# 3. `pack` for A reads down a column, one number of each line of the cache. Read several neighbours at a time instead.
#
# ## You should know
#
# 1. A multiply-add takes about four cycles and two start in each: eight sums must be under way at once.
# 2. A core loads two vectors in a cycle. A tile of sums in registers needs less than one load for each multiply-add.
# 3. A tile that needs more registers than there are spills, and loses what it should have won.
# 4. Packing reads a matrix once in its own order, so that it can be read many times in the best order.
# 5. Share out what is written, by rows, and let each number be one sum in one order. Then the bits do not depend on the
#    number of threads.
#
# ## How this fails in practice
#
# - **Right for 512, wrong for 513.** Edges are where products break. Test sizes that fill no tile, and 1.
# - **A size that is suddenly slow.** Powers of two in the distance of rows fight for few places of the cache. A few
#   columns more, or packing, and it is gone.
# - **A race that shows once a week.** A `static` buffer, or one more loop variable that is shared. Run with more
#   threads than cores, many times, and compare bits.
# - **Faster here, slower there.** A number measured on one machine belongs to that machine. Compare with the peak
#   measured in the same minute, and in turns.
# - **int at its end.** `i * K` is an `int` here. From 2,147,483,648 numbers on, that overflows, and a matrix of 8 GB
#   is not rare in a large model. minirl counts with `int64_t`.
# - **Memory that is not there.** `malloc` returns NULL when there is no memory left. minirl's kernels return an error
#   then, and Python raises MemoryError.
#
# ## The code that runs
#
# - `csrc/tile.h`: the tile for each instruction set, with the count of registers.
# - `csrc/pack.h`: packing with transposes on the way, by vectors.
# - `csrc/matmul.c`: the loops around them. There the tile of A stays in L1, and the panels of B come from L2.
# - `csrc/simd.h`: vectors for all processors. `csrc/parallel.h`: the rule about bits and threads.
# - `csrc/peak.c`: the loop that measures the peak. It is your tile, without memory.
#
# ## Sources
#
# - Amdahl, G. (1967). Validity of the single processor approach to achieving large scale computing capabilities.
#   *AFIPS Spring Joint Computer Conference*.
# - Goto, K. and van de Geijn, R. (2008). Anatomy of high-performance matrix multiplication. *ACM Transactions on
#   Mathematical Software* 34(3). The loops, the panels, and why they fit the caches.
# - Williams, S., Waterman, A. and Patterson, D. (2009). Roofline: an insightful visual performance model for multicore
#   architectures. *Communications of the ACM* 52(4).
#
# **Next:** lesson 6 takes the other operation in which a transformer spends its time. Attention is two products with a
# softmax between them, and with tiles it needs no memory for the table in the middle.
