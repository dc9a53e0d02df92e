# %% [markdown]
# # Lesson 3. Tensors: gradients of whole arrays
#
# *About two and a half hours. You need lesson 2 (the chain rule, and why pushes add) and NumPy arrays. Lesson 0b
# brings back what is forgotten of them.*
#
# In lesson 2 you built an engine that knows the gradient of every single number. It is right, and it is slow: Python
# handles about a million small operations in a second, and a language model needs billions for one step of training.
# So we compute with whole arrays at a time. An array with its gradient is called a **tensor**, and each operation on
# tensors needs a gradient of its own. In this lesson you write five of them, and one helper for the loss,
# `log_sum_exp`. A small language model needs no more than these.
#
# When you have finished this lesson, you can
#
# - undo a broadcast: the gradient of repeating is a sum;
# - derive the two backward products of a matrix product from their shapes;
# - compute the gradient of softmax without its Jacobian, and of the cross-entropy in one subtraction.

# %% [markdown]
# ## Warm-up
#
# A model often adds one row of parameters to every row of an array. Such a row is called a **bias**. Here a bias b is
# added to each of 32 rows. NumPy adds the same b to every row, without being told.
#
# {predict 3.a}
#
# The next cell has the answer.

# %%
import numpy as np

from minirl.lessons import COLOURS, Picture, exercises_of, reveal, swapped

my = exercises_of(3)
reveal("3.a")

# %% [markdown]
# ## 1. What is repeated is summed
#
# One convention makes everything that follows easy to read. We write **dy** for the gradient of the loss with respect
# to y. It has the shape of y: one number for each number of y, which says how much the loss changes when this number
# changes by 1.
#
# Now the bias. Take the number b[3]. It was added to y[0, 3], to y[1, 3], and so on, 32 times. So a change of b[3] by
# 1 changes 32 numbers by 1 each, and the loss feels them all:
#
#     db[3] = dy[0, 3] + dy[1, 3] + ... + dy[31, 3].
#
# This is the rule "add over all paths" of lesson 2, and it holds for every broadcast. NumPy lines up two shapes from
# the right, and then repeats an array in two ways: it puts new axes in front, and it stretches axes of size 1. Add an
# array of shape (3, 1) to one of shape (2, 3, 4). The sum has the shape (2, 3, 4), and so has its gradient:
#
#     the gradient   (2, 3, 4)
#     the array         (3, 1)       the 2 is new, the 3 was there, the 1 was stretched to 4
#
# So the way back sums over the 2 and over the 4, and leaves a 1 where the 4 was.
#
# > **Exercise 3.1** (level 2, 15 minutes). Write `unbroadcast(gradient, shape)`. The result must have exactly this
# > shape, also where an axis has the size 1.
#
# Two rules hold for all exercises of this lesson. Leave the inputs as they are. And return arrays in the format, the
# *dtype*, of the inputs: training computes in float32, with numbers half as long as NumPy's usual float64. Sums and
# products keep the format by themselves. `np.zeros((3, 2))` does not: it makes float64, whatever else you work with.
# `np.zeros_like(x)` makes zeros in the shape and the format of x.

# %%
dy = np.arange(1.0, 13).reshape(3, 4)
cases = {"b of shape (4,)": (4,), "b of shape (3, 1)": (3, 1), "b of shape (1, 1)": (1, 1)}
picture = Picture(
    "A gradient of shape (3, 4) as a grid of the numbers 1 to 12, and what becomes of it for three arrays that were "
    "broadcast: (4,) gets the sums of the columns, 15 18 21 24; (3, 1) the sums of the rows, 10 26 42; "
    "(1, 1) the sum of all, 78.",
    9, 2.3,
)  # fmt: skip


def grid(axes, numbers, title, colour):
    """Draw an array as boxes with numbers."""
    numbers = np.atleast_2d(numbers)
    axes.pcolormesh(np.ones_like(numbers), cmap="Greys", vmin=0, vmax=8, edgecolors="white", linewidth=2)
    for (i, j), number in np.ndenumerate(numbers):
        axes.text(j + 0.5, i + 0.5, f"{number:g}", ha="center", va="center", color=colour, fontsize=11)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set(xlim=(0, 4), ylim=(3, 0), aspect="equal")
    axes.set_axis_off()


