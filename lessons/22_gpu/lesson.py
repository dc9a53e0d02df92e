# %% [markdown]
# # Lesson 22. The GPU: thousands of threads
#
# *About two and a half hours. You need lesson 4 (C, a matrix product, the roofline), lesson 6 (softmax and sums along
# rows) and lesson 8 (SwiGLU and RMS norm). You need no GPU, but a C++ compiler on Linux: on Debian and Ubuntu
# `apt-get install g++`. Without one this lesson can be read.*
#
# Large language models are trained on GPUs, or on chips much like them. A single thread of a GPU is slow. A GPU is fast
# because it has a hundred thousand threads under way, and because they share what they fetch. So programs for it are
# written differently, and they go wrong differently. In this lesson you write four kernels in CUDA, NVIDIA's language
# for its GPUs. You run them on the processor that you have, with their threads in several orders, and you count every
# number that they fetch. At the end a transformer trains with them.
#
# When you have finished this lesson, you can
#
# - write a kernel: which thread does what, and what it does where the work ends;
# - count what a warp fetches from memory, and say whether it uses it;
# - share numbers among threads, by shuffles and through shared memory, and put the barriers where they belong;
# - say why a sum has the same bits each time, or why not.
#
# You write the kernels in the file `exercises.cu` beside this notebook, and two functions in `exercises.py`. In a
# terminal, `python -m minirl.lessons check 22.1` checks the first one, `check 22.1` for short.
#
# **What was measured, and what was not.** All counts below are counted here, access by access. No time below is a
# GPU's: minirl's kernels have not been timed on one. Section 6 says how you would do it.

# %% [markdown]
# ## Warm-up
#
# A GPU starts its threads in groups of 32. Such a group is a **warp**, and its threads are also called **lanes**. The
# threads of a warp take each step together: where one of them reads a number, all 32 do, each at an address of its own.
#
# {predict 22.a}
#
# In section 2 you count it.

# %%
import json
import os

import numpy as np
from matplotlib.colors import PowerNorm

from minirl import kernels
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.lessons.c import compile_cuda, has_compiler, trace, traced
from minirl.lessons.c.source import source_of
from minirl.storage import shipped

on_cpu = os.environ.setdefault("MINIRL_CUDA_SHIM", "1") == "1"
my = exercises_of(22)
ready = has_compiler("cuda")
if ready:
    print(f"Kernels run on {'the processor, through the shim' if on_cpu else 'the GPU'}.")
else:
    print("There is no C++ compiler here, or this is not Linux. So NumPy stands in, and what is compiled is left out.")

# %% [markdown]
# ## 1. What one thread does
#
# In lesson 5 you gave each thread a large piece of the work, and started as many threads as there are cores. A GPU is
# used the other way round: you start a thread for each number, or nearly so, and the GPU runs them in whatever order
# suits it. An A100, a GPU for data centres, has 108 **multiprocessors**, each of which keeps up to 2,048 threads under
# way (NVIDIA, 2020). That is 221,184 threads. While one warp waits for memory, another one computes. Waiting costs
# nothing as long as somebody else has something to do.
#
# A **kernel** is what one thread does. It is a function in C, or rather in C++, with a few words more:
#
# ```c
# extern "C" __global__ void twice(int64 n, const float *x, float *y) {
#     const int64 i = (int64)blockIdx.x * blockDim.x + threadIdx.x;
#     if (i < n) y[i] = 2 * x[i];
# }
# ```
#
# - `__global__` makes it a kernel, which is *launched*, that is, started, with a number of threads. Each of them runs
#   the whole function. `extern "C"` keeps its name as it is, so that Python finds it.
# - Threads come in **blocks** of up to 1,024, and all blocks of a launch are its **grid**. A block runs on one
#   multiprocessor; which one, and when, nobody knows.
# - `threadIdx.x` is a thread's number in its block, and `blockIdx.x` the number of its block. `blockDim.x` is how many
#   threads a block has, and `gridDim.x` how many blocks there are. From these four each thread finds out which part of
#   the work is its own.
# - `int64` is a whole number of 64 bits. With `int`, places beyond number 2,147,483,647 cannot be counted.
# - `__device__` makes a function that a kernel can call.
#
# **The end of the work.** With blocks of 256 threads and 1,000 numbers you need four blocks, which have 1,024 threads.
# The last 24 have nothing to do. `if (i < n)` keeps them from writing past the end of `y`, over whatever lies there.
# And with fewer threads than numbers, each thread goes on: its first number is i, and the next one is i plus the number
# of all threads. This is called a **grid-stride loop**. It is right for any number of blocks.
#
# > **Exercise 22.1** (level 2, 15 minutes). Write `silu` in `exercises.cu`: y = x / (1 + e⁻ˣ) for each number, with a
# > grid-stride loop. It is the bend in the gate of lesson 8.
#
# **How does it run here?** minirl has a header of some 200 lines, the *shim*, that gives a C++ compiler the words of
# CUDA. A thread becomes a **fiber**, a function with a stack of its own that hands the processor on where it has to
# wait. A launch runs all of them, one after the other. This is slow, and it finds mistakes that a GPU would hide:
#
# - Threads and blocks run in four orders: first to last, last to first, and two random ones. `check` wants the same
#   right result in all of them.
# - Memory that nobody has written holds NaN. So does the memory that the threads of a block share.
# - As in lesson 4, there is a guard band around each array, and sanitizers watch each access.
#
# Try it on purpose: leave out the condition of your loop, `for (int64 i = first;; i += threads)`, check, and read what
# you are told.

