# %% [markdown]
# # Lesson 6. Softmax, cross-entropy, flash attention
#
# *About three hours, of which the exercises take two hours and forty minutes. You need lesson 3 (the gradients of
# softmax and of the loss), lesson 4 (C and tiles) and attention from lesson 8. If you take the lessons in order, do
# exercises 6.1 to 6.4 now: the warm-up says in short what attention is. You may leave 6.5 and 6.6 until after lesson 8.
# Without a C compiler you can do exercise 6.3 and read the rest: the course's own functions, in NumPy, stand in for
# yours.*
#
# In lessons 4 and 5 you made matrix products fast. They have an easy life: a product uses every number that it reads
# many times. The other parts of a model do not. Softmax reads a number, computes one exponential, and is done with it.
# Attention makes a square of weights that is much larger than all that goes in and all that comes out, and uses each
# weight once.
#
# One idea runs through this lesson: **do not keep what is used once**. It makes the difference between a model that
# reads 1,000 tokens and a model that reads 100,000.
#
# When you have finished this lesson, you can
#
# - write a softmax and a loss that work for logits of any size, in C;
# - prove that a softmax can be computed piece by piece, and merge two pieces;
# - write causal attention whose memory grows with the length of a text, not with its square;
# - get attention's gradients from one number kept for each query.
#
# Five of the six functions are in C. You write them in `exercises.c` beside this notebook, and one in Python in
# `exercises.py`. `python -m minirl.lessons check 6.1` compiles the first and tries it in a process of its own. If it
# writes outside of an array, the check says where.

# %% [markdown]
# ## Warm-up
#
# **Attention in short.** (Lesson 8 takes more time for it.) In a language model every token of a text is a row of
# numbers. By attention a token takes in what the tokens before it have to say. Each token i has three rows of d
# numbers: a **query** q_i, what it looks for; a **key** k_i, what can be found in it; and a **value** v_i, what it
# tells. The *scalar product* q_i · k_j multiplies the two rows number by number and adds up. It says how well key j
# answers query i. Divided by √d, it is the **score** s_ij: the product is a sum of d terms, and without the division
# the scores would grow with d. A softmax over j makes weights of the scores: shares that add up to 1. (The parameters
# of a model are called weights, too. These here are computed anew for each text.) The result is the average of the
# values with these weights:
#
#     s_ij = q_i · k_j / √d        P_ij = e^(s_ij) / Σ_j e^(s_ij)        o_i = Σ_j P_ij v_j.
#
# Attention is **causal** if a query sees only its own token and the ones before: the sums run over j ≤ i. A model does
# this several times side by side in every layer, with other queries, keys and values. Each of them is called a
# **head**.
#
# So for a text of T tokens each head has a square of weights P, with T rows, one for each query, and T columns, one for
# each key. The backward pass of lesson 3 needs the weights again, and an ordinary program keeps them until then.
#
# {predict 6.a}
#
# Section 4 is about the way out.

# %%
import tracemalloc
from functools import partial

import numpy as np

from minirl import kernels
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.lessons.c import has_compiler
from minirl.lessons.race import race
from minirl.lessons.roofline import Point, machine, roofline

kernels.set_threads(1)  # one core against one core
my = exercises_of(6)
rng = np.random.default_rng(0)
if not has_compiler():
    print("The times and the memory below are then NumPy's. `python -m minirl doctor` says how to get a compiler.\n")


def whose(*functions):
    """Whose functions these are, for tables: yours, or the course's where those stand in."""
    return "yours" if my.whose(*functions) == "your" else "the course's"


reveal("6.a")

# %% [markdown]
# ## 1. A softmax for logits of any size
#
# The softmax of a row is e^(x_i) / (e^(x_0) + e^(x_1) + ...). Typed like this, it breaks. A float32 ends at about
# 3.4 · 10³⁸, which is e^88.7. A logit of 89 gives infinity, and infinity / infinity is not a number. At the other end
# e^(−104) is rounded to 0. A row of logits at −200 gives 0 / 0.
#
# The way out is old. Subtract the same number c from every x. Above and below the line a factor e^(−c) appears, and it
# cancels:
#
#     e^(x_i − c) / Σ e^(x_j − c)  =  e^(−c) e^(x_i) / (e^(−c) Σ e^(x_j))  =  e^(x_i) / Σ e^(x_j).
#
# So any c gives the same result, and we may choose the one that is safe. Let c be the largest number of the row. Then
# every exponent is 0 or less, so nothing overflows. And the largest number itself contributes e^0 = 1, so the sum is 1
# at least, and nothing is divided by 0. Terms that are rounded to 0 are too small to be seen beside the 1.
#
# > **Exercise 6.1** (level 2, 15 minutes). Write `softmax(x, y, rows, n)` in C. An array arrives as the address of its
# > first number. The check also tries rows far from 0, and rows with -INFINITY: softmax gives these numbers the
# > probability 0, which is how masks are made.
#
# Lesson 4 explains nearly all the C that you need, `memset` among it. New are `expf`, `logf` and `sqrtf` from
# `<math.h>`, which are e^x, the logarithm and the root for floats, and `INFINITY` from the same place.
# `enum { KEYS = 64 };` gives a number a name, like `#define`. And `float s[QUERIES * KEYS];` inside a function is an
# array of fixed size: it holds garbage at first, and is gone when the function returns.
#
# **How fast is it?** Softmax reads 4 bytes and writes 4 for each number, so at best it takes the time that memory needs
# for these 8 bytes.