first, *others = picture.subplots(1, 4)
grid(first, dy, "dy, shape (3, 4)", COLOURS[0])
for axes, (name, shape) in zip(others, cases.items(), strict=True):
    grid(axes, my.unbroadcast(dy, shape), f"gradient for\n{name}", COLOURS[1])
picture

# %% [markdown]
# The figure shows **what a gradient (3, 4) becomes** for three different arrays that were broadcast to this shape.
# Nothing gets lost: the numbers in each result add up to the same 78.

# %% [markdown]
# ## 2. A matrix product, backwards
#
# Nearly all the work of a language model is matrix products. Let y = a @ b, with a of shape (M, K) and b of shape (K,
# N). Written out,
#
#     y[i, j] = Σ over k of  a[i, k] · b[k, j].
#
# We know dy and want da. Where does a[i, k] go? Into row i of y, once for each j, and each time it is multiplied by
# b[k, j]. The chain rule multiplies along each path and adds over the paths:
#
#     da[i, k] = Σ over j of  dy[i, j] · b[k, j].
#
# This is nearly a matrix product of dy and b. But a matrix product runs down the columns of its second factor, and
# here j runs along the rows of b. So b has to be *transposed*: rows become columns. NumPy writes this `b.T`. If b is
# [[1, 2, 3], [4, 5, 6]], then b.T is [[1, 4], [2, 5], [3, 6]]; the shape (2, 3) becomes (3, 2). With it,
#
#     da = dy @ b.T.
#
# The gradient of b follows in the same way, and you find it yourself.
#
# The shapes help, and experienced programmers rely on them too. dy is (M, N), b is (K, N), and da has to be (M, K).
# Only one product of dy and b, transposed or not, has this shape.
#
# > **Exercise 3.2** (level 2, 20 minutes). Write `matmul_backward(dy, a, b)`.
#
# Shapes have a weak spot. If all matrices are square, *every* way fits, and a missing transpose is not noticed. So
# the check tries square matrices too. When you test code of your own, never test with square matrices only.

# %%
rng = np.random.default_rng(0)
a, b, dy = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=(4, 5))
da, db = my.matmul_backward(dy, a, b)

step = 1e-6  # measure one entry: the loss is the sum of dy * y
moved = a.copy()
moved[2, 1] += step
measured = ((dy * (moved @ b)).sum() - (dy * (a @ b)).sum()) / step
print(f"da[2, 1] by {my.whose('matmul_backward')} function {da[2, 1]:+.6f}, measured {measured:+.6f}")
assert abs(da[2, 1] - measured) < 1e-5

# %% [markdown]
# ## 3. Softmax, without its Jacobian
#
# Softmax turns a row of logits x into probabilities y = e^x / Σ e^x. (Lesson 1 explains why.) Here each output depends
# on *every* input of the row: if one logit grows, its own probability grows, and all others shrink. So there is a
# whole table of derivatives, the **Jacobian**. Its entry (i, j) says how y_i changes with x_j:
#
#     dy_i/dx_i = y_i (1 − y_i)             the effect on itself
#     dy_i/dx_j = −y_i y_j                  the effect on another one
#
# **What does this table look like?** The next figure shows it for five logits. Red is negative, blue is positive.

# %%
x = np.array([1.5, 1.0, 0.5, -0.5, 0.0])
y = np.exp(x) / np.exp(x).sum()
jacobian = np.diag(y) - np.outer(y, y)
picture = Picture(
    f"The Jacobian of softmax for five logits as a table of colours: positive on the diagonal, at most "
    f"{jacobian.max():.2f}, negative everywhere else, at least {jacobian.min():.2f}. Each row and each "
    "column adds up to 0.",
    4.5, 3.2,
)  # fmt: skip
axes = picture.subplots()
axes.imshow(jacobian, cmap="RdBu", vmin=-0.3, vmax=0.3)
for (i, j), number in np.ndenumerate(jacobian):
    colour = "white" if number > 0.15 else "black"
    axes.text(j, i, f"{number:+.2f}", ha="center", va="center", fontsize=9, color=colour)
axes.set(xlabel="logit j", ylabel="probability i", xticks=range(5), yticks=range(5))
assert np.allclose(jacobian.sum(axis=0), 0) and np.allclose(jacobian.sum(axis=1), 0)
picture