# %%
x = np.linspace(-6, 6, 1000, dtype=np.float32)
y = my.silu(x)
error = np.abs(y - x / (1 + np.exp(-x))).max()
print(f"1,000 numbers, 3 blocks of 64 threads: the largest error of {my.whose('silu')} kernel is {error:.1e}")
assert error < 1e-6

# %% [markdown]
# ## 2. What memory hands out
#
# Memory is the bottleneck of most kernels, as it was in lesson 4. `silu` reads 4 bytes and writes 4 bytes for a handful
# of operations. So what counts is how well it uses what memory hands out.
#
# A GPU's memory hands out pieces of 32 bytes, called **sectors**. Where the 32 lanes of a warp read, the hardware looks
# at their addresses, finds out in which sectors they lie, and fetches each of these once. (NVIDIA's guides to CUDA
# describe it.) So threads of a warp that read neighbouring numbers share their fetches. Their accesses are then called
# **coalesced**.
#
# > **Exercise 22.2** (level 2, 10 minutes). Write `sectors(addresses)` in `exercises.py`: how many sectors it takes to
# > serve one access of a warp.
#
# Now let us count what kernels really do. `trace(my.silu, x)` runs your kernel in a build that reports every access:
# which thread, which array, which byte, and where in the program. What the 32 lanes do at one place of the program
# belongs together, and your `sectors` counts the cost. Beside your kernel stands another one, which computes the same.
# It gives each thread a piece of neighbouring numbers, as one does on a CPU.

# %%
OWN_PIECE = """
typedef long long int64;
extern "C" __global__ void own_piece(int64 n, const float *x, float *y) {
    const int64 threads = (int64)gridDim.x * blockDim.x, each = (n + threads - 1) / threads;
    const int64 start = ((int64)blockIdx.x * blockDim.x + threadIdx.x) * each;
    for (int64 i = start; i < n && i < start + each; i++) y[i] = x[i] / (1 + expf(-x[i]));
}
"""


def used(seen, name):
    """Sectors for one access of a warp on average, and the share of their bytes that the warp's lanes use."""
    accesses = seen.by_warp(name)
    fetched = [my.sectors(addresses) for addresses in accesses]
    return np.mean(fetched), sum(4 * len(addresses) for addresses in accesses) / (32 * sum(fetched))


