# %% [markdown]
# # Lesson 4. Matrix products in C
#
# *A little over two hours. You need lesson 3 (matrix products) and a C compiler. You need not know C: section 2
# explains all of it that you use.*
#
# In lesson 3 you wrote `a @ b` and went on. That one sign is where a language model spends nearly all of its time. In
# this lesson you write it yourself, as three loops in C. Then you make it about twenty times faster, without doing a
# single operation less. At the end, a model trains with your loops.
#
# When you have finished this lesson, you can
#
# - count the operations and the bytes of a matrix product, and say which of the two limits it;
# - see why the order of three loops changes the time tenfold and the result not at all;
# - read a *roofline*: what this machine can do, and what a program gets out of it.

# %% [markdown]
# ## Warm-up
#
# A processor does one operation after the other. So the time should follow from their number.
#
# {predict 4.a}
#
# Section 3 has the answer, and you will have measured it by then.

# %%
import time
from functools import partial

import numpy as np

from minirl import kernels
from minirl.bench.report import describe
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.lessons.c import has_compiler
from minirl.lessons.race import race
from minirl.lessons.roofline import Point, machine, roofline, share

my = exercises_of(4)
kernels.set_threads(1)  # one core against one core
print(describe(threads=1))
if not has_compiler():
    print("There is no C compiler here. NumPy stands in for your functions, so the times below say nothing.")

# %% [markdown]
# ## 1. What a product costs
#
# A matrix A of shape (M, K) times a matrix B of shape (K, N) gives C of shape (M, N):
#
#     C[i, j] = Σ over k of  A[i, k] · B[k, j].
#
# Two things take time. The processor has to *compute*: K multiplications and K additions for each of the M·N numbers
# of C. And it has to *move* numbers: all of A and B come in from memory, and C goes out.
#
# Take M = K = N = 1,000. That is 2 billion operations, on three million numbers, or 12 million bytes. So there are 170
# operations for each byte. This ratio is called the **arithmetic intensity**. It decides which of the two you wait
# for: a program with few operations a byte waits for memory, and a program with many waits for arithmetic.
#
# > **Exercise 4.1** (level 1, 5 minutes). Write `intensity(M, K, N)` in `exercises.py`. All other exercises of this
# > lesson are in `exercises.c`.
#
# In a model one of the two matrices mostly holds parameters, which are also called **weights**. A **layer** is a part
# of a model that multiplies its input by such matrices.
#
# {predict 4.b}
#
# The next cell measures your machine: how many operations its processor does in a second, and how many bytes it reads
# from memory in a second. Divide the first by the second, and you have the intensity at which the two take equally
# long. Below it, memory is the limit.

# %%
peaks = machine(threads=1)
ridge = peaks.fma / peaks.bandwidth
print(f"one core computes {peaks.fma / 1e9:.0f} billion operations a second, and reads {peaks.bandwidth / 1e9:.0f} GB")
print(f"they take equally long at {ridge:.1f} operations a byte\n")
for what, shape in {
    "a batch of 1,024 tokens through a layer": (1024, 512, 2048),
    "one token through the same layer": (1, 512, 2048),
    "a small square": (64, 64, 64),
}.items():
    limit = "arithmetic" if my.intensity(*shape) > ridge else "memory"
    print(f"{what:42s}{my.intensity(*shape):7.1f} operations a byte: {limit}")
assert my.intensity(1, 512, 2048) < 1 < 10 < my.intensity(64, 64, 64)
print()
reveal("4.b")

# %% [markdown]
# All this is about numbers that come from *memory*. The small square takes 48 KB. It comes from memory once, and after
# that it lies in a cache (section 3), which is much faster. So what the cell says about it holds for its first use
# only. The layer's matrix takes 4 MB. Where a model has many such layers, they push each other out of the caches, and
# each comes from memory again.
#
# The picture of this is the **roofline** (Williams, Waterman and Patterson, 2009). To the right goes the intensity, and
# upwards the speed. One roof slopes: operations for each byte, times bytes a second. The other is flat: no program
# computes faster than the processor. At each intensity, the lower of the two is the limit.
#
# Both scales are logarithmic: each line of the grid is ten times the one before.

