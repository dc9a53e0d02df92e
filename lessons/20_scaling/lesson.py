# %% [markdown]
# # Lesson 20. Scaling
#
# *About three hours and twenty minutes. You need lesson 8 (the transformer, and how many parameters it has) and lesson
# 9 (AdamW, clipping, a batch in parts). Lesson 18 has the bootstrap, and lessons 4 to 6 are about what a single
# processor does.*
#
# All models of this course train in seconds or minutes. Others train for months on thousands of machines, by the same
# formulas. Nobody tries things out at that size. People compute what a step will cost before they run it, and they
# predict the loss of a large model from small ones. You can do both with a pencil and two processor cores.
#
# When you have finished this lesson, you can
#
# - work out the operations and the bytes of a training step, to within a tenth;
# - say what bfloat16 saves and what it costs, bit by bit;
# - share a step out among processes so that all of them get the same bits;
# - fit a scaling law with an interval, and choose the size of a model for a budget.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 20.1` checks the first one. From here on this text writes `check 20.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 20.a}
#
# Section 1 measures it.

# %% [markdown]
# ## 1. What a step costs
#
# A step has two prices: operations, which take time, and bytes, which take memory.
#
# **Operations first.** Nearly all of them are in matrix products. A token passes each weight once: it is multiplied by
# the weight, and the product is added to a sum. That makes 2 operations for each weight. (The embedding, the table that
# gives each token its first row, is free. It looks up a row and multiplies nothing.) Attention comes on top. For each
# key that it sees, a token computes a score, which is a product of d numbers in each head, and adds up a value of d
# numbers. Over all heads that is 2 C and once more 2 C operations, with C for `d_model`.
#
# That was the forward pass. The backward pass of y = x W has two products, as you know from lesson 3: dx = dy Wᵀ and
# dW = xᵀ dy. Each is as large as the one of the forward pass. So training costs three times as much as reading:
# **6 operations for each weight and token**, and something for attention.
#
# > **Exercise 20.1** (level 2, 15 minutes). Write `operations(vocab_size, n_layer, d_model, d_ff, length)`, for one
# > token.
#
# Is the count right? minirl's kernels know how many operations each of their calls has. So let us count during a step
# of a real model. It has 4 layers, and it reads 64 texts of 64 tokens.

# %%
import itertools
import math
import time
import tracemalloc
from contextlib import ExitStack

import numpy as np

from minirl import kernels
from minirl.bench.profile import FLOPS
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.swap import replaced

my = exercises_of(20)
V, LAYERS, C, F, T = 512, 4, 128, 352, 64
config = GPTConfig.llama(
    vocab_size=V, context_length=T, n_layer=LAYERS, n_head=4, d_model=C, d_ff=F, tie_embeddings=True
)
P = config.parameter_count()


def batch(rows):
    """Texts of random tokens, and for each token the one that follows: what is in them costs nothing."""
    text = np.random.default_rng(0).integers(0, V, (rows, T + 1)).astype(np.int32)
    return text[:, :-1], text[:, 1:]


def counting(name):
    """A kernel that adds its operations to `counted`, unless it is at work for another one, which counts them."""

    def make(original):
        def counts(*arguments, **options):
            inside.append(name)
            result = original(*arguments, **options)
            inside.pop()
            if not inside:
                counted[name] = counted.get(name, 0) + FLOPS[name](result, *arguments, **options)
            return result

        return counts

    return make


counted, inside = {}, []
with ExitStack() as stack:
    for name in ("matmul", "attention", "attention_backward", "linear_cross_entropy"):
        stack.enter_context(replaced(f"minirl.kernels:{name}", counting(name), watches=True))
    GPT(config).loss(*batch(64)).backward()

expected = 64 * T * my.operations(V, LAYERS, C, F, T)
for name, n in counted.items():
    print(f"{name:22s}{n / 1e9:7.2f} billion operations")
print(f"{'all of them':22s}{sum(counted.values()) / 1e9:7.2f}")
print(f"{'by your formula' if my.whose('operations') == 'your' else 'by the formula':22s}{expected / 1e9:7.2f}")
print(f"{'6 for each parameter':22s}{64 * T * 6 * P / 1e9:7.2f}")
assert abs(sum(counted.values()) / expected - 1) < 0.02 and abs(64 * T * 6 * P / expected - 1) < 0.1

# %% [markdown]
# The formula is right to within 2%. (The kernel of attention computes its scores a second time in the backward pass, as
# lesson 6 explained. That is the difference.) The rule of thumb in the last line, 6 N D operations for N parameters and
# D tokens, leaves attention out. For short texts it is good enough, and section 5 uses it.

# %% [markdown]
# **Now the bytes.** Four kinds of numbers are in memory when the backward pass begins:
#
# - the weights;
# - their gradient, one number for each weight;
# - the two averages of AdamW, two numbers for each weight;
# - what the forward pass has **kept**. The gradient of a product x W needs x. The gradient of a norm needs its input.
#   So nearly every intermediate result has to stay until the backward pass has used it.
#
# The first three depend on the model alone. The last one grows with the tokens of the batch. How large is it? Walk
# through the forward pass and write down each array that is made. This is a layer of minirl, without its comments:

# %%
import inspect

from minirl.model.block import MLP, Block

print(inspect.getsource(Block.__call__))
print(inspect.getsource(MLP.__call__))

# %% [markdown]
# In the order of the code: `attention_norm(x)` makes C numbers for each token. `attention` makes queries, keys and
# values, 3 C. RoPE turns queries and keys into a new array, 2 C more. Attention returns C. `add` multiplies this with
# the projection and adds x, which makes C. The second half begins with a norm again, C. `up(x)` makes gate and up side
# by side, 2 F, and `swiglu` their product, F. The last `add` makes C.
#
# > **Exercise 20.2** (level 3, 25 minutes). Write `memory(parameters, n_layer, d_model, d_ff, tokens)`: the bytes of
# > the four kinds.
#
# Python can tell how much memory its arrays take, with `tracemalloc`. So we can look after each part of a step.