# %% [markdown]
# Each row adds up to 0: if all logits grow by the same amount, nothing changes. You have seen this in lesson 1.
#
# A vocabulary of 50,000 tokens would make this a table of 2.5 billion numbers, for every single token of the text. We
# must not build it. Fortunately we never need the table, only its product with dy. Insert the two lines above:
#
#     dx_j = Σ over i of  dy_i · dy_i/dx_j
#          = dy_j · y_j − Σ over i of  dy_i · y_i · y_j
#          = y_j · (dy_j − Σ over i of dy_i y_i).
#
# (The symbol dy_i has two meanings in the first line. As a factor it is the gradient that arrives, and in the fraction
# it is a small change of y_i. This is how everybody writes it.)
#
# Read the result as a sentence. dy_j says how much the loss grows if the probability of token j grows: the larger dy_j
# is, the worse is this token for the loss. The sum is the average of these numbers, weighted with the probabilities.
# So **the gradient of a logit says how much worse its token is than the average**, times its probability. Training
# goes against the gradient: it lowers the logits of tokens that are worse than average, and raises the others.
#
# Your function gets N rows of V numbers at a time, and there shapes need care. `(dy * y).sum(axis=1)` has the shape
# (N,), one sum for each row. If an array (N, V) meets it, NumPy lines it up with the *columns*, as it does with the
# bias of the warm-up. The sums have to stand in a column of shape (N, 1) first. There are two ways: `keepdims=True` in
# the sum, or `[:, None]` after any array of shape (N,), which adds an axis of size 1. For example,
# `np.array([10, 20])[:, None]` is [[10], [20]].
#
# > **Exercise 3.3** (level 3, 25 minutes). Write `softmax_backward(dy, y)` for a whole array of rows.

# %%
arriving = rng.normal(size=(1, 5))
direct = my.softmax_backward(arriving, y[None])[0]
print(f"{'with the Jacobian':25}", (jacobian.T @ arriving[0]).round(4))
print(f"{'by ' + my.whose('softmax_backward') + ' function':25}", direct.round(4))
assert np.allclose(direct, jacobian.T @ arriving[0])

# %% [markdown]
# ## 4. The loss, and a number that is too large
#
# A language model is trained to give the right next token a high probability. Its loss is −log π(target), averaged
# over all positions: 0 if the model is certain and right, and without limit if it is certain and wrong. This is called
# **cross-entropy**. (log is always the natural logarithm, `np.log`, which undoes e^x.)
#
# {predict 3.b}
#
# Taking the logarithm of a softmax directly would be a mistake. A probability that is too small is stored as 0: one
# below about 10⁻³²⁴ in float64, and one below about 10⁻⁴⁵ in float32, the format of training. And log 0 is minus
# infinity. Do it on paper first:
#
#     log π(target) = log (e^z / Σ e^x) = z − log Σ e^x          where z is the logit of the target.
#
# What remains is the logarithm of a sum of exponentials. For large logits, the exponentials overflow. Lesson 1 had the
# same trouble with softmax, and subtracted the same number from all logits, which left the probabilities as they were.
# It does change our sum, but we know by how much. Every e^x is e^m · e^(x − m). The factor e^m is the same everywhere,
# so it comes out in front of the sum, and its logarithm is m:
#
#     log Σ e^x = m + log Σ e^(x − m)          for every number m.
#
# Take the largest logit for m. Then the largest exponential is e⁰ = 1: nothing overflows, and the sum is at least 1.
#
# > **Exercise 3.4** (level 2, 15 minutes). Write `log_sum_exp(x)`, for each row.
#
# **How early does the direct way fail?** The figure shows log Σ e^x of a row of three logits, computed in float32:
# once directly, once with the largest subtracted. All three logits are moved up by the same number, so the true result
# moves up by this number too.

# %%
row = np.array([[0.0, 1.0, 2.0]])
truth = my.log_sum_exp(row)[0]
shifts = np.arange(0.0, 121, 4)
with np.errstate(over="ignore", divide="ignore"):
    direct = [np.log(np.exp((row + s).astype(np.float32)).sum()) for s in shifts]