# %%
small, large = (1, 512, 2048), (1024, 512, 2048)
x = np.geomspace(0.1, 1000, 200)
picture = Picture(
    f"The roofline of this machine: a slope of {peaks.bandwidth / 1e9:.0f} GB/s up to {ridge:.1f} operations a byte, "
    f"then a flat roof at {peaks.fma / 1e9:.0f} GFLOP/s. One token stands at {my.intensity(*small):.1f}, under the "
    f"slope, and 1,024 tokens at {my.intensity(*large):.0f}, under the flat roof.",
    6.5, 3.2,
)  # fmt: skip
axes = picture.subplots()
axes.plot(x, np.minimum(x * peaks.bandwidth, peaks.fma) / 1e9, color=COLOURS[0], linewidth=2)
for shape, name, style in ((small, "one token", STYLES[1]), (large, "1,024 tokens", STYLES[2])):
    axes.axvline(my.intensity(*shape), color=COLOURS[1], linestyle=style, label=f"{name}: {my.intensity(*shape):.1f}")
axes.set(xscale="log", yscale="log", xlabel="operations for each byte", ylabel="billion operations\na second (GFLOP/s)")
axes.text(0.15, 0.5 * peaks.bandwidth / 1e9, "memory", rotation=28)
axes.text(20, peaks.fma / 1e9 * 0.55, "arithmetic")
axes.grid(color="#dddddd")
axes.legend(loc="lower right")
picture

# %% [markdown]
# So our product has a goal: the flat roof. How near do three loops come?

# %% [markdown]
# ## 2. Three loops in C
#
# C is a small language, and you need a small part of it. A **compiler** translates it into instructions of the
# processor before it runs. Here is a complete function. It adds up the numbers of a row:
#
# ```c
# float total(const float *x, int n) {
#     float sum = 0;
#     for (int i = 0; i < n; i++) {
#         sum += x[i];
#     }
#     return sum;
# }
# ```
#
# - Every variable has a type. `float` is a number in float32, and `int` is a whole number. In Python a variable begins
#   with its first value. In C you declare it: `float sum = 0;`. Without `= 0` it holds garbage.
# - `for (int i = 0; i < n; i++)` is `for i in range(n)`. Braces hold the body. A statement ends with a semicolon.
# - `const float *x` is an **array**: the address of its first number. `const` says that the function only reads it.
#   `float *c`, without const, may be written to.
# - `x + 3` is an address too: the array that begins at `x[3]`.
# - `if (n > 4) { ... }` is `if n > 4:`. A choice between two values is `n < 4 ? n : 4`: n where n is less than 4, and
#   otherwise 4.
# - `#define STEPS 32` stands outside of functions, without a semicolon. From there on, `STEPS` means 32.
# - `void` before a function's name says that it returns nothing. Text between `/*` and `*/` is a comment.
# - `#include <string.h>` brings functions of C's library. You can use one of them: `memset(c, 0, sizeof(float) * n)`
#   sets n floats to zero. `sizeof(float)` is 4, the bytes of a float.
# - An array does not know how long it is. `x[n]` is one number too far. Python would raise an exception. C reads what
#   happens to lie there, or writes over it, and says nothing.
#
# There are no matrices in C, only rows of numbers. So a matrix with N columns is stored row by row. Element (i, j)
# comes after i whole rows and j more numbers: `c[i * N + j]`. For B, with the shape (K, N), element (k, j) is
# `b[k * N + j]`; for A, with the shape (M, K), element (i, k) is `a[i * K + k]`. Most mistakes of this lesson are a
# wrong row length.
#
# > **Exercise 4.2** (level 2, 15 minutes). Write `naive`: the formula of section 1, as three loops. M, K and N may be
# > any numbers, also 0: a sum without products is 0.
#
# What does `check` do with your C? It compiles the file, and every warning of the compiler counts as an error. Then it
# runs your function in a program of its own, built with *sanitizers*: code that the compiler puts around every access
# to memory, which stops at the first one that is out of bounds. Each array also lies between two *guard bands*, memory
# that nobody may touch. If you write c[M * N], one number too far, you read which line did it. Try it once on purpose:
# add `c[M * N] = 0;` as the last line of `naive`, and check. Nothing can break: a crash ends that program alone.

