# %% [markdown]
# # Lesson 3. Tensors: gradients of whole arrays
#
# *About two and a half hours. You need lesson 2 (the chain rule, and why pushes add) and NumPy arrays.*
#
# In lesson 2 you built an engine that knows the gradient of every single number. It is right, and it is slow: Python
# handles about a million small operations in a second, and a language model needs billions for one step of training.
# So we compute with whole arrays at a time. An array with its gradient is called a **tensor**, and each operation on
# tensors needs a gradient of its own. In this lesson you write five of them. They are all that a small language model
# needs.
#
# When you have finished this lesson, you can
#
# - undo a broadcast: the gradient of repeating is a sum;
# - derive the two backward products of a matrix product from their shapes;
# - compute the gradient of softmax without its Jacobian, and of the cross-entropy in one subtraction.

# %% [markdown]
# ## Warm-up
#
# A layer adds a bias to each of 32 rows: y = x + b. Here x has the shape (32, 10), b has the shape (10,), and NumPy
# repeats b for each row by itself. The gradient of the loss with respect to y is known. It is an array dy of the shape
# (32, 10).
#
# **What is the gradient with respect to b?**
#
# - (a) The same (32, 10) array.
# - (b) An array (10,): the mean of its 32 rows.
# - (c) An array (10,): the sum of its 32 rows.
#
# `predict 3.a` stores your guess.

# %% [markdown]
# ## 1. What is repeated, is summed
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
# This is the rule "add over all paths" of lesson 2, and it holds for every broadcast. NumPy repeats an array in two
# ways: it puts new axes in front, as here, and it stretches axes of size 1. The way back sums over both.
#
# > **Exercise 3.1** (level 2, 15 minutes). Write `unbroadcast(gradient, shape)`. The result must have exactly this
# > shape, also where an axis has the size 1.

# %%
import numpy as np

from minirl.lessons import COLOURS, Picture, exercises_of, reveal, swapped

my = exercises_of(3)
reveal("3.a")

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
    axes.imshow(np.ones_like(numbers), cmap="Greys", vmin=0, vmax=8)
    for (i, j), number in np.ndenumerate(numbers):
        axes.text(j, i, f"{number:g}", ha="center", va="center", color=colour, fontsize=11)
    axes.set_xticks(np.arange(-0.5, numbers.shape[1]), [])
    axes.set_yticks(np.arange(-0.5, numbers.shape[0]), [])
    axes.grid(color="white", linewidth=2)
    axes.set_title(title, fontsize=10)
    axes.set(xlim=(-0.5, 3.5), ylim=(2.5, -0.5))


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
#     y[m, n] = Σ over k of  a[m, k] · b[k, n].
#
# We know dy and want da. Where does a[m, k] go? Into the row m of y, once for each n, and each time it is multiplied
# by b[k, n]. The chain rule multiplies along each path and adds over the paths:
#
#     da[m, k] = Σ over n of  dy[m, n] · b[k, n].
#
# This is itself a matrix product: dy times b *transposed*. The other one follows in the same way.
#
# There is a trick to remember it, and good people use it. Write down the shapes: dy is (M, N), b is (K, N), and da has
# to be (M, K). There is only one way to multiply them that fits.
#
# > **Exercise 3.2** (level 2, 20 minutes). Write `matmul_backward(dy, a, b)`.
#
# The trick has a weak spot. If all matrices are square, *every* way fits, and a missing transpose is not noticed. So
# the check tries square matrices too. When you test code of your own, never test with square matrices only.

# %%
rng = np.random.default_rng(0)
a, b, dy = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=(4, 5))
da, db = my.matmul_backward(dy, a, b)

step = 1e-6  # measure one entry: the loss is the sum of dy * y
moved = a.copy()
moved[2, 1] += step
measured = ((dy * (moved @ b)).sum() - (dy * (a @ b)).sum()) / step
print(f"da[2, 1] by your function {da[2, 1]:+.6f}, measured {measured:+.6f}")
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
x = np.array([2.0, 1.0, 0.5, -1.0, 0.0])
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
    axes.text(j, i, f"{number:+.2f}", ha="center", va="center", fontsize=9)
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
# Read the result as a sentence. The sum is the average of the arriving gradients, weighted with the probabilities. So
# **each logit is pushed by how much better its token is than the average**, times its probability. Keep this in mind:
# the advantage in reinforcement learning is the same thought.
#
# > **Exercise 3.3** (level 3, 25 minutes). Write `softmax_backward(dy, y)` for a whole array of rows.

# %%
arriving = rng.normal(size=(1, 5))
direct = my.softmax_backward(arriving, y[None])[0]
print("your formula:      ", direct.round(4))
print("with the Jacobian: ", (jacobian.T @ arriving[0]).round(4))
assert np.allclose(direct, jacobian.T @ arriving[0])