# %%
x = rng.normal(0, 3, (2000, 512)).astype(np.float32)


def numpy_softmax(x):
    """In NumPy, row by row, with the largest number subtracted."""
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


apart = max(np.abs(my.softmax(x) - y).max() for y in (numpy_softmax(x), kernels.softmax(x)))
took = race(
    {whose("softmax"): lambda: my.softmax(x), "NumPy": lambda: numpy_softmax(x), "minirl": lambda: kernels.softmax(x)},
    1.0,
)
print(f"largest difference among the three: {apart:.0e}")
for name, seconds in took.items():
    rate = 2 * x.nbytes / seconds / 1e9
    print(f"{name:12s} {1e9 * seconds / x.size:5.2f} nanoseconds a number, {rate:5.1f} GB a second")
assert apart < 1e-5

# %% [markdown]
# C alone does not make a program fast. In a plain loop `expf` is a call for each number, and a call keeps the compiler
# from using vectors. Where NumPy has an exponential for vectors, its softmax may be faster than yours, although it
# walks through memory five times. minirl computes e^x for a whole vector at a time, with a polynomial
# (`csrc/vector_math.h`). Exponentials, not bytes, are what a softmax waits for.

# %% [markdown]
# ## 2. The loss in one place
#
# The loss of a token is −w log π(target). w is its **weight**. Where the loss is the average of N tokens, w is 1/N. A
# weight of 0 leaves a token out of the loss. Later lessons use other weights, negative ones among them.
#
# Lesson 3 derived the gradient for w = 1: π_i − 1 at the target, π_i elsewhere. The weight multiplies it. Three results
# come out of the same exponentials. Let m be the largest logit, e_i = e^(z_i − m), and Z the sum of all e_i. Then
# π_i = e_i / Z, and log π_i = z_i − m − log Z. So
#
#     log π(target)  =  z_target − m − log Z
#     entropy        =  −Σ π_i log π_i  =  −Σ π_i (z_i − m) + log Z Σ π_i  =  log Z − (Σ e_i (z_i − m)) / Z
#     gradient_i     =  w (π_i − (1 if i is the target, else 0)).
#
# The entropy says how unsure the model is. Reinforcement learning watches it. (The function gives back log π without
# its weight. Its caller multiplies and adds up.)
#
# Two traps lie here. The first: log π must not be computed as the logarithm of π.

# %%
print("gap   log(e^-gap / Z)   -gap - log Z")
for gap in (10.0, 80.0, 100.0, 110.0):
    row = np.array([0.0, -gap], np.float32)
    powers = np.exp(row - row.max())
    with np.errstate(divide="ignore"):
        print(f"{gap:3.0f} {np.log(powers[1] / powers.sum()):17.3f} {-gap - np.log(powers.sum()):14.3f}")

# %% [markdown]
# With a gap of 110 the probability is rounded to 0, and its logarithm is minus infinity. One such token in a batch, and
# the loss of the whole batch is infinite. The difference of logits has no such problem.
#
# The second trap is memory. A vocabulary of 50,000 and 8,000 tokens make 400 million logits, 1.6 GB. A line of NumPy
# for each step keeps the logits, the exponentials, the probabilities and the gradient. One array is enough: once e_i is
# known, z_i is not needed any more, and its place may hold e_i. In the end it holds the gradient.
#
# > **Exercise 6.2** (level 3, 30 minutes). Write `cross_entropy(z, targets, weights, log_pi, entropy, rows, V)` in C,
# > in place. Rows with a target below 0 do not count. A logit of -INFINITY must not spoil the entropy.
#
# In C your functions get addresses, and return nothing. In the notebook `my.cross_entropy(z, targets, weights)` makes
# the arrays for the results, copies z, calls your function with the copy, and returns the filled arrays. So z is
# unchanged here. The other C functions are wrapped in the same way.

# %%
z = rng.normal(0, 2, (4, 6)).astype(np.float32)
targets, weights = np.array([2, -1, 0, 5], np.int32), np.full(4, 1 / 3, np.float32)
log_pi, entropy, dz = my.cross_entropy(z, targets, weights)
step = 0.01
moved = z.copy()
moved[3, 5] += step
change = -(weights * my.cross_entropy(moved, targets, weights)[0]).sum() + (weights * log_pi).sum()
print("gradient of the logits, by", my.whose("cross_entropy"), "function:")
print(dz.round(3))
print(f"dz[3, 5] is {dz[3, 5]:.3f}; measured, with a step of {step}: {change / step:.3f}")
assert abs(change / step - dz[3, 5]) < 0.01 and not dz[1].any()