# %%
rng = np.random.default_rng(0)
a, b = rng.normal(size=(2, 256, 256)).astype(np.float32)
wide = a.astype(np.float64) @ b.astype(np.float64)
c = my.naive(a, b)
errors = [np.abs(result - wide).max() for result in (c, a @ b)]
print(f"largest error: {errors[0]:.1e} in {my.whose('naive')} three loops, {errors[1]:.1e} in NumPy's product")
assert errors[0] < 1e-3


def rate(n, seconds):
    """Billion operations a second in a product of n x n matrices."""
    return 2e-9 * n**3 / seconds


times = race({"three loops": lambda: my.naive(a, b), "NumPy": lambda: a @ b}, seconds=0.3)
for name, seconds in times.items():
    print(f"{name:12s}{rate(256, seconds):7.1f} GFLOP/s, {100e9 * rate(256, seconds) / peaks.fma:.0f}% of the roof")

# %% [markdown]
# The results agree up to rounding, and the speeds do not. NumPy does the same multiplications and the same additions.
# (NumPy may even come out above 100%: the roof is measured with the vectors that minirl was told to use, and NumPy may
# use wider ones.)
#
# ## 3. Where the numbers come from
#
# Memory is far away. A processor could do a few hundred operations while it waits for one number. So it keeps copies of
# what it used last in **caches**, small memories close by: the nearest holds 32 or 48 KB. And it never fetches a single
# number. It fetches a **line** of 64 bytes, 16 numbers that lie side by side, in the hope that you need the others too.
#
# Now follow your inner loop. `k` runs, and `b[k * N + j]` walks down a column. Each step jumps over a whole row, into
# another line. Of the 16 numbers that came in, you use one. By the time you come back for its neighbour, the line may
# have been thrown out to make room.
#
# This can be counted. The next cell plays a toy cache with room for 32 lines, which throws out the line that was not
# used for the longest time. B is 64 x 64, and A has 8 rows. Each access to B that finds its line is free. Every
# other access is a **miss**.


# %%
def misses(order, lines=32, n=64):
    """How often each number of B (n, n) was not in the cache. order: the (k, j) in which it is read."""
    held, missed = {}, np.zeros((n, n), int)
    for k, j in order:
        line = (k * n + j) // 16
        if line not in held:
            missed[k, j] += 1
            if len(held) == lines:
                del held[next(iter(held))]  # the first is the one that was not used for the longest time
        held.pop(line, None)
        held[line] = True  # and the last is the newest
    return missed


n, rows = 64, 8
down = [(k, j) for i in range(rows) for j in range(n) for k in range(n)]
along = [(k, j) for i in range(rows) for k in range(n) for j in range(n)]
blocks = [
    (k, j)
    for k0 in range(0, n, 16)
    for j0 in range(0, n, 32)
    for i in range(rows)
    for k in range(k0, k0 + 16)
    for j in range(j0, j0 + 32)
]
walks = {"down the columns": misses(down), "along the rows": misses(along), "block by block": misses(blocks)}
picture = Picture(
    "Three maps of B, 64 by 64, with the misses of each number. Down the columns every number misses 8 times, "
    "32,768 in "
    "all. Along the rows one number in 16 does, 2,048 in all. Block by block one number in 16 misses once, 256 in all.",
    9, 3.2,
)  # fmt: skip
for axes, (name, missed) in zip(picture.subplots(1, 3), walks.items(), strict=True):
    image = axes.imshow(missed, cmap="cividis", vmin=0, vmax=8)
    axes.set_title(f"{name}:\n{missed.sum():,} misses", fontsize=10)
    axes.set(xlabel="column j", ylabel="row k", xticks=[0, 16, 32, 48], yticks=[0, 16, 32, 48])