# %% [markdown]
# ## 4. The loss, and a number that is too large
#
# A language model is trained to give the right next token a high probability. Its loss is −log π(target), averaged
# over all positions: 0 if the model is certain and right, and without limit if it is certain and wrong. This is called
# **cross-entropy**.
#
# **Predict** (`predict 3.b`). A model has to guess the next of 66 characters. It knows nothing, and gives each the
# same probability. What is its loss? (a) 0. (b) 1. (c) 4.19. (d) 66.
#
# Taking the logarithm of a softmax directly would be a mistake. If a probability is smaller than 10⁻³²⁴, the computer
# stores it as 0, and log 0 is minus infinity. Do it on paper first:
#
#     log π(target) = log (e^z / Σ e^x) = z − log Σ e^x          where z is the logit of the target.
#
# What remains is the logarithm of a sum of exponentials. For large logits, the exponentials overflow. The remedy is
# the one from lesson 1, seen from the other side:
#
#     log Σ e^x = m + log Σ e^(x − m)          for every number m.
#
# Take the largest logit for m. Then the largest exponential is e⁰ = 1: nothing overflows, and the sum is at least 1.
#
# > **Exercise 3.4** (level 2, 15 minutes). Write `log_sum_exp(x)`, for each row.
#
# **How early does the direct way fail?** The figure shows its error, in float32, the format that training uses. All
# logits of the row are moved up by the same number, so the true result moves by this number too.

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
assert fails < 100 and np.allclose(shifted, shifts + truth, rtol=1e-5)
reveal("3.b")
picture

# %% [markdown]
# Logits of 90 are not rare in a training that has gone a little wrong. And an infinite loss does not look like a small
# bug: one step with it turns every parameter into nan.

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
# **Predict** (`predict 3.c`). Add up one row of this gradient. What comes out? (a) 1, like a row of probabilities. (b)
# 0. (c) The loss of this row.
#
# > **Exercise 3.5** (level 3, 30 minutes). Write `cross_entropy(logits, targets)`, which returns the mean loss and its
# > gradient. Mind that the loss is a *mean* over the rows.

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
#     n = x · rstd,       rstd = 1 / √(mean of x² + ε),       y = gain · n.
#
# (ε, epsilon, is a tiny number that prevents a division by zero. The gain is a vector of C parameters. "rstd" stands
# for "reciprocal of the standard deviation"; the name is usual, although no mean is subtracted here.)
#
# The gradient for n is g = dy · gain. If rstd were a constant, the gradient for x would be g · rstd, and that would be
# it. But rstd was computed *from x*. If x_j grows, the mean square grows, rstd shrinks, and with it every n_i of the
# row. This second path is easy to overlook, and code without it trains, only worse.
#
# Its derivative: with s = mean of x², rstd = s^(−1/2). So d rstd/dx_j = −½ s^(−3/2) · 2x_j/C = −rstd³ x_j / C.
# Multiply by what depends on rstd, and add both paths:
#
#     dx_j = g_j · rstd  −  Σ over i of g_i x_i · rstd³ x_j / C
#          = rstd · (g_j  −  n_j · mean over i of (g_i n_i)).
#
# > **Exercise 3.6** (level 3, 30 minutes). Write `rms_norm_backward(dy, x, gain, rstd)`. It returns two gradients, and
# > the gain was used for every row.
#
# You can see what the second path does: the result is perpendicular to x. Making a row longer does not change its
# direction, and only the direction passes the norm.

# %%
x = rng.normal(size=(2, 6))
rstd = 1 / np.sqrt((x * x).mean(axis=1))
dx, _ = my.rms_norm_backward(rng.normal(size=(2, 6)), x, np.ones(6), rstd)
print("dx · x for two rows:", (dx * x).sum(axis=1).round(12) + 0.0)
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
# they are swapped into minirl for the whole training. Then we train once more with minirl's own, from the same start.

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


SEAMS = ["unbroadcast", "matmul_backward", "softmax_backward", "cross_entropy", "rms_norm_backward"]
with swapped(*[f"tensor.{name}" for name in SEAMS]) as used:
    yours, trained = train()
theirs, _ = train()
print(used)
ends = np.mean(yours[-50:]), np.mean(theirs[-50:])
print(f"\nfirst loss {yours[0]:.2f}; mean of the last 50: yours {ends[0]:.3f}, minirl's {ends[1]:.3f}")
assert all(used[f"tensor.{name}"].share == 1 for name in SEAMS)
assert abs(np.mean(yours[-50:]) - np.mean(theirs[-50:])) < 0.05 and np.mean(yours[-50:]) < 2.6

# %% [markdown]
# **Do both learn the same?** The losses of your gradients and of minirl's should lie on each other, up to rounding,
# which grows slowly over the steps.


# %%
def smooth(values, width=15):
    """The mean of each value and those around it."""
    return np.convolve(values, np.ones(width) / width, mode="valid")


apart = max(abs(x - y) for x, y in zip(yours[:20], theirs[:20], strict=True))
picture = Picture(
    f"The loss of the character model falls from {yours[0]:.2f}, near log {V}, to about {np.mean(yours[-50:]):.2f} "
    "in 250 steps. The curves of your gradients and of minirl's lie on each other.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(smooth(theirs), color=COLOURS[1], linewidth=5, alpha=0.4, label="minirl's gradients")
axes.plot(smooth(yours), "--", color=COLOURS[0], label="your gradients")
axes.axhline(np.log(V), color="#52606d", linewidth=1, linestyle=":")
axes.text(120, np.log(V) - 0.22, f"knows nothing: log {V}", color="#52606d")
axes.set(xlabel="step", ylabel="loss, mean of 15 steps")
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
# 3. Softmax pushes each logit by how much its gradient exceeds the weighted average. No Jacobian is ever built.
# 4. The gradient of the cross-entropy is what the model said minus what was right. Each row adds up to 0.
# 5. Compute log-probabilities as a logit minus log_sum_exp, never as the logarithm of a softmax.
#
# ## How this fails in practice
#
# - **A sum where a mean belongs, or the other way.** Nothing crashes; the effective step is 128 times too large or too
#   small. Compare the gradient's size for batches of different sizes: for a mean it should hardly change.
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
# **Next:** lesson 8. Put such operations together, and you have a transformer. You know every operation in it.