# %% [markdown]
# ### A few rows at a time
#
# In place is good, and not good enough. In a small model with a large vocabulary the logits are by far the largest
# array of a training step. But look at where they come from and where they go. Logits are h Wᵀ. h holds C numbers for
# each token. W is the last matrix of the model, the **output layer**: it has a row of C numbers for each token of the
# vocabulary. The gradient dz of the logits goes into two products,
#
#     dh = dz W        dW = dzᵀ h,
#
# and then nobody needs it. A row of logits depends on one row of h alone, and dW is a sum over rows. So take a few rows
# at a time: make their logits, their loss and their dz, put dz into the two products, and let it go. This is also why
# the gradient is computed in the *forward* pass: later it would have to be made anew.
#
# > **Exercise 6.3** (level 3, 20 minutes). Write `linear_cross_entropy(h, W, targets, weights, chunk)` in Python.
# > `of_rows` is there already. It computes log π and the gradient as your 6.2 does, for rows that all count: here every
# > target is 0 or more. It is not in place, because arrays of a few rows are small. The check measures the memory.

# %%
C, V, chunk = 16, 1000, 64
W = rng.normal(0, 0.3, (V, C)).astype(np.float32)


def peak_of(work, *given):
    """The most bytes that NumPy's arrays took at once during work(*given), beyond what was there before."""
    tracemalloc.start()
    try:
        work(*given)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


counts = [64, 128, 256, 512, 1024, 2048]
needed = {"all rows at once": [], f"{chunk} rows at a time": []}
for N in counts:
    h = rng.normal(size=(N, C)).astype(np.float32)
    given = h, W, rng.integers(0, V, N), np.full(N, 1 / N, np.float32)
    for name, rows in zip(needed, (N, chunk), strict=True):
        needed[name].append(peak_of(my.linear_cross_entropy, *given, rows) / 1e6)