picture.colorbar(image, ax=picture.axes, label="misses of this number")
assert [int(missed.sum()) for missed in walks.values()] == [8 * n * n, 8 * n * n // 16, n * n // 16]
picture

# %% [markdown]
# All three walks do the same 32,768 reads: each of the 4,096 numbers of B, once for each row of A. Down the columns,
# *every* read is a miss. Along the rows, one in 16 is: the others come along in the same line. (The third walk is
# section 4.)
#
# How do you walk along the rows? Let `j` run inside, and `k` around it. Nothing else changes, and no product is left
# out or added: the loops stand in another order. But there is a price. One sum after the other cannot be kept in a
# variable any more, because a whole row of sums is under way at once. They live in `c`:
#
#     for each i:
#         set row i of C to zero
#         for each k:
#             for each j:  C[i, j] += A[i, k] · B[k, j]
#
# There is a second gain. In `naive`, each addition needs the result of the addition before it, and has to wait for it:
# about four *cycles*, the ticks of the processor's clock. The compiler may not help. If it added in another order, the
# rounding would differ, and so would the result. Now neighbouring j are sums of their own, and each keeps its order.
# The compiler sees this, and does several of them with *one* instruction, on a **vector** of 8 or 16 numbers.
#
# > **Exercise 4.3** (level 3, 25 minutes). Write `row_wise`. From here on the check also looks at the time. Your
# > function races against the course's and against a slow one, in turns, on the same machine. It passes if it is nearer
# > to the fast one. If the machine is too busy to tell the two apart, the check says so: *inconclusive*.

# %%
n = 512
a, b = rng.normal(size=(2, n, n)).astype(np.float32)
times = race({"naive": lambda: my.naive(a, b), "row_wise": lambda: my.row_wise(a, b)}, seconds=0.5)
for name, seconds in times.items():
    print(f"{name:10s}{seconds * 1e3:8.1f} ms{rate(n, seconds):8.1f} GFLOP/s")
print(f"the same operations, in another order: {times['naive'] / times['row_wise']:.1f} times as fast\n")
if has_compiler():
    assert times["naive"] > 3 * times["row_wise"]
reveal("4.a")

# %% [markdown]
# ## 4. A block at a time
#
# `row_wise` reads all of B for the first row of C. Then it reads all of B again for the second row, and so on: M times.
# That is fine while B fits into a cache. A B of 512 x 512 is 1 MB, twenty times the nearest cache, so every time it
# comes from further away.
#
# The cure is to do more with a number while it is near. Cut B into blocks that fit into the nearest cache. Take one
# block, and use it for *all* rows of C before you go on to the next block:
#
#     for each block of B, rows k0 to k1 and columns j0 to j1:
#         for each i:
#             for each k from k0 to k1:
#                 for each j from j0 to j1:  C[i, j] += A[i, k] · B[k, j]
#
# Look at the third map above: each line of B comes in once and never again. Two things need care. Blocks add to what
# earlier blocks left in C, so C is set to zero once, at the very beginning. And B seldom ends where a block ends: the
# last blocks are smaller. A product that is only right for multiples of 32 is the commonest bug of such code. If you
# test with sizes like 64 and 256, you never see it.
#
# > **Exercise 4.4** (level 3, 30 minutes). Write `blocked`, with blocks of STEPS x COLUMNS numbers.
#
# Blocks change no result, and at the sizes of a check they hardly change the time. How can a check find them? It lets C
# share memory with A, and then with B. So the second row of C is computed from a number that lies in the first row,
# too. Its sum shows whether the first row was finished by then. Without blocks it was, and with blocks it was not.
#
# A multiplication whose result is added to a sum is called a **multiply-add**. A matrix product consists of nothing
# else.
#
# {predict 4.c}
#
# The next cell measures all three for matrices of growing size. A program that is not held up would draw a flat line.

# %%
sizes = [64, 128, 256, 512, 768, 1024]
slowest = 512  # three loops take too long beyond
speeds = {name: [] for name in ("naive", "row_wise", "blocked")}
for n in sizes:
    a, b = rng.normal(size=(2, n, n)).astype(np.float32)
    runners = {name: getattr(my, name) for name in speeds if name != "naive" or n <= slowest}
    calls = {name: partial(f, a, b) for name, f in runners.items()}
    for name, seconds in race(calls, seconds=0.1, rounds=2).items():
        speeds[name].append(rate(n, seconds))
told = "; ".join(f"{name} {found[0]:.1f} at 64 and {found[-1]:.1f} at the end" for name, found in speeds.items())
picture = Picture(f"GFLOP/s against the size of square matrices, from 64 to 1,024: {told}.", 6.5, 3.2)
axes = picture.subplots()
for index, (name, found) in enumerate(speeds.items()):
    axes.plot(sizes[: len(found)], found, STYLES[index], color=COLOURS[index], marker="osD"[index], label=name)
axes.set(xlabel="n, for n x n matrices", ylabel="GFLOP/s", ylim=(0, None), xticks=sizes)
axes.tick_params(axis="x", labelsize=8)
axes.legend()
picture

# %% [markdown]
# Blocks do not help small matrices, which are near anyway: there the extra loops even cost a little. They help where B
# has outgrown the caches. How much depends on your machine. A processor fetches ahead when you walk along rows, and
# hides a part of the wait; where the last cache is large, it hides most of it.
#
# So memory is no longer what holds us up, and we are still far below the roof. Something else does.
#
# ## 5. The sums travel
#
# Look at the innermost statement once more:
#
# ```c
# c[i * N + j] += number * b[k * N + j];
# ```
#
# For one multiply-add, the processor loads b, loads c, and stores c. (`number` is the same for all j, and stays where
# it is.) It could do two vector multiply-adds in each cycle. But it can only store one vector in a cycle, and load
# two. So the arithmetic waits for the traffic with the cache.

# %%
reveal("4.c")

# %% [markdown]
# The way out is the same as before: do more with a number while it is near. Near, this time, means in a *register*,
# where the processor computes. Take four rows of B at once:
#
#     C[i, j] += A[i, k]·B[k, j] + A[i, k+1]·B[k+1, j] + A[i, k+2]·B[k+2, j] + A[i, k+3]·B[k+3, j]
#
# Now C[i, j] is loaded once and stored once for *four* multiply-adds. Count again: five loads and one store for four,
# instead of eight loads and four stores.
#
# > **Exercise 4.5** (level 4, 35 minutes). Write `four_steps`: blocks as in 4.4, and four values of k at a time. K need
# > not be a multiple of four, so up to three steps are left over at the end of a block. What do you expect: four times
# > as fast, twice, or hardly faster? The next cell measures it.

# %%
n = 256
a, b = rng.normal(size=(2, n, n)).astype(np.float32)
contenders = {
    **{name: partial(getattr(my, name), a, b) for name in ("naive", "row_wise", "blocked", "four_steps")},
    "minirl": partial(kernels.matmul, a, b),
    "NumPy": partial(np.matmul, a, b),
}
times = race(contenders, seconds=1.0)
operations, size = 2 * n**3, 4 * 3 * n * n
points = [Point(name, operations, size, seconds) for name, seconds in times.items()]
for point in points:
    of_roof = f"{share(peaks, point):.0%} of the roof"
    print(f"{point.name:11s}{point.seconds * 1e3:8.2f} ms{point.rate / 1e9:8.1f} GFLOP/s   {of_roof}")
if has_compiler():
    assert times["four_steps"] < times["row_wise"] < times["naive"]

# %% [markdown]
# Here they are under the roofline. Their intensity is the same, since they compute the same product, so they stand one
# above the other. What separates them is only how often they wait.

# %%
roofline(peaks, points, f"{n} x {n} matrices on one core")

# %% [markdown]
# What does `four_steps` wait for now? Five loads take two and a half cycles, at two in a cycle. Its four multiply-adds
# take two. So it could reach 80% of the roof, and it does not come near. `blocked` does not come near its half either.
#
# One cause can be measured. NumPy's arrays begin at any multiple of 16 bytes, and a vector of 16 floats takes 64 bytes,
# as much as a line of the cache. If its array does not begin with a line, each such vector lies in two lines, and takes
# two steps to load or to store. Of vectors of 8 floats every second one does, and of vectors of 4 floats none. The next
# cell runs your function on arrays that begin with a line, and on arrays that begin 16 bytes later.


# %%
def floats(n, extra):
    """n x n numbers that begin so many bytes after the beginning of a line of the cache."""
    memory = np.ones(n * n + 32, np.float32)
    return memory[(-memory.ctypes.data % 64 + extra) // 4 :][: n * n].reshape(n, n)


if has_compiler():
    straight, crossing = ([floats(n, extra) for _ in range(3)] for extra in (0, 16))
    write_to = my.four_steps.raw  # the function in C itself, which is told where to write
    times = race(
        {
            "with a line": lambda: write_to(*straight, n, n, n),
            "16 bytes later": lambda: write_to(*crossing, n, n, n),
        },
        seconds=0.5,
    )
    for name, seconds in times.items():
        print(
            f"arrays that begin {name:16s}{2e-9 * n**3 / seconds:6.1f} GFLOP/s, {operations / seconds / peaks.fma:.0%}"
        )

# %% [markdown]
# Another cause is in the loop itself. With 128 columns in a block and 8 floats in a vector, the loop over j has 16
# rounds. Then it ends, and the next one begins with instructions that compute nothing. Set COLUMNS to 512, check again,
# and run the cell again: you see how much that is. The rest is hard to see from outside. One likely part is that each
# sum is stored, and loaded again soon after, for the next four steps. The load then has to wait for the store.
#
# From the lowest point to your best one, no operation was saved. Everything came from the order in which numbers are
# read, and from how long they stay near.
#
# What is left up to the roof is the same idea twice more. Keep not one row of sums but a whole *tile* of C in
# registers, so that the sums do not travel at all; and copy A and B into the order in which they are read. That is
# lesson 5, and it leads to minirl's own kernel. (A **kernel** is a function that does one operation on plain arrays,
# and does it fast.)

# %% [markdown]
# ## 6. A model trains with your loops
#
# minirl's products all go through one function, `kernels.matmul`. The next cell puts yours in its place. What it can do
# besides, such as transposed matrices or a bias, is done by an adapter around your function, whose time is counted
# apart. Some calls are compared with NumPy's product. That takes time too, so the times come from a second training,
# without comparisons. The model is a small transformer (lesson 8 builds it; here it is a black box that multiplies
# matrices). It learns to predict the next character of a text.
#
# Each product is counted by what it is for. For one product forward there are two backward, as you derived in lesson 3.

# %%
import json

from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW
from minirl.storage import shipped

facts = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
text = "\n".join(f"{fact['question']} {fact['reasoning']}" for fact in map(json.loads, facts))
characters = sorted(set(text))
ids = np.array([characters.index(character) for character in text], np.int32)


def train(steps=40, batch=16, length=64):
    """Train a new model from the same start; returns the losses and the seconds of processor time."""
    model = GPT(GPTConfig(vocab_size=len(characters), context_length=length, n_layer=2, n_head=4, d_model=128), 0)
    optimizer, rng, losses = AdamW(model.parameters(), lr=3e-3), np.random.default_rng(1), []
    start = time.process_time()
    for _ in range(steps):
        first = rng.integers(0, len(ids) - length - 1, batch)
        seen = ids[first[:, None] + np.arange(length + 1)]
        loss = model.loss(seen[:, :-1], seen[:, 1:])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses, time.process_time() - start


theirs, own_seconds = train()
with swapped("kernels.matmul_plain") as used:
    yours, _ = train()
print(used)
with swapped("kernels.matmul_plain", verify=0) as timed:  # without comparisons
    _, seconds = train()
use, whose = timed["kernels.matmul_plain"], my.whose("four_steps")
rest = seconds - use.seconds - use.ledger.seconds
print(f"\n40 steps took {seconds:.1f} s of processor time: {use.seconds:.1f} s in {whose} product,")
print(f"{use.ledger.seconds:.1f} s in the adapter, and {rest:.1f} s in everything else.")
print(f"With minirl's own product they took {own_seconds:.1f} s, everything else included.\n")
for step in (0, 9, 19, 39):
    print(f"loss of step {step + 1:2d}: {yours[step]:.6f} with {whose} product, {theirs[step]:.6f} with minirl's")
assert use.share == 1 and use.ledger.sites["gradients of weights"] > 0 and use.ledger.sites["elsewhere"] == 0
assert use.ledger.sites["output layer, and its gradients"] == 3 * 40
assert abs(yours[0] - theirs[0]) < 1e-4 and yours[-1] < 0.9 * yours[0]

# %% [markdown]
# 100% of the multiply-adds: no product of this training was done by anybody else. (Attention, the part of the model in
# which tokens look at each other, multiplies inside its own C, without asking `kernels.matmul`. It is small here, and
# not in this count. Lesson 6 is about it.)

# %%
picture = Picture(
    f"The loss over 40 steps falls from {yours[0]:.2f} to {yours[-1]:.2f}; the curves with {whose} product and with "
    "minirl's lie on each other.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(theirs, color=COLOURS[1], linewidth=5, alpha=0.4, label="minirl's product")
axes.plot(yours, "--", color=COLOURS[0], label=f"{whose} product")
axes.set(xlabel="step", ylabel="loss")
axes.legend()
picture

# %% [markdown]
# In the picture the two curves look like one, and the numbers above differ. Your loops add in another order than
# minirl's, and float32 rounds after each addition. In the first step that changes the last digits alone. But the update
# carries each difference on into the weights, and the next step begins with weights that differ a little. So the
# difference grows from step to step, and after 40 of them it can reach the second decimal. That is no mistake, and
# neither of the two is nearer to the truth.

# %% [markdown]
# ## You should know
#
# 1. A matrix product takes 2 M K N operations. Large matrices wait for arithmetic. If one of the three sizes is small,
#    and the matrices come from memory, they wait for memory.
# 2. A cache fetches lines of 16 numbers. Walk along rows, so that you use all of them.
# 3. Sums that do not wait for each other can share one vector instruction. The order of the loops decides it.
# 4. A block is used for everything that needs it before the next one comes. Mind the last block.
# 5. A roofline has the answer to "is this fast?": it compares with the machine, and not with yesterday's program.
#
# ## How this fails in practice
#
# - **The sizes of the tests are multiples of the block.** Everything passes, and the first model with 50,257 tokens in
#   its vocabulary gets wrong numbers in its last column. Test with 1, with primes, and with sizes around each block.
# - **One number too far, and nothing happens.** The program writes over an innocent variable, and crashes an hour later
#   in another place. Run new C with sanitizers from the first day: `-fsanitize=address,undefined`.
# - **The result buffer is not cleared.** It often holds zeros by chance, when memory is new. So it works in the test,
#   and not in the training. Fill buffers with NaN while you test.
# - **A benchmark without an opponent.** "12 ms" says nothing: is that good? And on a busy machine it is 20. Let two
#   programs run in turns, take the fastest of several runs, and compare with the roof.
#
# ## The code that runs
#
# - `csrc/matmul_ladder/`: the same product in seven files, from three loops to threads. Your `naive`, `row_wise` and
#   `blocked` are the first three. `python -m minirl.bench steps` times all of them.
# - `minirl/kernels/peak.py` and `csrc/peak.c`: how the two roofs are measured.
# - `csrc/tile.h`: how large a tile of C can be, which is where lesson 5 begins.
# - [Performance](../docs/performance.md) has every kernel of minirl against this roof.
#
# ## Sources
#
# - Williams, S., Waterman, A. and Patterson, D. (2009). Roofline: an insightful visual performance model for multicore
#   architectures. Communications of the ACM 52(4).
#
# **Next:** lesson 5 keeps the sums in registers, writes the vectors out and shares the work among threads.