# %%
def measured(rows, recompute=False):
    """The bytes after each part of a step, as `memory` has them; and the most that the step needed at any time."""
    ids, targets = batch(rows)
    tracemalloc.start()

    def grown():
        """How much memory there is more than at the last call."""
        nonlocal before
        now = tracemalloc.get_traced_memory()[0]
        change, before = now - before, now
        return change

    before = tracemalloc.get_traced_memory()[0]
    start = before
    model = GPT(config).recompute(recompute)
    weights = grown()
    optimizer = AdamW(decay_groups(model, 0.1), lr=1e-3)
    averages = grown()
    loss = model.loss(ids, targets)
    kept = grown()
    loss.backward()
    gradient = sum(p.grad.nbytes for p in model.parameters())
    optimizer.step(max_norm=1.0)
    most = tracemalloc.get_traced_memory()[1] - start
    tracemalloc.stop()
    return (weights, gradient, averages, kept), most


KINDS = ("weights", "gradient", "averages", "kept for backward")
found = {}
print(f"{'megabytes':30s}{'weights':>8s}{'gradient':>10s}{'averages':>10s}{'kept':>8s}{'all':>8s}{'at most':>10s}")
for rows in (8, 64):
    guess, (parts, most) = my.memory(P, LAYERS, C, F, rows * T), measured(rows)
    found[rows] = guess, parts
    for name, one, end in (("by the formula", guess, ""), ("measured", parts, f"{most / 1e6:10.1f}")):
        numbers = "".join(f"{n / 1e6:{width}.1f}" for n, width in zip((*one, sum(one)), (8, 10, 10, 8, 8), strict=True))
        print(f"{f'{rows} x {T} tokens, {name}':30s}{numbers}{end}")
    assert abs(guess[3] / parts[3] - 1) < 0.05
    assert kernels.backend() == "reference" or abs(sum(guess) / most - 1) < 0.1  # kernels in NumPy take more
thrifty, least = measured(64, recompute=True)
print(f"\nwith `recompute`, 64 x {T} tokens: kept {thrifty[3] / 1e6:.1f}, at most {least / 1e6:.1f}\n")
reveal("20.a")
assert 170e6 < most < 220e6 and 13e6 < sum(guess[:3]) < 15e6 and least < 0.5 * most

# %%
picture = Picture("", 7.5, 2.9)
axes = picture.subplots()
HATCHES = ("", "///", "...", "xx")
bars = [(f"{rows} texts, {name}", one) for rows in (8, 64) for name, one in
        (("formula", found[rows][0]), ("measured", found[rows][1]))]  # fmt: skip
bars.append(("64 texts, recomputed", thrifty))
left = np.zeros(len(bars))
for kind, name in enumerate(KINDS):
    sizes = np.array([one[kind] / 1e6 for _, one in bars])
    axes.barh(range(len(bars)), sizes, left=left, color=COLOURS[kind], hatch=HATCHES[kind], edgecolor="white",
              linewidth=0.5, label=name)  # fmt: skip
    left += sizes
picture.alt = "Memory of a training step in megabytes, by kind. " + "; ".join(
    f"{label}: " + ", ".join(f"{name} {n / 1e6:.1f}" for name, n in zip(KINDS, one, strict=True)) for label, one in bars
)
axes.set_yticks(range(len(bars)), [label for label, _ in bars])
axes.invert_yaxis()
axes.set(xlabel="megabytes")
axes.legend(fontsize=8)
picture

# %% [markdown]
# With 64 texts, what the forward pass keeps is more than ten times everything else. So when memory runs out, the model
# is rarely to blame. There are three ways out:
#
# - **Smaller parts.** Compute the batch in parts, as in lesson 9. What is kept belongs to one part.
# - **Recompute.** Keep the input of each layer only, and compute the rest again when its gradient is due. That takes
#   a third more operations (Chen and others, 2016), and less than half of the memory here. minirl's flag is
#   `--recompute`.
# - **Smaller numbers.** Section 2.
#
# (What a step needs at most is not quite the sum of the four: while the gradient comes, what was kept goes, and the
# gradients of intermediate results come and go as well. And where a vocabulary is large, so are the logits, V numbers
# for each token. minirl never has all of them at once, see lesson 6.)
#
# minirl makes such a count before a long run: `python -m minirl.train --plan`. Now it plans with your functions, and
# this is the small job of lesson 14.

# %%
from minirl.lessons.small_job import SMALL
from minirl.train.plan import activation_bytes, make_plan

theirs = activation_bytes(config, 64 * T)
with swapped("model.operations", "plan.memory") as used:
    plan = make_plan(SMALL, seconds=0.5)
    yours = activation_bytes(config, 64 * T)
print(used, "\n")
print(plan)
print(f"\nwhat minirl's own plan says is kept for the model above: {theirs / 1e6:.0f} MB; by the exercise: "
      f"{yours / 1e6:.0f} MB")  # fmt: skip
assert used["model.operations"].share == 1 and used["plan.memory"].share == 1 and abs(theirs / yours - 1) < 0.1

# %% [markdown]
# (minirl's own plan is a little rougher: it does not count the turned queries and keys.) The warning in the last line
# belongs to section 6.

# %% [markdown]
# ## 2. Half a number
#
# A float32 has 32 bits: one for the sign, 8 for the exponent, 23 for the binary digits after the first one. What if we
# throw the lower half away? The sign, the exponent and 7 digits remain. This is **bfloat16**, the format in which most
# large models train today. Its range is that of float32, up to 3 · 10³⁸, but it has only 8 significant bits, the first
# one included. After 1 comes 1 + 1/128 = 1.0078.
#
#     float32    s eeeeeeee ddddddd dddddddddddddddd
#     bfloat16   s eeeeeeee ddddddd
#
# What does one gain? Half the bytes. And processors with instructions for it multiply two such numbers in the time of
# one float32: the products are exact in float32, and are added up in float32.
#
# What does one lose? Digits. How they are lost matters. To cut off the lower half rounds *towards zero*, always. Each
# number gets a little smaller, and so does every sum. So one rounds to the **nearest** bfloat16. In the middle between
# two there is no nearest one. If all of those went up, the errors would add up again. So the middle goes to the
# neighbour whose last bit is 0: half of the ties go up, half go down. It is called *round half to even*.
#
# Three bits are enough for an example, with two of them to be cut off:
#
#     1.00 01   ->  1.00      nearer to the lower one
#     1.00 10   ->  1.00      the middle: the lower one ends in 0
#     1.00 11   ->  1.01      nearer to the upper one
#     1.01 10   ->  1.10      the middle: the upper one ends in 0
#     1.11 10   ->  10.00     the carry goes on, into the exponent too
#
# The last line is a gift. Read the bits of a float32 as a whole number and add something to it: the carry runs from the
# digits into the exponent, and comes out right. Even the step from the largest number to infinity is a carry. Only NaN,
# "not a number", needs care. It has an exponent of ones, and any digits but all zeros.
#
# > **Exercise 20.3** (level 3, 25 minutes). Write `to_bf16(x)`. The check tries all 65,536 upper halves, each with
# > several lower halves.
#
# First a question about what 8 bits mean.
#
# {predict 20.b}