picture = None
if ready:
    x = np.arange(3 * 64 * 8, dtype=np.float32)  # eight numbers for each of 192 threads
    y = np.empty_like(x)
    own_piece = compile_cuda(OWN_PIECE, "void own_piece(int64 n, const float *x, float *y);").own_piece
    both = {
        f"{my.whose('silu')} silu": trace(my.silu, x),
        "a piece for each thread": traced(own_piece, 3, 64, x.size, x, y),
    }
    for name, seen in both.items():
        mean, share = used(seen, "x")
        print(f"{name:24s} a warp's access takes {mean:2.0f} sectors, and uses {share:.1%} of their bytes")
    shares = [used(seen, "x")[1] for seen in both.values()]
    assert shares[0] == 1 and shares[1] == 1 / 8
    picture = Picture(
        "The first 32 sectors of memory as boxes of 8 numbers, for one access of a warp. With neighbouring numbers, as "
        "your kernel reads them, 4 sectors are fetched and all of their numbers are used. With a piece of 8 numbers "
        "for each thread, 32 sectors are fetched, and one number of each is used.",
        8, 2.1,
    )  # fmt: skip
    for axes, (name, seen) in zip(picture.subplots(2, 1), both.items(), strict=True):
        numbers = [address // 4 for address in seen.by_warp("x")[0]]
        cells = np.zeros((1, 256))
        for number in numbers:
            first = number // 8 * 8
            cells[0, first : first + 8] = np.maximum(cells[0, first : first + 8], 1)
        cells[0, numbers] = 2
        axes.pcolormesh(np.arange(257), [0, 1], cells, cmap="Blues", vmin=0, vmax=2)
        for edge in range(0, 257, 8):
            axes.axvline(edge, color="#52606d", linewidth=0.5)
        axes.set(xlim=(0, 256), yticks=[], xticks=range(0, 257, 64), title=f"{name}: dark is used, light comes along")
        axes.title.set_fontsize(9)
    picture.axes[1].set_xlabel("number in the array; a box is a sector of 8 numbers")
print()
reveal("22.a")
picture

# %% [markdown]
# In the second kernel neighbouring threads read numbers that lie 8 numbers apart. That is enough to put each of them
# into a sector of its own. The 32 numbers of the question can make it no worse.
#
# Both kernels read the same numbers and do the same operations. On a CPU the second kernel would be the better one: a
# core that walks along its piece uses each line of its cache. On a GPU the neighbours are the other threads. **Let
# neighbouring threads take neighbouring numbers**, and let a thread jump.
#
# Does a cache not help? What comes along is kept for a while, and the next access of the same warp may find it there.
# But up to 2,048 threads share the cache of a multiprocessor, so there is little room for each. We count what the
# threads ask for. Some of it comes from a cache, and how much has to be measured.
#
# ## 3. Thirty-two lanes and a sum
#
# `silu` was easy: no thread needed another one. The RMS norm of lesson 8 divides a row by the root of its mean square,
#
#     y = x · rstd · gain,        rstd = 1 / √(mean of x² + ε),
#
# and the mean needs the whole row. (In the kernel the gain is called `gamma`.) Let a warp have a row. Each of its lanes
# adds up the squares of every 32nd number. Then there are 32 sums in 32 lanes, and their sum is wanted, in all lanes.
#
# Lanes can look into each other's registers. `__shfl_xor_sync(ALL_LANES, sum, 16)` gives lane l the `sum` of lane l
# xor 16: lane 0 gets that of lane 16, and lane 16 that of lane 0. (*xor* turns over those bits of l that are set in
# 16.) If each lane adds what it gets, lanes 0 and 16 both have the sum of the two. Then the same with 8, with 4, 2 and
# 1. After five steps each lane has the sum of all 32. The next cell plays it, with lane l beginning with the number l.

# %%
held = np.arange(32)
for step in (16, 8, 4, 2, 1):
    held = held + held[np.arange(32) ^ step]  # all lanes at once: what is added is what was held before
    print(f"after step {step:2d}: lanes 0 to 7 have", *held[:8])
assert (held == sum(range(32))).all()  # 496

# %% [markdown]
# All lanes whose bits are named in the mask `ALL_LANES` must make the exchange together. A lane that has left the loop
# earlier, or sits in the other branch of an `if`, cannot answer. On a GPU the program then hangs, or gets garbage. So
# first comes the loop over the row, in which some lanes may have one number fewer, and after it come the exchanges.
#
# > **Exercise 22.3** (level 3, 30 minutes). Write `rms_norm`. A block has eight warps, and so eight rows.

# %%
rng = np.random.default_rng(0)
rows, gamma = rng.normal(size=(40, 100)).astype(np.float32), rng.uniform(0.5, 2, 100).astype(np.float32)
y, rstd = my.rms_norm(rows, gamma, 1e-6)
with kernels.using("reference"):
    expected = kernels.rms_norm(rows, gamma, 1e-6)
print(f"largest difference from minirl's reference: {np.abs(y - expected[0]).max():.1e}")
assert np.abs(y - expected[0]).max() < 1e-5
if ready:
    seen = trace(my.rms_norm, rows, gamma, 1e-6)
    mean, share = used(seen, "x")
    print(f"a row of 100 numbers: {mean:.1f} sectors for a warp's access to x, {share:.0%} of their bytes used")
    assert share > 0.75

# %% [markdown]
# Some bytes are not used, although the lanes read neighbours: 100 numbers are three times 32 and 4 more, and the last
# access is made by four lanes. And a row of 400 bytes begins in the middle of a sector every second time. Real models
# have rows of a multiple of 32 numbers, and this is one of the reasons.
#
# ## 4. Shared memory and barriers
#
# A warp can exchange registers. The warps of a block can share memory: `__shared__ float held[64];` declares it. It
# lies on the multiprocessor, is much faster than memory, and small: an A100 has 164 KB of it on each multiprocessor
# (NVIDIA, 2020). Whoever writes there must not be overtaken by whoever reads. `__syncthreads()` is a **barrier**: no
# thread of the block goes on before all have come.
#
# The next kernel turns an array over by way of shared memory: each thread puts down a number, and picks up another
# thread's. It runs in each of the four orders, with the barrier and without.

# %%
TURNED = """
typedef long long int64;
extern "C" __global__ void turned(int64 n, const float *x, float *y) {
    __shared__ float held[64];
    held[threadIdx.x] = x[threadIdx.x];
    BARRIER
    y[threadIdx.x] = held[n - 1 - threadIdx.x];
}
"""
x = np.arange(64, dtype=np.float32)
for barrier in ("__syncthreads();", "") if ready and on_cpu else ():
    kernel = compile_cuda(TURNED.replace("BARRIER", barrier), "void turned(int64 n, const float *x, float *y);").turned
    right = []
    for order in range(4):
        y, kernel.order = np.empty_like(x), order
        kernel(1, 64, 64, x, y)
        right.append(int((y == x[::-1]).sum()))
    print(f"{'with' if barrier else 'without'} the barrier: of 64 numbers {', '.join(map(str, right))} are right")
    assert (min(right) == 64) == bool(barrier) and (barrier or max(right) < 64)

# %% [markdown]
# Without the barrier, half of the numbers are NaN. The threads exchange their numbers in pairs, and the one that runs
# first picks up what the other one has not put down yet. On a GPU this kernel might be *right* a thousand times. Two
# warps are often about equally fast. Then one day there is other work on the multiprocessor, and a few numbers are
# wrong. That is why kernels are tested in unlikely orders.
#
# ## 5. A product, tile by tile
#
# Now the matrix product, C = A B. On a GPU the first idea is a thread for each number of C. It reads a row of A and a
# column of B: 2 K numbers for K multiplications. Each multiply-add waits for two numbers from memory. Lesson 4 calls
# this arithmetic intensity: two operations for 8 bytes, a quarter of an operation a byte.
#
# But the threads of a block read the same numbers over and over. A block of 16 x 16 threads computes a piece of C with
# 16 rows and 16 columns, and all it needs is 16 rows of A and 16 columns of B. So let it fetch together. The block
# walks along k, 16 steps at a time. In each round it fetches two **tiles** of 16 x 16 numbers into shared memory, one
# number of each tile a thread, and then all threads use them:
#
#     for each tile along k:
#         a_tile[y][x] = one number of A;  b_tile[y][x] = one number of B
#         barrier
#         for k from 0 to 15:  sum += a_tile[y][k] · b_tile[k][x]
#         barrier
#     c[row, column] = sum
#
# How much is that worth? It depends on how large a piece of C a block computes.
#
# > **Exercise 22.4** (level 1, 5 minutes). Write `intensity(rows, columns)` in `exercises.py`: the operations for each
# > byte that a block fetches, if its piece of C has so many rows and columns.

# %%
PEAK, BANDWIDTH = 19.5e12, 1.555e12  # of an A100 with 40 GB: float32 operations and bytes a second (NVIDIA, 2020)
ridge = PEAK / BANDWIDTH
print(f"an A100 computes as fast as it fetches at {ridge:.1f} operations a byte\n")
for side in (1, 16, 32, 128):
    there = my.intensity(side, side)
    most = min(there / ridge, 1)
    print(f"a piece of {side:3d} x {side:3d}: {there:5.2f} operations a byte, {most:4.0%} of the peak at most")
assert my.intensity(1, 1) == 0.25 and my.intensity(16, 16) == 4 and my.intensity(128, 128) == 32
assert my.intensity(32, 32) < ridge < my.intensity(128, 128)

# %% [markdown]
# Peak and bandwidth in the cell are NVIDIA's numbers, and the shares follow from them by division. They assume that
# every fetch goes to memory. Caches soften this, and much that is not counted here makes it worse. Read the shares like
# lesson 4's roofline: they say which of the two limits is the nearer one.
#
# Larger pieces are better. But a block has 1,024 threads at most, so with a thread for each number 32 x 32 is the end.
# (What comes after that is the last part of this section.)
#
# {predict 22.b}
#
# > **Exercise 22.5** (level 3, 30 minutes). Write `product`, with tiles of 16 x 16. Matrices end anywhere: where a tile
# > reaches beyond, put a 0 into it.
#
# Where C ends in the middle of a block, some threads have no number of C. It is tempting to send them home with
# `return` at the top. But they have numbers to fetch. They leave when all others do.
#
# When your product passes, take away one barrier and check again, and then the other one.

# %%
picture = None
n = 64
a, b = rng.normal(size=(2, n, n)).astype(np.float32)
c = my.product(a, b)
print(f"largest error of {my.whose('product')} product: {np.abs(c - a.astype(np.float64) @ b).max():.1e}\n")
reveal("22.b")
assert np.abs(c - a.astype(np.float64) @ b).max() < 1e-4
if ready:
    LADDER = shipped("csrc/cuda/matmul.cu")
    plain = "int64 M, int64 N, int64 K, const float *a, const float *b, float *c"
    steps = compile_cuda(LADDER, f"void matmul_naive({plain}); void matmul_shared({plain});")
    naive = traced(steps.matmul_naive, (4, 4), (16, 16), n, n, n, a, b, c)
    tiles = trace(my.product, a, b)
    block = 2 * 4 + 1  # the one in row 2 and column 1 of the 4 x 4 blocks
    maps = {
        f"{matrix}, {how}": seen.times(matrix.lower(), n * n, block).reshape(n, n)
        for how, seen in (("each thread alone", naive), ("in tiles", tiles))
        for matrix in "AB"
    }
    picture = Picture(
        "Four maps of what one block of 16 by 16 threads fetches: 16 rows of A and 16 columns of B. With each thread "
        "alone, each of these numbers is fetched 16 times. In tiles, each is fetched once.",
        8, 2.2,
    )  # fmt: skip
    for axes, (name, counts) in zip(picture.subplots(1, 4), maps.items(), strict=True):
        image = axes.imshow(counts, cmap="Blues", norm=PowerNorm(0.4, 0, 16), interpolation="nearest")
        axes.set(title=f"{name}:\n{counts.sum():,} fetches", xticks=[0, 16, 32, 48], yticks=[0, 16, 32, 48])
        axes.set(xlabel="k" if name[0] == "A" else "column", ylabel="row" if name[0] == "A" else "k")
        axes.title.set_fontsize(9)
    picture.colorbar(image, ax=picture.axes, label="fetches", ticks=[0, 1, 4, 16])
    assert [int(counts.max()) for counts in maps.values()] == [16, 16, 1, 1]
picture

# %% [markdown]
# This is one of the 16 blocks of the grid. It needs the same 16 rows of A and 16 columns of B either way. Alone, each
# of its 256 threads fetches a whole row and a whole column for itself, so each number comes 16 times. In tiles it comes
# once, and the 16 threads that need it take it from shared memory.
#
# minirl's own `csrc/cuda/matmul.cu` is a ladder. Its first step is the naive kernel, and its second one is your product
# with tiles of 32 x 32. The third step is what all of minirl's products in float32 use. Here it is:

# %%
if ready:
    print(source_of(LADDER, "matmul_float32"))

# %% [markdown]
# Read it from the middle. A thread computes 8 x 8 numbers of C, the array `sums`, in registers. So a block of 256
# threads has a piece of 128 x 128. For each k a thread takes 8 numbers of A and 8 of B from shared memory, `a_part` and
# `b_part`, and makes 64 multiplications of them. That is the register tile of lesson 5 again, and for the same reason:
# shared memory, too, is slower than arithmetic.
#
# Around it, each round asks for the next two tiles before it multiplies the ones that are there. Memory then works
# while the threads compute. There are two tiles of A and of B, `now` and `next`, and so one barrier in a round is
# enough: who writes the next tiles disturbs nobody who still reads the others. At the end, `finish` adds what minirl
# wants added, such as a bias.
#
# The next cell counts what four kernels fetch for one multiply-add: numbers from memory, and numbers from shared
# memory.

# %%
picture = None
if ready:
    from minirl.kernels.device.source import kernels_in

    parameters = ", ".join(kernels_in(LADDER.read_text(encoding="utf-8"))["matmul_float32"])
    fast = compile_cuda(LADDER, f"void matmul_float32({parameters});").matmul_float32
    big, wide = np.ones((2, 128, 128), np.float32), np.empty((128, 128), np.float32)
    layout = (128, 1, 0)  # from row to row, from column to column, from product to product
    seen = {
        "naive": (naive, n),
        f"{my.whose('product')} product": (tiles, n),
        "minirl, shared": (traced(steps.matmul_shared, (2, 2), (32, 32), n, n, n, a, b, c), n),
        "minirl, registers": (
            traced(fast, (1, 1), 256, 128, 128, 128, big[0].copy(), *layout, big[1].copy(), *layout, None, 0, None,
                   None, wide, 0), 128),
    }  # fmt: skip
    counted = {}
    for name, (one, size) in seen.items():
        memory, shared = one.count("a") + one.count("b"), one.count("shared memory")
        counted[name] = memory / size**3, shared / size**3
        print(f"{name:20s}{memory / size**3:8.4f} numbers from memory, {shared / size**3:5.2f} from shared memory")
    from_memory = [memory for memory, _ in counted.values()]
    assert from_memory == [2, 2 / 16, 2 / 32, 2 / 128] and list(counted.values())[3][1] == 0.25
    picture = Picture(
        "Numbers for one multiply-add in four kernels, on a logarithmic scale. From memory: "
        + ", ".join(f"{memory:.3g}" for memory in from_memory) + ". From shared memory: "
        + ", ".join(f"{shared:.3g}" for _, shared in counted.values()) + ".",
        7, 2.6,
    )  # fmt: skip
    axes, places = picture.subplots(), np.arange(len(counted))
    for shift, index, label, colour, hatch in (
        (-0.2, 0, "from memory", COLOURS[0], ""), (0.2, 1, "from shared memory", COLOURS[1], "//"),
    ):  # fmt: skip
        heights = [max(pair[index], 1e-9) for pair in counted.values()]
        axes.bar(places + shift, heights, 0.38, color=colour, hatch=hatch, edgecolor="white", label=label)
    axes.set(yscale="log", ylim=(0.01, 4), ylabel="numbers for\na multiply-add")
    axes.set_xticks(places, counted)
    axes.legend(fontsize=8)
picture

# %% [markdown]
# Each step to the right is the same idea: **a number that was fetched is used more often before it is given up.**
# A fourth step has tensor cores, which multiply whole pieces of tiles with one instruction. [The page about
# CUDA](../docs/cuda.md#a-product-four-times) goes through all four.
#
# **Open exercise.** Let each thread of your `product` compute 2 x 2 numbers of C, with tiles of 32 x 16 and 16 x 32 and
# the same 256 threads. Work out on paper what the two counts should become, and then count them with `traced`.
#
# ## 6. A sum in one order
#
# The embedding is the table of lesson 8 that has a row for each token. Its gradient adds a row of numbers to the row of
# each token in a text. The same token may occur 50 times in a batch. A thread for each token, and each adds its row:
# `dtable[id] += dout[t]`. What can go wrong?
#
# Two threads may read the same number, each adds its own, and both write. One of the two is lost. This is a **race**,
# and the usual cure is an **atomic addition**, `atomicAdd`, which the hardware makes one after the other.
#
# {predict 22.c}

# %%
parts = rng.normal(size=50).astype(np.float32)
sums = set()
for _ in range(1000):
    total = np.float32(0)
    for part in rng.permutation(parts):
        total += part
    sums.add(float(total))
print(f"50 numbers added in 1,000 random orders give {len(sums)} different sums,")
print(f"of which the largest and the smallest are {max(sums) - min(sums):.1e} apart\n")
reveal("22.c")
assert len(sums) > 5

# %% [markdown]
# Training with atomics cannot be repeated. A bug that shows once in ten runs can then not be told from bad luck (lesson
# 19). minirl's kernels therefore use none, on the GPU as on the CPU: **every sum has a fixed order**. Somebody has to
# own the sum. Here the block of the first token with an id owns its row, and adds all rows in the order of their
# tokens. The others leave it alone.
#
# > **Exercise 22.6** (level 4, 30 minutes). Write `embedding_gradient`. The check compares bits, in all four orders.

# %%
ids = np.array([2, 0, 2, 2, 1, 0], np.int32)
dout, before = rng.normal(size=(6, 3)).astype(np.float32), np.zeros((4, 3), np.float32)
table = my.embedding_gradient(ids, dout, before)
print(np.round(table, 2))
assert (table[2] == (dout[0] + dout[2]) + dout[3]).all() and not table[3].any()

# %% [markdown]
# Each block may read the ids of all tokens. For T tokens that is up to T² reads, and 17 million for 4,096 tokens. A
# single product of these tokens with a matrix of 768 x 768 takes 2.4 billion multiplications. In your kernel each
# thread of a block even reads all ids for itself. In minirl's, the 128 threads of a block look at 128 ids at a time,
# and collect what they have found with a *ballot*, one bit a lane.
#
# **How would you time all this?** On a machine with an NVIDIA GPU, start Jupyter with `MINIRL_CUDA_SHIM=0`. This very
# notebook then launches your kernels on the GPU, compiled by NVIDIA's compiler. (The traces and the checks stay on the
# processor.) A launch does not wait for its kernel, so a clock around it measures nothing. Launch it once to compile
# it, then many times, and fetch one number at the end, which waits for all that came before:
#
# ```python
# import time
# from minirl.kernels.device import device
# from minirl.kernels.matmul.cuda import STEPS, matmul_step
#
# n = 4096
# a, b = (device(np.ones((n, n), np.float32)) for _ in range(2))
# for step in STEPS:
#     matmul_step(step, a, b)[:1, :1].numpy()        # the first launch compiles
#     start = time.perf_counter()
#     for _ in range(10):
#         c = matmul_step(step, a, b)                # asked for, and not waited for
#     c[:1, :1].numpy()                              # the wait
#     print(step, 20 * n**3 / (time.perf_counter() - start) / 1e12, "TFLOP/s")
# ```
#
# Compare with the peak of your GPU, and write the GPU's name beside the number. On the shim the same loop says nothing
# about a GPU, and takes forever.

# %% [markdown]
# ## 7. minirl trains with your kernels
#
# minirl's third backend, `kernels.use("cuda")`, launches the kernels of `csrc/cuda`. The weights of a model then lie in
# the memory of the device, `.numpy()` fetches them, and everything else stays as it was: the tensors of lesson 3, the
# transformer of lesson 8 and the optimizer of lesson 9 call the same operations by the same names. Under the shim, the
# device's memory is locked while no kernel runs, so nobody can look into it by mistake.
#
# The next cell trains a small transformer on the text of lesson 4, three times from the same start: with minirl's
# kernels in C on the processor, with its CUDA kernels, and with yours in their places. Wherever minirl launches its own
# `swiglu`, `rms_norm`, `matmul_float32` or `embedding_backward`, an adapter fetches the arguments, launches your
# kernel, and puts the result back. (SwiGLU is silu(gate) · up. Your kernel does the first part, and the adapter
# multiplies.)

# %%
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW

facts = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
text = "\n".join(f"{fact['question']} {fact['reasoning']}" for fact in map(json.loads, facts))
characters = sorted(set(text))
ids = np.array([characters.index(character) for character in text], np.int32)
config = GPTConfig(
    vocab_size=len(characters), context_length=24, n_layer=2, n_head=2, d_model=32, d_ff=48, norm="rms",
    position="rope", mlp="swiglu", bias=False,
)  # fmt: skip


def train(steps=20, batch=4):
    """The losses of a training from the same start each time, on the backend in use."""
    model, rng, losses = GPT(config, seed=0), np.random.default_rng(1), []
    optimizer = AdamW(model.parameters(), lr=1e-2)
    for _ in range(steps):
        first = rng.integers(0, len(ids) - config.context_length - 1, batch)
        seen = ids[first[:, None] + np.arange(config.context_length + 1)]
        loss = model.loss(seen[:, :-1], seen[:, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


picture = None
losses = {"C, on the processor": train()}
if ready:
    seams = ("cuda.silu", "cuda.rms_norm", "cuda.matmul", "cuda.embedding_gradient")
    mine = f"{my.whose('silu', 'rms_norm', 'product', 'embedding_gradient')} CUDA"
    with kernels.using("cuda"):
        losses["minirl's CUDA"] = train()
        again = train()
        with swapped(*seams) as swaps:
            losses[mine] = train()
    print(swaps, end="\n\n")
    print("step    " + "".join(f"{name:>22s}" for name in losses))
    for step in (0, 4, 9, 19):
        print(f"{step + 1:4d}    " + "".join(f"{made[step]:22.6f}" for made in losses.values()))
    same = "the same bits" if again == losses["minirl's CUDA"] else "other bits"
    print(f"\nminirl's CUDA once more: {same} in all steps")
    picture = Picture(
        f"The loss over 20 steps falls from {again[0]:.2f} to {again[-1]:.2f}. The curves of the three trainings lie "
        "on each other.",
        6, 2.5,
    )  # fmt: skip
    axes = picture.subplots()
    for (name, made), colour, style, width in zip(losses.items(), COLOURS, STYLES, (5, 2.5, 1.2), strict=False):
        axes.plot(range(1, 21), made, color=colour, linestyle=style, linewidth=width, label=name)
    axes.set(xlabel="step", ylabel="loss", xticks=range(0, 21, 5))
    axes.legend(fontsize=8)
    assert again == losses["minirl's CUDA"] and again[-1] < 0.9 * again[0]
    assert all(swaps[seam].share == 1 for seam in seams)
    assert max(abs(one - other) for made in losses.values() for one, other in zip(made, again, strict=True)) < 1e-3
picture

# %% [markdown]
# Every launch of these four kernels was yours. The losses differ in their last digits at most, as other orders of sums
# make them. And minirl's CUDA kernels give the same bits twice.
#
# (The first training is far faster than the others, of course: it runs the kernels that are made for a processor. The
# shim plays a GPU, one thread after the other.)
#
# ## You should know
#
# 1. A kernel is what one thread does. Its numbers, `blockIdx` and `threadIdx`, tell it which part of the work is its
#    own, and a condition tells it where the work ends.
# 2. Memory hands out sectors of 32 bytes to a warp. Neighbouring threads should read neighbouring numbers.
# 3. Lanes add up by shuffles. All lanes of the mask must come.
# 4. Shared memory needs two barriers: one until all have written, and one until all have read.
# 5. A piece of C of R x S numbers takes R S / (2 (R + S)) operations a byte. Larger pieces, in shared memory and then
#    in registers, are what makes a product fast.
# 6. Atomic additions lose nothing, and give other bits each time. A sum that somebody owns has one order.
#
# ## How this fails in practice
#
# - **It works on my GPU.** A missing barrier shows only when warps drift apart. NVIDIA's `compute-sanitizer --tool
#   racecheck` finds such races on a GPU, and a run in unlikely orders finds them without one.
# - **The last block.** Everything is a multiple of 256 in the tests. In production a batch has 1,000 rows, and the
#   last 24 threads write over the next array. Nothing crashes, and another layer's weights change.
# - **A shuffle in a loop that some lanes leave.** It works for rows of a multiple of 32, and hangs for all others.
# - **A transposed copy that is much slower than a straight one.** Either what it reads or what it writes jumps from row
#   to row. Read along rows into shared memory, and write along rows from there.
# - **A clock around the launch.** It gives about the same time for every kernel: how long it takes to ask for one.
# - **`int` for places.** 65,536 tokens times 50,257 logits are 3.3 billion numbers, more than an `int` can count.
#
# ## The code that runs
#
# - `csrc/cuda/activation.cu`, `norm.cu`, `matmul.cu` and `embedding.cu`: your four kernels, and their gradients.
#   `device.cuh` has the shuffles, and sums over a block of several warps.
# - `csrc/cuda/softmax.cu`: a row for each block. Its sums take both of your tools: shuffles within warps, and shared
#   memory between them.
# - `csrc/cuda/shim/fibers.h`: threads as fibers, barriers and shuffles, in 200 lines.
# - `minirl/kernels/device/launch.py`: how Python reads a kernel's parameters from its source, and launches it.
# - `minirl/lessons/c/trace.py`: how every access of a kernel is written down.
# - [Kernels on a GPU](../docs/cuda.md): what there is, what it needs, and what is not there yet.
#
# ## Sources
#
# - NVIDIA (2020). NVIDIA A100 Tensor Core GPU architecture. White paper. Its peak, bandwidth and sizes are quoted
#   above. NVIDIA's CUDA C++ Programming Guide and Best Practices Guide describe sectors, shuffles and barriers.
#
# **Next:** the capstone: a question of your own, a prediction that is written down before the run, and one page of
# results. `python -m minirl.lessons start capstone` shows it.