shifted = [my.log_sum_exp((row + s).astype(np.float32))[0] for s in shifts]
fails = shifts[int(np.argmax(~np.isfinite(direct)))]
picture = Picture(
    f"Logarithm of a sum of exponentials in float32 against the size of the logits. The shifted formula follows the "
    f"true line to the end. The direct formula follows it up to about {fails - 4:.0f} and is "
    f"infinite from {fails:.0f} on.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(shifts, shifts + truth, color="#9aa5b1", linewidth=5, label="true value")
axes.plot(shifts, shifted, color=COLOURS[0], label="with the largest subtracted")
axes.plot(shifts, direct, "s", color=COLOURS[1], markersize=4, label="directly (no points: infinite)")
axes.set(xlabel="smallest logit of the row", ylabel="log Σ e^x")
axes.legend()
assert fails == 88 and np.allclose(shifted, shifts + truth, rtol=1e-5)
reveal("3.b")
picture

# %% [markdown]
# The two ways agree at first. From 88 on, the direct one is infinite. Logits of 90 are not rare in a training that has
# gone a little wrong. And an infinite loss does not look like a small bug: one step with it turns every parameter into
# nan.

# %% [markdown]
# ## 5. The most beautiful gradient
#
# Now the gradient of the loss with respect to the logits. For one row, the loss is log Σ e^x − z. The derivative of
# the first part by x_j is e^(x_j) / Σ e^x, which is softmax, the probability π_j itself. The second part is the
# target's logit, so it gives 1 for j = target, and nothing elsewhere:
#
#     dloss/dx_j = π_j − (1 if j is the target, else 0).
#
# That is all: **what the model said, minus what was right.** A token that got probability 0.3 and was wrong is pushed
# down with 0.3. The right token is pushed up by what was missing to 1.
#
# {predict 3.c}
#
# > **Exercise 3.5** (level 3, 30 minutes). Write `cross_entropy(logits, targets)`, which returns the mean loss and its
# > gradient. Mind that the loss is a *mean* over the rows. You need one number of each row twice: the logit of its
# > target, and the place where 1 is subtracted. Exercise 0b.2 picked numbers in this way.

# %%
logits = np.array([[2.0, 0.5, -1.0], [0.0, 0.0, 0.0]])
loss, dlogits = my.cross_entropy(logits, np.array([0, 2]))
print(f"loss {loss:.4f}\ngradient, times the 2 rows:\n{(2 * dlogits).round(3)}\n")
reveal("3.c")
assert np.allclose(dlogits.sum(axis=1), 0)

# %% [markdown]
# ## 6. A norm, and a path that is easy to overlook
#
# In a deep model, numbers tend to grow or to shrink from layer to layer. So models bring each row back to a standard
# size before they use it. **RMSNorm** divides a row x of C numbers by the root of its mean square:
#
#     u = x · rstd,       rstd = 1 / √(mean of x² + ε),       y = gain · u.
#
# (ε, epsilon, is a tiny number that prevents a division by zero. The gain is a vector of C parameters. "rstd" stands
# for "reciprocal of the standard deviation"; the name is usual, although no mean is subtracted here.)
#
# Begin at the end, with y = gain · u. The slope of this product with respect to the gain is u. And the same gain was
# used for every row, so its gradient is a sum over the rows, as in section 1:
#
#     dgain_j = Σ over the rows of  dy_j · u_j.
#
# With respect to u the slope is the gain, so the gradient of u is **g** = dy · gain. From here we go on to x.
#
# If rstd were a constant, the gradient of x would be g · rstd, and that would be it. But rstd was computed *from x*.
# If x_j grows, the mean square grows, rstd shrinks, and with it every u_i of the row. This second path is easy to
# overlook, and code without it trains, only worse.
#
# The second path has two parts, and we multiply their slopes. First, how does rstd change with x_j? Write s for the
# mean of x² plus ε. Then rstd = s^(−1/2), and
#
#     d rstd/dx_j  =  −½ s^(−3/2) · 2 x_j / C  =  −rstd³ · x_j / C.
#
# Second, how does the loss change with rstd? Every u_i = x_i · rstd contains it, so we add over all of them:
#
#     dloss/d rstd  =  Σ over i of g_i x_i.
#
# The product of both parts is
#
#     −(Σ over i of g_i x_i) · rstd³ · x_j / C.
#
# Three factors rstd are too many to read. Give one to x_i and one to x_j: x_i · rstd is u_i, and x_j · rstd is u_j.
# One stays, and the sum divided by C is a mean:
#
#     −rstd · u_j · (mean over i of g_i u_i).
#
# Both paths together:
#
#     dx_j = rstd · (g_j  −  u_j · mean over i of g_i u_i).
#
# > **Exercise 3.6** (level 3, 30 minutes). Write `rms_norm_backward(dy, x, gain, rstd)`. It returns two gradients, dx
# > and dgain. rstd has one number for each row; use it as it is given, since ε is not.
#
# You can see what the second path does. Making a row longer does not change its direction, and only the direction
# passes the norm. So dx has no part along x: the two are perpendicular, Σ x_j dx_j = 0. This is exact for ε = 0, as in
# the next cell, and true up to a tiny remainder otherwise.

# %%
x = rng.normal(size=(2, 6))
rstd = 1 / np.sqrt((x * x).mean(axis=1))
dx, _ = my.rms_norm_backward(rng.normal(size=(2, 6)), x, np.ones(6), rstd)
print("Σ x_j dx_j of two rows:", (dx * x).sum(axis=1).round(12) + 0.0)
assert np.allclose((dx * x).sum(axis=1), 0)

# %% [markdown]
# ## 7. Your gradients train a language model
#
# We build a small language model of characters. It looks at the last eight characters and predicts the next one:
#
# 1. Each character has a vector of 24 numbers, and so has each of the eight places. They are added: *a broadcast*.
# 2. A *softmax* over the eight places decides how much each counts, and the vectors are mixed accordingly.
# 3. The mixture and the vector of the last character are joined, *normed*, and multiplied by two *matrices* with a
#    tanh between them.
# 4. The *cross-entropy* of the result with the true next character is the loss.
#
# The text is minirl's collection of science questions. All gradients of the words in italics come from your functions:
# they are swapped into minirl for the whole training. Each step looks at 128 places of the text, drawn at random: a
# **batch**. Then AdamW moves the parameters. It is `descend` with a step length of its own for each parameter, and
# lesson 9 builds it. Then we train once more with minirl's own, from the same start.

# %%
import json

from minirl import Tensor
from minirl import functional as F
from minirl.optim import AdamW
from minirl.storage import shipped

lines = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
text = "\n".join(f"{fact['question']} {fact['reasoning']}" for fact in map(json.loads, lines))
characters = sorted(set(text))
ids = np.array([characters.index(character) for character in text], np.int32)
V, SEEN, C, H = len(characters), 8, 24, 96
print(f"{len(text):,} characters, {V} different ones; log {V} = {np.log(V):.2f}")


def new_parameters():
    """The parameters of the model, the same each time."""
    rng = np.random.default_rng(1)

    def normal(*shape, scale=1.0):
        return Tensor(rng.normal(0, scale, shape).astype(np.float32), requires_grad=True)

    return {
        "character": normal(V, C), "place": normal(SEEN, C), "query": normal(C, 1, scale=C**-0.5),
        "gain": Tensor(np.ones(2 * C, np.float32), requires_grad=True),
        "W1": normal(2 * C, H, scale=(2 * C) ** -0.5), "b1": normal(H, scale=0.1),
        "W2": normal(H, V, scale=0.1 * H**-0.5),
    }  # fmt: skip


def logits_of(p, seen):
    """seen (N, 8) ids -> logits (N, V)."""
    N = len(seen)
    x = p["character"][seen] + p["place"]  # (N, 8, C): the places are broadcast over the rows
    scores = (x.reshape(N * SEEN, C) @ p["query"]).reshape(N, SEEN)
    mixed = (F.softmax(scores).reshape(N, SEEN, 1) * x).sum(axis=1)  # (N, C)
    h = F.rms_norm(F.concatenate([mixed, x[:, -1]], axis=1), p["gain"])
    return (h @ p["W1"] + p["b1"]).tanh() @ p["W2"]


def train(steps=250, rows=128):
    """Train from the start; returns the losses and the parameters."""
    p, rng, losses = new_parameters(), np.random.default_rng(2), []
    optimizer = AdamW(list(p.values()), lr=1e-2, weight_decay=0)
    for _ in range(steps):
        ends = rng.integers(SEEN, len(ids), rows)
        seen = ids[ends[:, None] + np.arange(-SEEN, 0)]
        loss = F.cross_entropy(logits_of(p, seen), ids[ends])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses, p


GRADIENTS = ["unbroadcast", "matmul_backward", "softmax_backward", "cross_entropy", "rms_norm_backward"]
with swapped(*[f"tensor.{name}" for name in GRADIENTS]) as used:
    yours, trained = train()
theirs, _ = train()
print(used)
ends = np.mean(yours[-50:]), np.mean(theirs[-50:])
whose = my.whose(*GRADIENTS)
print(f"\nThe first loss is {yours[0]:.2f}.")
print(f"Mean of the last 50: {ends[0]:.3f} with {whose} gradients, {ends[1]:.3f} with minirl's.")
assert all(used[f"tensor.{name}"].share == 1 for name in GRADIENTS)
assert abs(np.mean(yours[-50:]) - np.mean(theirs[-50:])) < 0.05 and np.mean(yours[-50:]) < 2.6

# %% [markdown]
# **Do both learn the same?** The losses with your gradients and with minirl's should agree, up to rounding, which grows
# slowly over the steps. A loss jumps up and down with the 128 places that its step happens to see, so each point of the
# figure is the mean of the last 15 steps (of fewer at the beginning).


# %%
def smooth(values, width=15):
    """The mean of each value and of those before it, `width` in all."""
    return [np.mean(values[max(0, step + 1 - width) : step + 1]) for step in range(len(values))]


apart = max(abs(x - y) for x, y in zip(yours[:20], theirs[:20], strict=True))
picture = Picture(
    f"The loss of the character model falls from {yours[0]:.2f}, near log {V}, to about {np.mean(yours[-50:]):.2f} "
    f"in 250 steps. The curves of {whose} gradients and of minirl's lie on each other.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(smooth(theirs), color=COLOURS[1], linewidth=5, alpha=0.4, label="minirl's gradients")
axes.plot(smooth(yours), "--", color=COLOURS[0], label=f"{whose} gradients")
axes.axhline(np.log(V), color="#52606d", linewidth=1, linestyle=":")
axes.text(120, np.log(V) - 0.22, f"knows nothing: log {V}", color="#52606d")
axes.set(xlabel="step", ylabel="loss, mean of\nthe last 15 steps")
axes.legend()
print(f"largest difference within the first 20 steps: {apart:.1e}")
assert apart < 1e-3
picture

# %% [markdown]
# And does it speak? The next cell lets the model write, character by character. It sees only eight characters, so do
# not expect sense. Look for what it has learned: spaces between words, letters that go together, a question mark after
# a question.

# %%
rng, written = np.random.default_rng(5), list(ids[:SEEN])
for _ in range(160):
    z = logits_of(trained, np.array([written[-SEEN:]], np.int32)).data[0].astype(np.float64)
    pi = np.exp(z - z.max())
    written.append(int(rng.choice(V, p=pi / pi.sum())))
print("".join(characters[i] for i in written))

# %% [markdown]
# ## You should know
#
# 1. What was repeated on the way forward is summed on the way back.
# 2. For y = a @ b: da = dy @ bᵀ and db = aᵀ @ dy. The shapes tell you, unless everything is square.
# 3. The gradient of a logit through softmax is its probability times (its dy minus the weighted average of all dy). No
#    Jacobian is ever built.
# 4. The gradient of the cross-entropy is what the model said minus what was right. Each row adds up to 0.
# 5. Compute log-probabilities as a logit minus log_sum_exp, never as the logarithm of a softmax.
#
# ## How this fails in practice
#
# - **A sum where a mean belongs, or the other way.** Nothing crashes. With 128 rows and plain gradient descent, each
#   step is 128 times too large or too small. AdamW, as above, divides by the gradient's usual size, and so hides the
#   mistake: its steps hardly change. The mistake shows where gradients are clipped, which lesson 9 explains. Compare
#   the gradient's size for batches of different sizes: for a mean it should hardly change.
# - **A broadcast that nobody wanted.** Subtracting targets of shape (N,) from outputs of shape (N, 1) gives (N, N),
#   and the loss is a fine-looking number. Look at shapes before you look at losses.
# - **A gradient without its second path**, as in the norm. Training works, only worse. Only a comparison with a
#   measured slope finds it.
# - **nan after thousands of steps.** Usually an exponential or a logarithm that was computed directly.
#
# ## The code that runs
#
# - `minirl/autograd.py`, `unbroadcast`: yours, without a loop.
# - `minirl/tensor/tensor.py`, `matmul`: the two products, for stacks of matrices too.
# - `minirl/kernels/softmax/reference.py` and `minirl/kernels/norm/reference.py`: your gradients as specifications. The
#   files `csrc/softmax.c` and `csrc/norm.c` compute the same, faster.
# - `minirl/kernels/cross_entropy/`: the loss without ever storing all logits. One kernel serves pretraining,
#   fine-tuning and reinforcement learning.
#
# **Next:** lesson 8. Put such operations together, and you have a transformer. You know every operation in it. The
# systems track goes on with lesson 4: how a matrix product becomes fast.