first, second = needed.values()
picture = Picture(
    "Megabytes against the number of tokens, both logarithmic, with 1,000 tokens in the vocabulary. All rows at once: "
    f"{first[0]:.1f} for 64 tokens, {first[-1]:.1f} for 2,048. 64 rows at a time: {second[0]:.1f} and "
    f"{second[-1]:.1f}.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(needed.items(), COLOURS[1::-1], STYLES[1::-1], strict=False):
    axes.loglog(counts, values, color=colour, linestyle=style, marker="o", markersize=4, label=name)
axes.set(xlabel="tokens", ylabel="megabytes at once")
axes.legend()
assert first[-1] > 10 * second[-1]
picture

# %% [markdown]
# The dashed line doubles with each doubling of the tokens. The other one may step up once, from one chunk to two: while
# the logits of the second chunk are made, the gradient of the first is still held, 256 kB. From then on it hardly
# moves. What still grows is dh, which has 131 kB at 2,048 tokens. `minirl/kernels/cross_entropy/chunked.py` does the
# same in every training step.

# %% [markdown]
# ## 3. Softmax, piece by piece
#
# With rows of logits it was easy: no row needs another. Attention is harder. Its softmax runs over *all* keys that a
# query sees, and if they come in pieces, we do not know the largest score until the last piece has come. Do we have to
# keep all scores until then?
#
# No. Look at one query, and write s_j for its scores. For a set A of keys with scores s_j and values v_j (take single
# numbers for now), remember three numbers:
#
#     m_A = the largest score,    l_A = Σ e^(s_j − m_A),    o_A = Σ e^(s_j − m_A) v_j.
#
# The result of attention is o_A / l_A. Now a second set B comes. Let m be the larger of m_A and m_B. The sum over both
# sets is
#
#     l = Σ over A and B of e^(s_j − m)
#       = Σ over A of e^(s_j − m_A) e^(m_A − m)  +  Σ over B of e^(s_j − m_B) e^(m_B − m)
#       = e^(m_A − m) l_A  +  e^(m_B − m) l_B.
#
# The first line is the definition. The second holds because e^(a + b) = e^a e^b. In the third the factor is the same
# for all keys of a set, so it comes out of the sum. The same three lines hold for o. Nothing was estimated: the result
# is **exact**, whatever the pieces are and in whatever order they come. By induction it holds for any number of
# pieces: if the state of what has come so far is right, then so is the state after one more piece. And both factors
# are at most 1, so a merge never enlarges a rounding error that it is given. It adds small new ones of its own.
#
# This is the **online softmax** (Milakov and Gimelshein, 2018). Take the smallest case: two sets with one key each,
# scores 0 and 2, values 5 and 7. The states are (0, 1, 5) and (2, 1, 7). The common m is 2, so the first set gets the
# factor e^(−2) = 0.135 and the second e^0 = 1. l = 0.135 + 1 = 1.135, o = 0.135 · 5 + 7 = 7.677, and o / l is 6.76. The
# softmax of the scores 0 and 2 is (0.12, 0.88), and 0.12 · 5 + 0.88 · 7 is 6.76 too.
#
# > **Exercise 6.4** (level 2, 15 minutes). Write `merge(a, b, both, d)` in C. A state is one array: m, l, and then o,
# > which has d numbers, since values are rows.
#
# {predict 6.b}

# %%
scores, values = rng.normal(size=1000), rng.normal(size=(1000, 2))


def state_of(scores, values):
    """The state of some keys, from the definition."""
    m = scores.max()
    powers = np.exp(scores - m)
    return np.concatenate([[m, powers.sum()], powers @ values]).astype(np.float32)


exact = np.exp(scores) @ values / np.exp(scores).sum()
one_by_one = state_of(scores[:1], values[:1])
rises = 0
for j in range(1, 1000):
    after = my.merge(one_by_one, state_of(scores[j : j + 1], values[j : j + 1]))
    rises += after[0] > one_by_one[0]
    one_by_one = after
halves = my.merge(state_of(scores[:500], values[:500]), state_of(scores[500:], values[500:]))
print("exact:                 ", exact.round(6))
print("merged, key by key:    ", (one_by_one[2:] / one_by_one[1]).round(6))
print("merged from two halves:", (halves[2:] / halves[1]).round(6))
many = np.array([np.count_nonzero(np.diff(np.maximum.accumulate(rng.random(1000)))) for _ in range(2000)])
print(f"\nA new largest score came {rises} times here, and {many.mean():.1f} times on average over 2,000 orders.\n")
reveal("6.b")
assert 5.5 < many.mean() < 7.5 and np.allclose(halves[2:] / halves[1], exact, atol=1e-6)

# %% [markdown]
# The first score is always the largest so far. It is not counted here, so 6.5 is left of the 7.5.
#
# **Exact means exact for real numbers. What does rounding do in float32?** The figure compares l, the sum of all
# e^(score − m), with its value in float64. The scores are merged one by one, and in pieces of 64.

# %%
lengths = [64, 256, 1024, 4096, 16_384]
errors = {"one by one": [], "pieces of 64": []}
for T in lengths:
    off = {name: [] for name in errors}
    for seed in range(24):
        scores = np.random.default_rng(seed).normal(size=T).astype(np.float32)
        truth = np.exp(scores.astype(np.float64) - scores.max()).sum()
        for name, size in zip(errors, (1, 64), strict=True):
            pieces = scores.reshape(-1, size)
            m = pieces.max(axis=1, keepdims=True)
            states = np.concatenate([m, np.exp(pieces - m).sum(axis=1, keepdims=True), 0 * m], axis=1)
            state = states[0]
            for piece in states[1:]:
                state = my.merge(state, piece)
            off[name].append(float(state[1]) / truth - 1)
    for name in errors:
        errors[name].append(float(np.sqrt(np.mean(np.square(off[name])))))
picture = Picture(
    "Relative error of the sum in float32 against the number of scores, both logarithmic, typical of 24 draws. "
    + "; ".join(f"{name}: {found[0]:.0e} for 64, {found[-1]:.0e} for 16,384" for name, found in errors.items()) + ".",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (name, found), colour, style in zip(errors.items(), COLOURS[1::-1], STYLES[1::-1], strict=False):
    axes.loglog(lengths, found, color=colour, linestyle=style, marker="o", markersize=4, label=name)
axes.set(xlabel="number of scores", ylabel="relative error of l")
axes.legend()
assert errors["pieces of 64"][-1] < errors["one by one"][-1] < 1e-4
print("One by one, the error is so many times as large as in pieces:")
print(", ".join(f"{a / b:.1f} ({T:,} scores)" for T, a, b in zip(lengths, *errors.values(), strict=True)))
picture

# %% [markdown]
# Pieces are not only as good, they are better. Each merge rounds the sum, up or down as chance has it. Chance errors
# partly cancel, so n of them grow like √n. Both lines rise for this reason: longer rows need more merges. In pieces of
# 64 there are 64 times fewer, so on long rows the error should be about √64 = 8 times smaller. On short rows the gain
# is less, because the exponentials and the sum inside a piece are rounded too. 24 draws are few, so expect each of the
# factors to be off by a third or so.

# %% [markdown]
# ## 4. Attention in tiles
#
# Now put the pieces together. A query needs a state of 2 + d numbers, whatever the length of the text. So go through
# the keys in pieces, and forget the scores of a piece once they are in the state. Beside q, k, v and the output, the
# memory is constant. To make it fast, take a **tile**: 32 queries meet 64 keys at once. Their scores are a product of
# two small matrices, and so is what they add to o. These are the products of lesson 5, and their operands stay in the
# cache.
#
# | step, for a tile of queries and a tile of keys | |
# |---|---|
# | before the first tile of keys | m = −∞, l = 0, o = 0 |
# | scores | s = (q kᵀ) / √d, 32 × 64 numbers; −∞ where the key comes after the query |
# | each row's largest score | the larger of the old m and what the tile has |
# | correction | l and the row of o times e^(old m − new m) |
# | weights | s becomes e^(s − m), and l grows by their sum |
# | values | o += s v |
# | after the last tile of keys | o is divided by l, and m + log l is kept as **lse** |
#
# This is flash attention (Dao, 2022); the division at the end is from its second version (Dao, 2023). lse, the
# logarithm of the sum of all e^score, is one number for each query. Section 5 needs nothing else.
#
# In the first tile the old m is −∞. The correction is e^(−∞) = 0 then, and multiplies zeros. Only −∞ − (−∞) would be
# trouble. It cannot happen here: the first tile of keys has key 0, which every query sees, so m is a number from then
# on.
#
# In causal attention query i sees only the keys j ≤ i. **Which tiles have to be computed?** The figure shows a small
# case: 12 queries and 12 keys, in tiles of 2 by 4. The line is the diagonal, and a query sees what lies to the left of
# it.

# %%
T, high, wide = 12, 2, 4
stills = {"the third tile": 3, "half of the way": 7, "all that are computed": 12}
visited = [(q0, k0) for q0 in range(0, T, high) for k0 in range(0, q0 + high, wide)]
picture = Picture(
    "Three stills of a square with 12 queries as rows and 12 keys as columns, in tiles of 2 by 4. The tiles are done "
    f"row of tiles by row of tiles, from the left. {len(visited)} of 18 tiles are computed: those that lie wholly "
    "above the diagonal are not.",
    9, 3,
)  # fmt: skip
for axes, (title, count) in zip(picture.subplots(1, 3), stills.items(), strict=True):
    shade = np.zeros((T, T))
    for number, (q0, k0) in enumerate(visited[:count]):
        shade[q0 : q0 + high, k0 : k0 + wide] = 3 if number == count - 1 < len(visited) - 1 else 1.5
    mesh = axes.pcolormesh(np.where(np.tri(T) + shade > 0, shade + 0.4 * np.tri(T), 0), cmap="Blues", vmin=0, vmax=4)
    axes.step(range(T + 1), range(T + 1), where="post", color=COLOURS[1], linewidth=1.5)
    axes.set(title=title, xlim=(0, T), ylim=(T, 0), aspect="equal", xlabel="key", ylabel="query", xticks=[], yticks=[])
shades = {"computed, and seen": 1.9, "computed, and masked": 1.5, "the tile at work": 3.4, "seen, still to come": 0.4}
axes = picture.axes[0]
handles = [axes.fill([0] * 3, [0] * 3, color=mesh.cmap(mesh.norm(at)), label=name)[0] for name, at in shades.items()]
picture.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False)
assert len(visited) == 12
picture

# %% [markdown]
# 12 of the 18 tiles are computed. The tiles on the diagonal are computed whole, and what lies above the diagonal is
# masked. Tiles wholly above it are left out. In a long text they are nearly half.
#
# > **Exercise 6.5** (level 4, 40 minutes). Write `attention(q, k, v, o, lse, heads, T, d)` in C. Two functions stand
# > ready in the file. `add_product`, lesson 5's kernel, *adds* a product to an array, so the array has to be cleared
# > first where nothing is in it yet. Its second matrix has to lie in memory row by row. For q kᵀ this is kᵀ, and
# > `transpose` makes it, one tile of keys at a time. The check tries lengths that are no multiple of a tile, and huge
# > scores. When all results are right, it measures memory and time, which takes some seconds.


# %%
def plain_attention(q, k, v):
    """Attention head by head, with all T x T weights: minirl's matrix product, and NumPy for the rest."""
    T, d = q.shape[1:]
    later = np.triu(np.ones((T, T), bool), 1)
    o = np.empty_like(q)
    for head in range(len(q)):
        s = kernels.matmul(q[head], k[head], transpose_b=True)
        s *= np.float32(1 / np.sqrt(d))
        s[later] = -np.inf
        s -= s.max(axis=1, keepdims=True)
        np.exp(s, out=s)
        s /= s.sum(axis=1, keepdims=True)
        o[head] = kernels.matmul(s, v[head])
    return o


def texts(heads, T, d, n=3, seed=0):
    """n arrays of random numbers, (heads, T, d)."""
    return tuple(np.random.default_rng(seed).normal(size=(n, heads, T, d)).astype(np.float32))


q, k, v = texts(2, 300, 64)
o, lse = my.attention(q, k, v)
changed = k.copy()
changed[:, 200:] += 1  # later keys
same = np.array_equal(my.attention(q, changed, v)[0][:, :200], o[:, :200])
print(f"largest difference from the plain way: {np.abs(o - plain_attention(q, k, v)).max():.0e}")
print(f"rows before a changed key stay the same, bit for bit: {same}")
assert np.abs(o - plain_attention(q, k, v)).max() < 1e-5

# %% [markdown]
# **Memory against length.** Both axes are logarithmic, so a straight line is a power of T, and its slope is the
# exponent. With each doubling of T the tiles need twice as much, and the plain way needs four times as much.
#
# {predict 6.c}

# %%
lengths = [256, 512, 1024, 2048]
memory, seconds = {"plain": [], "tiles": []}, {"plain": [], "tiles": []}
for T in lengths:
    given = texts(1, T, 64)
    ways = {"plain": partial(plain_attention, *given), "tiles": partial(my.attention, *given)}
    for name, way in ways.items():
        memory[name].append(peak_of(way) / 1e6)
    for name, took in race(ways, 0.6).items():
        seconds[name].append(1000 * took)


def exponent(values):
    """The slope between the first and the last length on logarithmic axes."""
    return np.log(values[-1] / values[0]) / np.log(lengths[-1] / lengths[0])


for title, found in (("memory", memory), ("time", seconds)):
    powers = ", ".join(f"{exponent(y):.1f} ({name})" for name, y in found.items())
    print(f"{title} grows like T to the power of {powers}")
print()
reveal("6.c")
picture = Picture(
    "Two plots against the length of the text, all axes logarithmic, for one head with d = 64. Megabytes at once: "
    + "; ".join(f"{name} {y[0]:.1f} at 256, {y[-1]:.1f} at 2,048" for name, y in memory.items())
    + ". Milliseconds: " + "; ".join(f"{name} {y[0]:.2g} and {y[-1]:.2g}" for name, y in seconds.items()) + ".",
    9, 3,
)  # fmt: skip
for axes, (unit, found) in zip(picture.subplots(1, 2), {"megabytes": memory, "ms": seconds}.items(), strict=True):
    for (name, y), colour, style in zip(found.items(), COLOURS[1::-1], STYLES[1::-1], strict=False):
        axes.loglog(lengths, y, color=colour, linestyle=style, marker="o", markersize=4, label=name)
    axes.set(xlabel="length of the text, T", ylabel=unit, xticks=lengths, xticklabels=lengths)
    axes.minorticks_off()
    axes.legend()
if has_compiler():
    assert exponent(memory["tiles"]) < 1.3 < 1.7 < exponent(memory["plain"]) and exponent(seconds["tiles"]) > 1.5
picture

# %% [markdown]
# NumPy's arrays are counted here, so for the tiles this is o and lse. The tile itself, 32 × 64 scores with a copy of
# the keys, takes 40 kB of arrays of fixed size, whatever the length. (`check 6.5` counts what your C asks for.)
#
# **Bytes moved.** The plain way goes through the T × T square about twelve times: it writes the scores, reads and
# writes them to scale them, and so on. At T = 2,048 the square of one head has 16 MB and fits into no near cache. In
# tiles, q, k and v are read once from memory, o is written once, and all the rest stays in the cache. The roofline of
# lesson 4 shows what this changes: the arithmetic is the same, the bytes are not. Your softmax of section 1 stands
# beside them. It counts as four operations for each number (a subtraction, an exponential, an addition, a division) and
# 8 bytes, which is half an operation a byte.

# %%
T, heads, d = 2048, 1, 64
given = texts(heads, T, d)
took = race(
    {"tiles": lambda: my.attention(*given), "plain": lambda: plain_attention(*given), "softmax": lambda: my.softmax(x)},
    1.0,
)
peaks = machine(threads=1)
seen = heads * T * (T + 1) / 2
flops = 4 * d * seen  # two products, each a multiplication and an addition for each pair and each of d numbers
own_bytes = 4 * sum(array.size for array in given) + given[0].nbytes
square = 12 * 4 * heads * T * T
picture = roofline(
    peaks,
    [
        Point(f"softmax, {whose('softmax')}", 4 * x.size, 2 * x.nbytes, took["softmax"]),
        Point("attention, plain", flops, own_bytes + square, took["plain"]),
        Point(f"attention, {whose('attention')}", flops, own_bytes, took["tiles"]),
    ],
    alt="The roofline of the machine that ran this notebook, one core. Softmax, with half an operation a byte, stands "
    "far to the left. Plain attention does about "
    f"{flops / (own_bytes + square):.0f} operations for each byte, attention in tiles {flops / own_bytes:.0f}. They "
    f"reach {flops / took['plain'] / 1e9:.0f} and {flops / took['tiles'] / 1e9:.0f} billion operations a second.",
)
for name in ("tiles", "plain"):
    print(f"attention, {name}: {flops / took[name] / peaks.fma:.0%} of what this core can do")
picture

# %% [markdown]
# (Only the pairs that a query sees are counted as work. The plain way computes the other half too, and throws it away.)

# %% [markdown]
# ## 5. The way back
#
# Now the gradients. Write one head: S = q kᵀ / √d, P = softmax of the rows of S, o = P v. Let do be the gradient of o.
# Lesson 3 had all the rules:
#
#     dv = Pᵀ do                         o is a matrix product,
#     dP = do vᵀ                         the other side of it,
#     dS_ij = P_ij (dP_ij − δ_i)         the gradient of softmax; δ_i = Σ_j P_ij dP_ij,
#     dq = dS k / √d,    dk = dSᵀ q / √d.
#
# The third line goes number by number, with one δ for each row. The other lines are matrix products. 1/√d stands in the
# scores, so it comes once more with the gradients of q and k.
#
# Everything here needs P, and P was thrown away. **Make it again.** A weight is e^(s − m) / l = e^(s − m − log l) =
# e^(s − lse). With lse at hand a weight needs no softmax any more: no maximum, no sum, and no other key. So the
# backward pass goes through the same tiles in the same order, makes 32 × 64 weights, uses them, and forgets them again.
# dq of a query is a sum over tiles of keys, and dk and dv of a key are sums over tiles of queries. So all three are
# cleared at the start, and every tile adds its part.
#
# One thing is left: δ_i sums over all keys of the row, and a tile has 64 of them. But look at what it is:
#
#     δ_i = Σ_j P_ij dP_ij = Σ_j P_ij (do_i · v_j) = do_i · (Σ_j P_ij v_j) = do_i · o_i.
#
# The sum over keys has been done in the forward pass already: it is the output. δ costs d multiplications a query.
#
# Forward takes two products, and a backward pass with P at hand takes four. Making P again is one more: a quarter more
# work, in exchange for T² numbers a head.
#
# > **Exercise 6.6** (level 4, 40 minutes). Write `attention_backward(q, k, v, o, lse, dout, dq, dk, dv, heads, T, d)`
# > in C. `add_product` reads its first matrix transposed if a_down and a_right are exchanged.

# %%
q, k, v, dout = texts(2, 50, 8, n=4, seed=1)
o, lse = my.attention(q, k, v)
dq, dk, dv = my.attention_backward(q, k, v, o, lse, dout)
step = 0.01
print("a few gradients, beside the slope of the loss measured with a step of", step)
for name, at, gradient, place in (("dq", 0, dq, (0, 7, 3)), ("dk", 1, dk, (1, 20, 5)), ("dv", 2, dv, (1, 0, 0))):
    found = []
    for sign in (1, -1):
        moved = [array.copy() for array in (q, k, v)]
        moved[at][place] += sign * step
        found.append(float((my.attention(*moved)[0].astype(np.float64) * dout).sum()))
    slope = (found[0] - found[1]) / (2 * step)
    print(f"{name}{list(place)}  {gradient[place]:+.4f}   measured {slope:+.4f}")
    assert abs(slope - gradient[place]) < 0.01

# %% [markdown]
# ## 6. A training step with your kernels
#
# A small language model (a GPT, see lesson 8), four layers of width 256 with four heads, makes a training step on one
# text of 1,024 tokens. First with minirl's kernels, and then with yours. **How much of the work is yours, and what does
# the step cost?**

# %%
from minirl.model import GPT, GPTConfig

model = GPT(GPTConfig(512, context_length=1024, n_layer=4, n_head=4, d_model=256), seed=0)
ids = rng.integers(0, 512, (1, 1025))


def training_step():
    """The loss and all gradients of one text."""
    for _, parameter in model.named_parameters():
        parameter.grad = None
    loss = model.loss(ids[:, :-1], ids[:, 1:])
    loss.backward()
    return float(loss.data), {name: parameter.grad.copy() for name, parameter in model.named_parameters()}


PARTS = "kernels.attention", "kernels.attention_backward", "kernels.cross_entropy"
their_loss, theirs = training_step()
with swapped(*PARTS) as used:
    loss, gradients = training_step()
print(used)
farthest = max(np.abs(gradients[name] - theirs[name]).max() / np.abs(theirs[name]).max() for name in theirs)
print(f"\nloss {loss:.6f} with yours, {their_loss:.6f} with minirl's; gradients differ by {farthest:.0e} at most")
assert all(used[name].share == 1 for name in PARTS) and abs(loss - their_loss) < 1e-4 and farthest < 1e-3

# %% [markdown]
# The same loss and the same gradients, up to rounding, and every pair of a query and a key was handled by your code.
#
# **And the time?** Three ways to do attention run the same step in turns: minirl's kernel, yours, and the formula in
# NumPy. The rest of the step is minirl's in all three.

# %%
from contextlib import ExitStack

from minirl.kernels.attention import reference
from minirl.swap import replaced


def instead(formula, original):
    """A function that calls the formula."""
    return lambda *given, **named: formula(*given, **named)


def with_numpy():
    """The step with attention by the formula, which keeps T x T weights of all heads."""
    with ExitStack() as stack:
        for name in ("attention", "attention_backward"):
            formula = getattr(reference, name)
            stack.enter_context(replaced(f"minirl.kernels:{name}", partial(instead, formula)))
        return training_step()


def with_yours():
    """The step with the learner's three kernels."""
    with swapped(*PARTS, verify=0) as used:
        training_step()
    spent.append([used[name].seconds for name in PARTS])


mine = whose("attention", "attention_backward", "cross_entropy")
spent, steps = [], {"minirl's": training_step, mine: with_yours, "the formula": with_numpy}
megabytes = {name: peak_of(step) / 1e6 for name, step in steps.items()}
spent.clear()
took = race(steps, 6.0)
for name in steps:
    print(f"{name:12s} {1000 * took[name]:7.0f} ms a step, {megabytes[name]:6.0f} MB of arrays at once")
parts = dict(zip(PARTS, 1000 * np.min(spent, axis=0), strict=True))
print(f"\nof {mine}:", ", ".join(f"{name.removeprefix('kernels.')} {ms:.0f} ms" for name, ms in parts.items()))
picture = Picture(
    "Two bar charts of a training step with three kinds of attention. Milliseconds: "
    + ", ".join(f"{name} {1000 * took[name]:.0f}" for name in steps) + ". Megabytes of arrays at once: "
    + ", ".join(f"{name} {megabytes[name]:.0f}" for name in steps) + ".",
    9, 2.2,
)  # fmt: skip
milliseconds = {name: 1000 * seconds for name, seconds in took.items()}
for axes, unit, found in zip(
    picture.subplots(1, 2), ("ms a step", "megabytes"), (milliseconds, megabytes), strict=True
):
    axes.barh(list(steps), [found[name] for name in steps], color=COLOURS[:3])
    axes.invert_yaxis()
    axes.set(xlabel=unit)
if has_compiler():
    assert took[mine] < 0.7 * took["the formula"] and megabytes[mine] < 0.7 * megabytes["the formula"]
picture

# %% [markdown]
# The formula here keeps the weights of one layer at a time, 17 MB, since minirl makes them again in the backward pass
# with NumPy too. The weights of all four layers together would take 67 MB, and at four times the length 1.1 GB.
#
# minirl's kernel is still ahead. It computes exponentials for whole vectors, leaves out more of what lies above the
# diagonal, and moves each number less often. It follows the same plan as yours: compare your file with
# `csrc/attention.c` now, and you will recognise every step.
#
# ## You should know
#
# 1. Softmax does not change when a number is subtracted from its row. Subtract the largest, and nothing overflows.
# 2. log π is a difference of logits, never the logarithm of a rounded probability.
# 3. The state (m, l, o) of two pieces follows exactly from their two states. So a softmax needs no row in memory.
# 4. Attention in tiles needs memory in proportion to T. Its time still grows with T².
# 5. One number a query, lse, is enough to make every weight again in the backward pass. δ is do · o.
#
# ## How this fails in practice
#
# - **A mask of −∞ over a whole row.** −∞ − (−∞) is not a number, and it spreads through all layers in one step. A row
#   that sees nothing needs a rule of its own.
# - **The mask counts inside the tile.** All is well up to the first tile's end, and short tests pass.
# - **Lengths that are multiples of the tile.** Tests with 64, 128 and 256 never see the last, smaller tile.
# - **A forgotten δ.** The loss still falls, only worse. Compare gradients with measured slopes, not with hopes.
# - **Scores in 16 bits.** e^s and the sums belong in float32. In bfloat16, a format of 16 bits with two to three
#   digits, a sum of 300 ones stops at 256.
# - **Memory hidden in the framework.** The kernel may be linear, and a mask of shape (T, T) beside it is not.
#
# ## The code that runs
#
# - `csrc/softmax.c` and `csrc/cross_entropy.c`: your 6.1 and 6.2, with vectors and threads.
# - `csrc/attention.c`, `csrc/attention_backward.c` and `csrc/attention_tile.h`: your 6.5 and 6.6, for documents of any
#   length and for heads that share their keys.
# - `minirl/kernels/cross_entropy/chunked.py`: your 6.3.
# - `minirl/kernels/attention/reference.py`: the formula, which the tests hold them all to.
# - `python -m minirl.bench --only attention` races them; [the page on performance](../docs/performance.md) has the
#   results.
#
# ## Sources
#
# - Milakov, M. and Gimelshein, N. (2018). Online normalizer calculation for softmax. arXiv:1805.02867.
# - Dao, T. and others (2022). FlashAttention: fast and memory-efficient exact attention with IO-awareness. *NeurIPS
#   2022*; arXiv:2205.14135.
# - Dao, T. (2023). FlashAttention-2: faster attention with better parallelism and work partitioning. arXiv:2307.08691.
#
# **Next:** lesson 7 makes tokens out of text. Its inner loop, too, is about not doing the same work twice.
# After lesson 8, lesson 22 takes such kernels to a GPU.