# %%
def rounded(x):
    """x as a bfloat16, written as a float32 again."""
    return (my.to_bf16(np.asarray(x, np.float32)).astype(np.uint32) << 16).view(np.float32)


def cut_off(x):
    """x without the lower half of its bits."""
    return (np.asarray(x, np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)


weight = np.float32(1)
for _ in range(1000):
    weight = rounded(weight + np.float32(0.001))
print(f"1 and 1,000 times 0.001, rounded each time: {float(weight)}\n")
x = np.random.default_rng(0).uniform(0, 1, 100_000).astype(np.float32)
true = x.astype(np.float64).sum()
for name, way in (("rounded to nearest", rounded), ("cut off", cut_off)):
    error = way(x).astype(np.float64).sum() / true - 1
    print(f"sum of 100,000 numbers, each {name:18s}: off by {100 * error:+.4f}%")
print()
reveal("20.b")
assert float(weight) == 1.0 and abs(rounded(x).astype(np.float64).sum() / true - 1) < 1e-4
assert cut_off(x).astype(np.float64).sum() / true - 1 < -2e-3

# %% [markdown]
# A number that is rounded to nearest is off by up to 0.2%, either way, and in a sum these errors cancel. A number that
# is cut off is off by up to 0.8%, and always too small. Those do not cancel.
#
# The swallowed additions are the reason why training keeps its weights in float32, and AdamW's averages too. A step
# often changes a weight by a thousandth of itself or less. Only the inputs of matrix products are rounded, each time
# anew.
# For *generating* nothing is ever added to a weight, so there the weights themselves can be bfloat16, in half the
# memory. minirl's `to_bfloat16` does that, now by your function.

# %%
model = GPT(config, std=0.05)
ids, _ = batch(4)
before, size = model(ids).data, sum(p.data.nbytes for p in model.parameters())
with swapped("kernels.to_bfloat16") as used:
    model.to_bfloat16()
after = model(ids).data
print(used, "\n")
print(f"{size / 1e6:.2f} MB before, {sum(p.data.nbytes for p in model.parameters()) / 1e6:.2f} MB after")
print(f"logits differ by {np.abs(after - before).max():.3f} at most; they spread by {before.std():.2f}")
assert used["kernels.to_bfloat16"].share == 1 and np.abs(after - before).max() < 0.1 * before.std()

# %% [markdown]
# **How much time does it save?** A product of two large matrices can be twice as fast, where the processor has the
# instructions. But a step is not only products. The figure shows a step of the model above by operation, in float32 and
# in bfloat16, and for each the **floor**: the least time that this machine could take, by its measured peaks of
# arithmetic and memory. (The committed figure comes from an AMD Zen 5, on one core. Processors without bfloat16 show
# float32 alone.)

# %%
from minirl.bench import profile
from minirl.bench.train import computing
from minirl.kernels import peak

GROUPS = {
    "products": ("matmul",),
    "attention": ("attention", "attention_backward"),
    "output and loss": ("linear_cross_entropy",),
}
threads, isa = kernels.get_threads(), kernels.isa()
model = GPT(config)
optimizer = AdamW(decay_groups(model, 0.1), lr=1e-4)
ids, targets = batch(64)


def step():
    """One training step."""
    model.loss(ids, targets).backward()
    optimizer.step(max_norm=1.0)
    optimizer.zero_grad()


times, floors = {}, {}
kernels.set_threads(1)
if kernels.has_native():
    from minirl.kernels.runtime import fastest_isa

    kernels.set_isa(fastest_isa())  # the instruction set that is the fastest on this processor
try:
    peaks = peak.measure()
    for precision in ("float32", "bfloat16") if peak.has_bf16() else ("float32",):
        with computing(precision):
            seen = profile.measure(step, peaks)
        times[precision] = {
            group: 1e3 * sum(seen.lines[name].work for name in names) for group, names in GROUPS.items()
        }
        floors[precision] = {
            group: 1e3 * sum(seen.lines[name].floor for name in names) for group, names in GROUPS.items()
        }
        rest = [line for name, line in seen.lines.items() if not any(name in names for names in GROUPS.values())]
        times[precision]["the rest, with Python"] = 1e3 * seen.seconds - sum(times[precision].values())
        floors[precision]["the rest, with Python"] = 1e3 * sum(line.floor for line in rest)
finally:
    kernels.set_threads(threads)
    if kernels.has_native():
        kernels.set_isa(isa)

for precision, parts in times.items():
    told = ", ".join(f"{group} {ms:.0f}" for group, ms in parts.items())
    print(f"{precision:9s}{sum(parts.values()):5.0f} ms: {told}")
    print(f"{'':9s}{sum(floors[precision].values()):5.0f} ms at the least")

# %%
picture = Picture(
    "Milliseconds of a training step by operation. " + ". ".join(
        f"{precision}: " + ", ".join(f"{group} {ms:.0f}, at the least {floors[precision][group]:.0f}"
                                     for group, ms in parts.items()) for precision, parts in times.items()
    ) + ".",
    7, 2.8,
)  # fmt: skip
axes = picture.subplots()
names, high = list(times["float32"]), 0.8 / len(times)
for row, (precision, parts) in enumerate(times.items()):
    places = np.arange(len(names)) + high * row
    axes.barh(places, list(parts.values()), height=0.9 * high, color=COLOURS[row], hatch=HATCHES[row],
              edgecolor="white", label=precision)  # fmt: skip
    axes.plot(list(floors[precision].values()), places, "|", color="black", markersize=13, markeredgewidth=2,
              label="floor" if row == 0 else None)  # fmt: skip
axes.set_yticks(np.arange(len(names)) + high * (len(times) - 1) / 2, names)
axes.invert_yaxis()
axes.set(xlabel="milliseconds")
axes.legend(fontsize=8)
picture

# %% [markdown]
# Only products get faster, those of the output layer among them. That is why a step is never twice as fast, although
# its arithmetic could be. The larger the model, the larger the share of the products: a step of GPT-2 with 124 million
# parameters takes 4.66 s in float32 and 2.73 s in bfloat16 on two cores of an AMD Zen 4
# ([performance](../docs/performance.md)).
#
# Does it learn as well? In minirl's main job with three seeds each, the final accuracies were 90.0% on average in
# float32 and 93.5% in bfloat16, and the seeds of one kind differ by up to 19 points. So no difference is shown. Section
# 5 looks more closely.

# %% [markdown]
# ## 3. Around the ring
#
# One machine is not enough. So take several, give each a whole copy of the model and a part of the batch, and let each
# compute the gradient of its part. This is **data parallel** training. After each step all of them need the *sum* of
# all gradients. This sum has a name: **all-reduce**.
#
# The processes are called **ranks**, numbered from 0. The simplest idea: all send their gradient to rank 0, and it
# sends the sum back. Then everything goes through one line, that of rank 0, and the others wait.
#
# The **ring** is better. Each rank sends only to the next one, and all send at the same time. The array is cut into as
# many chunks as there are ranks. This is the first round with three ranks; `a1` is chunk 1 of rank a:
#
#                 rank a              rank b              rank c
#     at first    a0 a1 a2            b0 b1 b2            c0 c1 c2
#     step 0      a sends chunk 0     b sends chunk 1     c sends chunk 2
#                 a0 a1 a2+c2         b0+a0 b1 b2         c0 c1+b1 c2
#     step 1      a sends chunk 2     b sends chunk 0     c sends chunk 1
#                 a0 a1+c1+b1 a2+c2   b0+a0 b1 b2+a2+c2   c0+b0+a0 c1+b1 c2
#
# Now each rank has one chunk that is complete: a has chunk 1, b has chunk 2, c has chunk 0. In a second round the
# complete chunks go around, and everybody copies them.
#
# {predict 20.c}
#
# > **Exercise 20.4** (level 4, 40 minutes). Write `ring_all_reduce(rank, size, x, send, receive)`. All ranks run your
# > function, each with its own number. Draw the second round first.
#
# Here ranks are threads of one process, and `ring` counts the numbers that they send.

# %%
from minirl.lessons.ring import ring

all_reduce = my.ring_all_reduce
n = 960
print(f"an array of {n} numbers:")
sent = {}
for size in (2, 3, 4, 8, 64):
    arrays = [np.random.default_rng(rank).normal(size=n).astype(np.float32) for rank in range(size)]
    sums, numbers = ring(
        size,
        lambda rank, send, receive: all_reduce(rank, size, arrays[rank], send, receive),  # noqa: B023
    )
    same = all(one.tobytes() == sums[0].tobytes() for one in sums)
    sent[size] = numbers[0] / n
    print(f"{size:3d} ranks: each sends {numbers[0]:5d} numbers, {sent[size]:.2f} arrays; "
          f"{'the same bits on all ranks' if same else 'other bits on some ranks'}")  # fmt: skip
    assert same and numbers == [numbers[0]] * size and abs(sent[size] - 2 * (1 - 1 / size)) < 1e-9
print()
reveal("20.c")

# %% [markdown]
# Two things are remarkable. Each rank sends less than two arrays, **however many ranks there are**: 2 (1 − 1/R) arrays
# for R ranks. And all ranks have the same bits. That is not a matter of course. A sum of floating-point numbers depends
# on the order: (10⁸ − 10⁸) + 1 is 1, and 10⁸ + (−10⁸ + 1) is 0 in float32. In a ring each chunk is added up in one
# order only, once, and then copied. If the ranks got different bits, their copies of the model would drift apart, and
# nobody would notice for a long time.
#
# But the order depends on the number of ranks: the sum of four ranks has other last bits than the same numbers added up
# by two. minirl wants a run to have the same bits on 1, 2 or 4 ranks. So it fixes the order by a binary tree, whoever
# adds ([Several machines](../docs/scaling.md)). This is the code, from `minirl/ranks/shares.py`:

# %%
from minirl.ranks import shares

print(inspect.getsource(shares.halve))

# %% [markdown]
# With two ranks the tree and the ring are the same: a + b is b + a. So with two ranks your function can stand there.
# Now minirl's own data-parallel optimizer trains a model with it, and must get the bits that one process gets alone.

# %%
from minirl.bench.scaling_case import Case, update
from minirl.parallel import ShardedAdamW
from minirl.ranks.threads import ranks

case = Case(shards=2, layers=2, width=64, vocabulary=256, rows=8, length=32, updates=3)


def trained():
    """The weights after three updates, with as many ranks as there are."""
    model = case.model()
    optimizer = ShardedAdamW(model, 0.1, 1e-3, (0.9, 0.95), case.shards)
    for _ in range(case.updates):
        update(model, optimizer, case)
    optimizer.close()
    return np.concatenate([p.data.ravel() for p in model.parameters()])


alone = trained()
with swapped("ranks.halve") as used, ranks(2):
    together = trained()
print(used)
print(f"{alone.size:,} weights after {case.updates} updates: {(alone != together).sum()} differ")
assert used["ranks.halve"].share == 1 and alone.tobytes() == together.tobytes()

# %% [markdown]
# ## 4. The same gradient
#
# A sum of gradients is not yet the gradient of the batch. Each rank computes the *mean* over its own tokens, and ranks
# have different numbers of tokens. You know the trap from lesson 9: a mean of means is not the mean. And there is a
# second one: where does the clipping go?
#
# > **Exercise 20.5** (level 3, 25 minutes). Write `shared_gradient(gradient, tokens, max_norm, all_reduce)`. There is a
# > third trap in it: a rank that has no tokens this time.
#
# We check it with a model and texts of very different lengths. With 1, 2, 3 and 4 ranks, your `shared_gradient` and
# your `ring_all_reduce` have to give the same gradient.

# %%
shared_gradient = my.shared_gradient
tiny = GPTConfig.llama(vocab_size=64, context_length=48, n_layer=1, n_head=2, d_model=32, d_ff=96, tie_embeddings=True)
rng = np.random.default_rng(1)
texts = rng.integers(0, 64, (12, 49)).astype(np.int32)
seen, wanted = texts[:, :-1], texts[:, 1:].copy()
for row, length in enumerate(rng.integers(2, 49, 12)):
    wanted[row, length:] = -100  # minirl's sign for "does not count"


def own_gradient(rank, size):
    """The mean gradient over the texts of this rank, and how many tokens these have."""
    model, mine = GPT(tiny, seed=0), slice(rank, None, size)
    model.loss(seen[mine], wanted[mine]).backward()
    return np.concatenate([p.grad.ravel() for p in model.parameters()]), int((wanted[mine] != -100).sum())


def clipped(gradient, limit):
    """The gradient, no longer than `limit`."""
    return gradient * min(1.0, limit / float(np.linalg.norm(gradient)))


LIMIT = 0.2
whole, _ = own_gradient(0, 1)
truth = clipped(whole, LIMIT)
print(f"the gradient of the batch has the length {np.linalg.norm(whole):.3f}, and is clipped to {LIMIT}\n")
print(f"{'':7s}{'right':>12s}{'mean of means':>16s}{'clipped before':>17s}    (distance from the truth)")
for size in (1, 2, 3, 4):
    parts = [own_gradient(rank, size) for rank in range(size)]
    results, _ = ring(size, lambda rank, send, receive: shared_gradient(
        *parts[rank], LIMIT, lambda x: all_reduce(rank, size, x, send, receive)))  # noqa: B023  # fmt: skip
    tokens = np.array([t for _, t in parts])
    means = clipped(np.mean([g for g, _ in parts], axis=0), LIMIT)
    before = np.average([clipped(g, LIMIT) for g, _ in parts], axis=0, weights=tokens)
    far = [float(np.linalg.norm(g - truth) / LIMIT) for g in (results[0], means, before)]
    print(f"{size} rank{'s' if size > 1 else ' '}{far[0]:12.7%}{far[1]:16.2%}{far[2]:17.2%}")
    assert all(one.tobytes() == results[0].tobytes() for one in results) and far[0] < 2e-6
    assert size == 1 or min(far[1:]) > 0.08

# %% [markdown]
# The right one agrees up to the rounding of float32. The other two are off by 8% and more, and nothing crashes. The
# loss would fall with them as well, only not as it should.
#
# **What does it cost?** An update on R machines takes the computation divided by R, which your `operations` gives. The
# exchange comes on top: 2 (1 − 1/R) gradients of 4 bytes for each parameter, over a network of 1 or 10 gigabits a
# second. The figure shows how many times as fast R machines are as one, for four of minirl's presets, if a machine
# computes 200 billion operations a second.

# %%
from minirl.bench.scaling_paper import update_seconds
from minirl.runs import PRESETS

MACHINES = (1, 2, 4, 8, 16, 32, 64)
picture = Picture("", 7.5, 3.3)
left, right = picture.subplots(1, 2, sharey=True)
told, faster = [], {}
with swapped("model.operations") as used:
    for axes, gigabits in ((left, 1), (right, 10)):
        for index, name in enumerate(("roger", "base-5m", "base-30m", "llama-110m")):
            preset = PRESETS[name]
            shape = preset.model.gpt(preset.model.vocab_size)
            seconds = shape.flops_per_token() * preset.pretrain.batch_tokens / 200e9
            speeds = [1.0] + [
                seconds / update_seconds(seconds, shape.parameter_count(), machines, gigabits * 1e9)
                for machines in MACHINES[1:]
            ]
            faster[name, gigabits] = speeds[-1]
            label = f"{name}: {shape.parameter_count() / 1e6:.1f}M, batch {preset.pretrain.batch_tokens:,}"
            axes.plot(MACHINES, speeds, color=COLOURS[index], linestyle=STYLES[index], marker="o", markersize=3,
                      label=label)  # fmt: skip
            told.append(f"{name} at {gigabits} Gbit/s: {speeds[3]:.1f} with 8, {speeds[-1]:.1f} with 64")
        axes.plot(MACHINES, MACHINES, color="#52606d", linewidth=0.8)
        axes.set(xscale="log", yscale="log", title=f"{gigabits} Gbit/s", xlabel="machines", xticks=MACHINES,
                 xticklabels=MACHINES, yticks=(1, 4, 16, 64), yticklabels=(1, 4, 16, 64))  # fmt: skip
        axes.minorticks_off()
left.set_ylabel("times as fast")
right.legend(fontsize=7)
picture.alt = "How many times as fast as one machine several machines train, by formula. " + "; ".join(told) + "."
print(used)
assert faster["roger", 1] < 1 < faster["llama-110m", 1] < faster["llama-110m", 10]
assert abs(faster["base-30m", 1] / faster["llama-110m", 1] - 1) < 0.05
assert [PRESETS[name].pretrain.batch_tokens for name in ("roger", "base-5m", "base-30m")] == [1536, 8192, 16384]
picture

# %% [markdown]
# The thin line would be ideal. `roger` gets *slower* with more machines on a slow network. One would think that it is
# too small. But look at the two largest models: their lines coincide, although one has nearly four times as many
# parameters. The number of parameters cancels: an update takes 6 N D operations, and sends 8 N bytes. What counts is D,
# **the tokens of a batch**. `roger` has 1,536 of them, and the others have 8,192 and 16,384.
#
# Where batches cannot be larger, ranks can meet less often. With minirl's `--diloco.inner-steps 50` each trains alone
# for 50 updates before they meet (Douillard and others, 2023). This divides the traffic by 50. In short runs it costs
# quality: 0.657 bits per byte where meeting in each update gives 0.630 ([measured](../docs/scaling.md#diloco)).
#
# These are formulas. Measured, on one machine with two cores: two ranks with one thread each make an update of 5.1
# million parameters 1.27 times as fast as one process with two threads, and 0.89 times as fast with 30.9 million
# ([measured](../docs/scaling.md#measured)).
#
# **Try it**, with real processes. This needs MPI, a library by which processes send each other numbers:
# `pip install mpi4py mpich`. Without it, everything above works all the same. `mpiexec -n 2 python -m minirl.train
# --preset smoke --shards 2` trains on two ranks, and `python -m minirl.bench scaling --updates 2 --rounds 1` measures
# ranks against threads.

# %% [markdown]
# ## 5. A law
#
# Now the question that decides over millions: how good will the large model be? The surprising answer is that the loss
# falls with size along a simple curve, a **power law** (Kaplan and others, 2020):
#
#     loss = floor + A · N^(−α).
#
# N is the number of parameters, and the floor is the entropy of the text: what nobody can know. In natural text the
# floor is unknown, which makes fits uncertain. So we take a text whose entropy we can compute. A table of 256 × 256
# chances, drawn at random, says which token follows which. It makes as much text as we like, so nothing is read twice.
# And for each model we can compute exactly how far above the floor it is: we call it the **excess**.

# %%
from minirl.lessons.source import Source
from minirl.schedule import warmup_cosine

source = Source()
ROWS, LENGTH, WIDTHS, STEPS, SEEDS = 32, 32, (4, 8, 16, 32), (80, 160, 320), (0, 1, 2)
print(f"floor {source.floor:.3f} nats per token; knowing only how frequent each token is: {source.unigram:.3f}; "
      f"knowing nothing: {math.log(source.vocab_size):.3f}")  # fmt: skip


def shaped(width):
    """A model with one layer of this width."""
    return GPTConfig.llama(vocab_size=source.vocab_size, context_length=LENGTH, n_layer=1, n_head=1, d_model=width,
                           d_ff=3 * width, tie_embeddings=True)  # fmt: skip


def excess_of(width, steps, seed, texts):
    """Train a model of this width on the first `steps` batches of the texts: how far is it above the floor?"""
    model = GPT(shaped(width), seed=seed, std=0.5 * width**-0.5)
    optimizer = AdamW(decay_groups(model, 0.0), lr=0.0, betas=(0.9, 0.95))
    for step in range(steps):
        text = texts[step * ROWS : (step + 1) * ROWS]
        model.loss(text[:, :-1], text[:, 1:]).backward()
        optimizer.lr = warmup_cosine(step, peak=0.01, warmup=10, total=steps)
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    return source.excess(model)


start = time.process_time()
size_of = {width: shaped(width).parameter_count() for width in (*WIDTHS, 16, 24, 48, 64, 96)}
texts = [source.text(np.random.default_rng(100 + seed), max(STEPS) * ROWS, LENGTH) for seed in SEEDS]
runs = {
    (width, steps): np.array([excess_of(width, steps, seed, texts[seed]) for seed in SEEDS])
    for width in WIDTHS for steps in STEPS
}  # fmt: skip
print(f"\nexcess, mean of {len(SEEDS)} seeds, after reading so many tokens:\n")
print(f"{'parameters':>10s}" + "".join(f"{steps * ROWS * LENGTH:>12,}" for steps in STEPS))
for width in WIDTHS:
    print(f"{size_of[width]:10,}" + "".join(f"{runs[width, steps].mean():12.3f}" for steps in STEPS))
print(f"\n({len(runs) * len(SEEDS)} runs in {time.process_time() - start:.0f} seconds of processor time)")
assert all(runs[a, s].mean() > runs[b, s].mean() for a, b in itertools.pairwise(WIDTHS) for s in STEPS)
assert all(runs[w, a].mean() > runs[w, b].mean() for a, b in itertools.pairwise(STEPS) for w in WIDTHS)

# %% [markdown]
# Larger is better, and more text is better. In a power law the logarithms lie on a straight line:
#
#     y = A · x^(−α)        log y = log A − α · log x.
#
# > **Exercise 20.6** (level 2, 15 minutes). Write `power_law(x, y)`. Of all lines take the one whose distances in log y
# > have the smallest sum of squares.
#
# A number without an interval is half a number. We take the bootstrap of lesson 18: for each size, draw three of its
# three seeds with replacement, fit again, and do this 500 times. Of the 500 exponents, the middle 95% are the interval.
# (With three seeds it is too narrow. But it shows which differences are large.)

# %%
longest = STEPS[-1]
sizes = [float(size_of[width]) for width in WIDTHS]
A, alpha = my.power_law(sizes, [runs[width, longest].mean() for width in WIDTHS])
rng = np.random.default_rng(0)


def resampled():
    """The excess of each run's setting, as the mean of seeds that are drawn with replacement."""
    return {setting: rng.choice(values, len(values)).mean() for setting, values in runs.items()}


fits = []
for _ in range(500):
    again = resampled()
    fits.append(my.power_law(sizes, [again[width, longest] for width in WIDTHS]))
low, high = np.percentile([one[1] for one in fits], [2.5, 97.5])
print(
    f"with {longest * ROWS * LENGTH:,} tokens: excess = {A:.1f} N^-{alpha:.3f}, alpha between {low:.3f} and {high:.3f}"
)

larger = 64
line = A * size_of[larger] ** -alpha
ends = np.percentile([a * size_of[larger] ** -b for a, b in fits], [2.5, 97.5])
real = np.array([excess_of(larger, longest, seed, texts[seed]) for seed in SEEDS[:2]])
print(f"\na model of {size_of[larger]:,} parameters, by the line: {line:.3f}, between {ends[0]:.3f} and {ends[1]:.3f}")
print(f"and trained: {', '.join(f'{one:.3f}' for one in real)}")
assert 0.4 < alpha < 0.7 and real.min() > ends[1]

# %% [markdown]
# The fit is good, its interval is narrow, and the prediction is **wrong**: the larger model is worse than the interval
# allows. What happened? The interval knows how the points scatter around the line. It does not know whether the line
# goes on. And it does not: with this much text, a large model cannot learn all that it could hold. Size is no longer
# what it lacks.
#
# So there are two shortages, and the loss has a part for each (Hoffmann and others, 2022):
#
#     loss = floor + A · N^(−α) + B · D^(−β),        D = tokens that are read.
#
# Four numbers are to be fitted, to all twelve settings at once. For given exponents, A and B follow from two linear
# equations. So we try many pairs of exponents, and keep the best.


# %%
EXPONENTS = np.arange(0.1, 2.0, 0.01)


def two_parts(points):
    """(A, alpha, B, beta) with the least squares of relative errors. points: (width, steps) -> excess."""
    y = np.array(list(points.values()))
    N = np.array([size_of[width] for width, _ in points], float)
    D = np.array([steps * ROWS * LENGTH for _, steps in points], float)
    p, q = (x[None, :] ** -EXPONENTS[:, None] / y for x in (N, D))  # (exponents, points): we want A p + B q = 1
    pp, qq, pq = (p * p).sum(axis=1)[:, None], (q * q).sum(axis=1)[None, :], p @ q.T
    p, q = p.sum(axis=1)[:, None], q.sum(axis=1)[None, :]
    A, B = (p * qq - q * pq) / (pp * qq - pq**2), (q * pp - p * pq) / (pp * qq - pq**2)
    error = np.where((A > 0) & (B > 0), len(y) - A * p - B * q, np.inf)
    i, j = np.unravel_index(error.argmin(), error.shape)
    return float(A[i, j]), float(EXPONENTS[i]), float(B[i, j]), float(EXPONENTS[j])


def expected_excess(law, N, D):
    """What the law says."""
    A, alpha, B, beta = law
    return A * N**-alpha + B * D**-beta


law = two_parts({setting: values.mean() for setting, values in runs.items()})
laws = [two_parts(resampled()) for _ in range(200)]
D = longest * ROWS * LENGTH
ends = np.percentile([expected_excess(one, size_of[larger], D) for one in laws], [2.5, 97.5])
print("excess = {:.3g} N^-{:.2f} + {:.3g} D^-{:.2f}".format(*law))
print(f"\n{size_of[larger]:,} parameters, {D:,} tokens: {expected_excess(law, size_of[larger], D):.3f}, between "
      f"{ends[0]:.3f} and {ends[1]:.3f}; trained: {real.mean():.3f}")  # fmt: skip
off = [
    abs(values.mean() / expected_excess(law, size_of[width], steps * ROWS * LENGTH) - 1)
    for (width, steps), values in runs.items()
]
print(f"the twelve settings lie up to {max(off):.0%} from the law")
assert abs(expected_excess(law, size_of[larger], D) / real.mean() - 1) < abs(line / real.mean() - 1)

# %%
picture = Picture("", 7.5, 3.6)
axes = picture.subplots()
grid = np.geomspace(900, 2e5, 60)
told = []
for index, steps in enumerate(STEPS):
    D = steps * ROWS * LENGTH
    means = [runs[width, steps].mean() for width in WIDTHS]
    bands = np.percentile([[expected_excess(one, N, D) for N in grid] for one in laws], [2.5, 97.5], axis=0)
    axes.fill_between(grid, *bands, color=COLOURS[index], alpha=0.2, linewidth=0)
    axes.plot(grid, [expected_excess(law, N, D) for N in grid], color=COLOURS[index], linestyle=STYLES[index],
              label=f"two parts, {D:,} tokens")  # fmt: skip
    for width in WIDTHS:
        axes.plot([size_of[width]] * len(SEEDS), runs[width, steps], "ovs"[index], color=COLOURS[index], markersize=4)
    told.append(f"with {D:,} tokens " + ", ".join(f"{m:.2f}" for m in means))
axes.plot(grid, A * grid**-alpha, color="#1f2933", linewidth=1, linestyle=":", label=f"one power of N, {D:,} tokens")
axes.plot([size_of[larger]] * len(real), real, "s", color="#1f2933", markersize=6, markerfacecolor="white",
          label="predicted, then trained")  # fmt: skip
axes.set(xscale="log", yscale="log", xlabel="parameters", ylabel="loss above the floor")
axes.legend(fontsize=8)
picture.alt = (
    f"Loss above the floor against parameters, both on logarithmic scales. For {', '.join(map(str, map(int, sizes)))} "
    f"parameters: {'; '.join(told)}. A dotted straight line goes through the points with the most tokens; the curve of "
    f"the two-part law bends above it for large models. The model of {size_of[larger]:,} parameters, at "
    f"{real.mean():.3f}, lies near the curve, above the straight line at {line:.3f}."
)
picture

# %% [markdown]
# The two-part law is not perfect either: some settings lie off by many percent, and its bands are too narrow for that.
# But where the straight line went astray, it bends in time.
#
# **And bfloat16?** Section 2 left a question open. One more run for each seed, with the products in bfloat16:

# %%
with computing("bfloat16"):
    half = np.array([excess_of(32, STEPS[1], seed, texts[seed]) for seed in SEEDS])
full = runs[32, STEPS[1]]
print(f"width 32, {STEPS[1]} steps, three seeds")
print(f"  float32:  {', '.join(f'{one:.4f}' for one in full)}")
print(f"  bfloat16: {', '.join(f'{one:.4f}' for one in half)}")
print(f"the means differ by {abs(half.mean() - full.mean()):.5f}; seeds lie up to {np.ptp(full):.4f} apart")
assert np.abs(half - full).max() < 0.2 * np.ptp(full)

# %% [markdown]
# Seed by seed, the two precisions differ by much less than the seeds do.
#
# ## 6. What to buy
#
# You have a budget of operations, and 6 N D of them are needed. A large model reads little text, a small one reads
# much. Which has the lowest loss?
#
# {predict 20.d}
#
# Put D = budget / (6 N) into the law. What remains is a function of N alone, and it has a lowest point: below it the
# model is too small, above it there is too little text. At the lowest point its derivative is 0.
#
# > **Exercise 20.7** (level 3, 25 minutes). Write `best_size(budget, A, alpha, B, beta)`. The derivative is a line on
# > paper, and the function is a line too.
#
# **Predict, then run.** The budget is what the most expensive of the twelve settings took. We write down what the law
# says, with its interval. Then we spend this budget on five sizes.

# %%
budget = 6 * size_of[32] * longest * ROWS * LENGTH
choice = my.best_size(budget, *law)
low, high = np.percentile([my.best_size(budget, *one) for one in laws], [2.5, 97.5])
grows = my.best_size(16 * budget, *law) / choice
print(f"{budget:.2g} operations: the best size is {choice:,.0f} parameters, between {low:,.0f} and {high:,.0f},")
print(f"with {budget / 6 / choice:,.0f} tokens, {budget / 6 / choice**2:.0f} for each parameter\n")
spent, told = {}, {}
for width in (16, 24, 32, 48, 96):
    steps = round(budget / (6 * size_of[width] * ROWS * LENGTH))
    text = source.text(np.random.default_rng(200), steps * ROWS, LENGTH)
    spent[width] = excess_of(width, steps, 0, text)
    told[width] = expected_excess(law, size_of[width], steps * ROWS * LENGTH)
    print(f"{size_of[width]:8,} parameters, {steps * ROWS * LENGTH:10,} tokens: excess {spent[width]:.3f}; "
          f"the law said {told[width]:.3f}")  # fmt: skip
winner = min(spent, key=spent.get)
print(f"\nthe best of the five has {size_of[winner]:,} parameters")
print(f"for 16 times the budget, the law would take a model {grows:.1f} times as large\n")
reveal("20.d")
assert 5 < grows < 10 and size_of[winner] / 2 < choice < 2 * size_of[winner]
assert law[3] / (law[1] + law[3]) > 0.6
assert told[96] > 1.5 * spent[96] and max(spent[24], spent[48]) < 1.15 * spent[winner]

# %%
picture = Picture(
    f"Loss above the floor against parameters, for a budget of {budget:.2g} operations. Trained: "
    + ", ".join(f"{size_of[width]:,} parameters {one:.3f}" for width, one in spent.items()) + ". By the law: "
    + ", ".join(f"{told[width]:.3f}" for width in spent)
    + f". The lowest point of the law is at {choice:,.0f} parameters.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
grid = np.geomspace(5e3, 1.6e5, 80)
tokens = budget / (6 * grid)
inside = tokens >= STEPS[0] * ROWS * LENGTH  # as much text as the law was fitted to
curve = np.array([expected_excess(law, N, D) for N, D in zip(grid, tokens, strict=True)])
axes.plot(grid[inside], curve[inside], color=COLOURS[0], label="the law")
axes.plot(grid[~inside], curve[~inside], color=COLOURS[0], linestyle=":", label="less text than it was fitted to")
axes.plot([size_of[width] for width in spent], list(spent.values()), "o", color=COLOURS[1], label="trained")
axes.axvspan(low, high, color=COLOURS[0], alpha=0.25, linewidth=0, label="best size, with its interval")
axes.set(xscale="log", xlabel="parameters", ylabel="loss above the floor", ylim=(0, None))
axes.legend(fontsize=8)
picture

# %% [markdown]
# The law finds the best size, to within the steps that we tried. It does not find the losses as well. For the largest
# model, which reads less text than any of the twelve settings, it says about twice the excess that comes out. **A law
# holds where it was measured.** A little outside it is a good guess, far outside it is a hope.
#
# Look at the bottom of the curve, too. It is flat: half or twice the best size costs about a tenth of the excess. So
# people often train a smaller model than the best one, on more text. It costs a little more in training, and every
# answer that it gives later is cheaper. (The best size belongs to a budget for *training*.)
#
# In your formula, the budget has the power β / (α + β). Here this is more than ½: most of a larger budget should go
# into the model. How does this compare with language? Hoffmann and others trained over 400 models with up to 16 billion
# parameters, and found powers near ½. Size and text should grow alike: with 16 times the budget, a model 4 times as
# large and 4 times as much text. That came to about **20 tokens for each parameter**, and minirl's plan warns where a
# run has fewer. The exponents of our law differ from theirs, as our text does. Do not carry a number from one law to
# another.
#
# **An open exercise** (level 5, an evening). Change one thing: `Source(seed=1)`, two layers in place of one, or a peak
# learning rate of 0.003. *Before you run it*, write down the exponent α that you expect, with an interval, and the
# reason. Then fit. You have done it well if
#
# - the prediction was written down first, and has an interval;
# - every setting has three seeds, and the exponent has an interval from the bootstrap;
# - you predicted one larger run as well, and say how far off it was;
# - you say what would have to come out to change your mind.

# %% [markdown]
# ## You should know
#
# 1. Training takes 6 operations for each parameter and token. Attention adds to this, the more the longer the texts.
# 2. Weights, gradient and averages take 16 bytes for each parameter. What is kept for the backward pass grows with the
#    tokens, and is often the most.
# 3. bfloat16 has the range of float32 and 8 significant bits. Round to the nearest, ties to even; keep in float32 what
#    small steps are added to.
# 4. In a ring each of R ranks sends 2 (1 − 1/R) arrays, and all get the same bits. Weigh means by tokens, and clip
#    after the sum.
# 5. The loss falls like a power of size and of text. For a budget there is a best size. An interval around a fit says
#    nothing about whether the law goes on.
#
# ## How this fails in practice
#
# - **Out of memory at step 1,000.** The batch with the longest texts comes when it comes. Plan for the largest batch,
#   and not for the first.
# - **A rank stays away.** One rank finds no text, skips the all-reduce, and all others wait forever. Nothing is
#   printed.
# - **Ranks that drift apart.** Each draws its own random numbers, or starts from other weights, or sums in another
#   order. The loss looks healthy. Compare a checksum of the weights now and then.
# - **A learning rate from another batch.** With 8 ranks the batch is 8 times as large, if nobody makes the parts
#   smaller. That is another recipe, and not the same one faster.
# - **A scaling law from runs that were cut short.** The schedule of the learning rate has to end where the run ends.
#   Hoffmann and others found this to be one reason why an earlier law preferred models that were too large.
#
# ## The code that runs
#
# - `minirl/model/config.py`: your `operations` is `flops_per_token`, for all its families of models.
# - `minirl/train/plan.py`: `--plan`, with your `memory`, the measured speed of the machine and its warnings.
# - `minirl/lessons/source.py`: the text of section 5, and how far above its entropy a model is.
# - `minirl/kernels/precision.py`: your `to_bf16`; `csrc/matmul_bf16.c` multiplies with weights that are held in it.
# - `minirl/ranks/`: what ranks can say to each other, with MPI or as threads; `shares.py` has the tree.
# - `minirl/parallel/`: gradients in shards, each rank with its part of AdamW's averages; DiLoCo.
# - `minirl/bench/train.py`: whole steps in both precisions, against their floors and against PyTorch.
#
# ## Sources
#
# - Chen, T. and others (2016). Training deep nets with sublinear memory cost. arXiv:1604.06174.
# - Douillard, A. and others (2023). DiLoCo: distributed low-communication training of language models.
#   arXiv:2311.08105.
# - Hoffmann, J. and others (2022). Training compute-optimal large language models. arXiv:2203.15556.
# - Kaplan, J. and others (2020). Scaling laws for neural language models. arXiv:2001.08361.
# - Patarasu, P. and Yuan, X. (2009). Bandwidth optimal all-reduce algorithms for clusters of workstations. *Journal of
#   Parallel and Distributed Computing* 69(2), 117–124. (The ring.)
# - Thakur, R. and others (2005). Optimization of collective communication operations in MPICH. *International Journal
#   of High Performance Computing Applications* 19(1), 49–66. (The tree.)
#
# **Next:** the capstone is a study of your own: you choose the question, write down what will come out, and run it.
# `python -m minirl.lessons start capstone` begins it.
