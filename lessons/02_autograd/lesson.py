# %% [markdown]
# # Lesson 2. Autograd: gradients without formulas
#
# *About two hours. You need Python and derivatives as taught at school. Lesson 1 shows what all this is for, but is
# not needed.*
#
# A model has many parameters, and training has to move every one of them a little in the right direction. Which
# direction is right? And how can a computer find it for a million numbers at once? In this lesson you build the
# answer. It is one idea, it fits on a page, and all of deep learning stands on it.
#
# When you have finished this lesson, you can
#
# - say what a gradient is, and check one by measuring;
# - explain why one walk back over a computation gives all partial derivatives at once;
# - explain why gradients add up where a value is used twice, and why the order of the walk matters.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 2.1` checks the first one, `check 2.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 2.a}
#
# You will find the answer yourself, in section 6.

# %% [markdown]
# ## 1. Which way is down?
#
# Let us begin with one number. A curve f has a height f(x) at each place x. We stand at some x and want to go down. So
# we need the **slope**: how much higher f gets for each unit that we go to the right. If the slope is positive, we go
# left.
#
# We can measure it. Take one step to the right and one to the left, compare the heights, and divide by the distance:
#
#     slope ≈ (f(x + h) − f(x − h)) / (2h)
#
# Here h is the length of the step. This is called a *central difference*. It needs no knowledge of f at all, only the
# ability to compute it twice. That makes it slow, and it makes it trustworthy. We will use it to check everything
# else.
#
# > **Exercise 2.1** (level 1, 10 minutes). Write `slope(f, x, step)`.
#
# How small should the step be? Small, of course: a curve looks straighter from close by.
#
# {predict 2.b}

# %%
import math

import numpy as np

from minirl.lessons import COLOURS, Picture, exercises_of, reveal, swapped

my = exercises_of(2)
steps = 10.0 ** np.arange(-15, 0.5, 0.5)
central = [abs(my.slope(math.exp, 1.0, step) - math.e) + 1e-17 for step in steps]
one_sided = [abs((math.exp(1 + step) - math.e) / step - math.e) + 1e-17 for step in steps]
best = steps[int(np.argmin(central))]

reveal("2.b")
assert 1e-7 < best < 1e-3 and central[6] > 1e3 * min(central)
picture = Picture(
    f"The error of a measured slope of e^x against the step, both logarithmic, is shaped like a V. For the central "
    f"difference it is smallest near a step of {best:.0e} and grows on both sides. The one-sided difference is worse.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
axes.loglog(steps, central, "-o", color=COLOURS[0], markersize=3, label="one step to each side")
axes.loglog(steps, one_sided, "--s", color=COLOURS[1], markersize=3, label="one step to the right only")
axes.set(xlabel="step", ylabel="error of the slope")
axes.legend()
picture

# %% [markdown]
# Read the figure from right to left. At first a smaller step is a better one, because the curve gets straighter. The
# error of the central difference falls with the *square* of the step: a step ten times smaller gives two digits more.
# Then the lines turn. A computer stores about 16 digits of each number. For a tiny step the two heights agree in
# nearly all of them, and little is left of their difference. So the best step lies between, near 10⁻⁵.
#
# Now you can measure the slope of one number. For a million numbers, you would have to do it a million times.

# %% [markdown]
# ## 2. A program is a graph
#
# Here is the idea that saves us. A long computation is made of small steps: an addition, a product, some function. For
# each *small* step we know the slope by heart. Can we put the slope of the whole together from the slopes of its
# steps?
#
# School has the answer: the **chain rule**. If c depends on a, and the loss L depends on c, then
#
#     dL/da = dL/dc · dc/da.
#
# In words: if c moves three times as far as a, and L twice as far as c, then L moves six times as far as a. (We write
# L because in training the number at the end is the *loss*, which we want to be small.)
#
# So each number needs to remember how it was made. That is the class `Value` in `exercises.py`. It holds the number
# itself, `data`; the values it was made from, `parents`; and `grad`, which stands for dL/d(this value) and is 0 at
# first. This number is called the **gradient** of the value: how much L changes for each unit by which this value alone
# changes. (In mathematics it is a *partial derivative*.) And a `Value` has a function, `push`. When dL/dc is known,
# `push` tells the parents of c what follows for them.
#
# The function `plus` shows how it goes. If c = a + b, then c moves as far as a does, so dc/da = 1 and dc/db = 1.
#
#     def plus(a, b):
#         def push():
#             a.grad += c.grad  # dc/da = 1
#             b.grad += c.grad  # dc/db = 1
#
#         c = Value(a.data + b.data, (a, b), push)
#         return c
#
# Read it in the order in which things happen.
#
# 1. On the way forward, `plus` makes c from two numbers, and gives it the function `push`. This function does not run
#    yet. It could not: c.grad is still 0, because nobody knows yet how c moves the loss.
# 2. On the way back, the values that were made from c add their shares to c.grad.
# 3. When c.grad is complete, somebody calls c.push(). Only now is c.grad read. It is multiplied by dc/da, which is 1
#    here, and added to a.grad; and the same for b.
#
# So a push *reads* one gradient, the gradient of its own result, and *adds* to the gradients of the parents. That it
# adds, with `+=`, decides whether your engine works.
#
# You will now write the same for a product.
#
# {predict 2.c}
#
# > **Exercise 2.2** (level 2, 15 minutes). Write `times(a, b)`. Think of numbers first: if c = a · b with a = 2 and b
# > = 5, how far does c move when a moves from 2 to 2.1?

# %%
x = my.Value(3.0)
y = my.times(x, x)
y.grad = 1.0
y.push()
print(f"y = {y.data}, dy/dx = {x.grad}; measured: {my.slope(lambda x: x * x, 3.0, 1e-5):.6f}\n")
reveal("2.c")
assert x.grad == 6

# %% [markdown]
# Why do the two pushes add up? Because a change of x reaches y on two paths, and y feels both. This is the second half
# of the chain rule: **sum over all paths**. You will see the same rule in every lesson: a row of a table that is used
# by ten tokens, a parameter that is used for each token, all of them get the *sum* of what their users push.
#
# With sums and products alone we can only build polynomials. A **neural network**, which is the kind of formula that a
# language model is, has weighted sums with a bend after them. For the bend we take tanh, which is nearly straight
# around 0 and flattens towards −1 and 1. Its derivative at x is 1 − tanh(x)². For c = tanh(a), this means
# dc/da = 1 − c², and by the chain rule
#
#     dL/da = dL/dc · (1 − c²).
#
# > **Exercise 2.3** (level 2, 10 minutes). Write `tanh(a)`. It is built like `plus`, with one parent. Which of the
# > three numbers in this formula is `c.grad`, which is `c.data`, and which has `push` to change?

# %% [markdown]
# ## 3. Who pushes first?
#
# Take a small computation in which a value is used twice:
#
#     y = a · b
#     L = y + a
#
# L pushes to y and to a. y pushes to a and to b. Suppose that a had to push on to something further back. When may it
# do so? Only when it has heard from *both* of its users, L and y. If it pushes after L alone, it passes on half of
# what it will have in the end.
#
# So the walk back needs an order: **each value comes after all values that used it.** Such a list exists for every
# computation, because nothing can use a value before it was made.
#
# How does one find it? By counting. First go through the graph once, and count how often each value is used: L never, y
# once (by L), a twice (by L and by y), b once (by y). Then walk back. A value is *ready* when everybody who used it has
# had its turn. At the beginning only L is ready. Take a value that is ready, put it into the order, and take 1 off the
# count of each of its parents. A parent whose count reaches 0 becomes ready:
#
#     taken       counts afterwards       ready afterwards
#                 y 1   a 2   b 1         L
#     L           y 0   a 1   b 1         y
#     y           y 0   a 0   b 0         a, b
#     b           y 0   a 0   b 0         a
#     a           y 0   a 0   b 0         nobody
#
# The order is L, y, b, a. (L, y, a, b would be as good.)
#
# > **Exercise 2.4** (level 3, 30 minutes). Write `order(root, parents_of)`. This is the heart of the engine, and the
# > most difficult function of this lesson. It has two loops: one that counts, and one that walks back.
#
# Your function gets no `Value`, only names of nodes and a function that tells the parents of each. So it works for any
# graph. In section 8 it will sort the graphs of a real language model. A graph can be thousands of nodes deep, and a
# function that calls itself for each level would exceed Python's limit. So keep a list of the nodes that are still to
# be visited. And while you count, go on from each node only once: there are many more *paths* through a graph than
# nodes.

# %%
graph = {"L": ("y", "a"), "y": ("a", "b"), "a": (), "b": ()}
print("a walk back over L = a * b + a:", my.order("L", lambda node: graph[node]))

# %% [markdown]
# ## 4. The walk back
#
# Everything is there. The gradient of L with respect to itself is 1, since L moves by 1 when L moves by 1. Then every
# value pushes, in your order. Computing L is called the *forward pass*, and this walk back the *backward pass*.
#
# > **Exercise 2.5** (level 2, 15 minutes). Write `backward(root)`. It takes three lines.
#
# Let us look at a whole walk. The figure shows the computation L = (a · b + a) · c. **Where does each gradient come
# from?** In each box you see a value and, below it, its gradient. The arrows show how the values were computed, from
# the left to the right. The gradients go against the arrows: begin with the 1 at L.

# %%
a, b, c = my.Value(2.0), my.Value(-3.0), my.Value(0.5)
product = a * b
total = product + a
L = total * c
my.backward(L)

places = {"a": (0, 1.5), "b": (0, 0), "a·b": (2, 0.4), "a·b + a": (4, 1), "c": (4, -0.4), "L": (6, 0.4)}
values = {"a": a, "b": b, "a·b": product, "a·b + a": total, "c": c, "L": L}
edges = [("a", "a·b"), ("b", "a·b"), ("a·b", "a·b + a"), ("a", "a·b + a"), ("a·b + a", "L"), ("c", "L")]
described = "; ".join(f"{name} is {value.data:g} with gradient {value.grad:g}" for name, value in values.items())
picture = Picture(
    f"The graph of L = (a·b + a)·c with a value and a gradient in each box: {described}. Arrows lead from a and b to "
    "a·b, from a·b and a to their sum, and from the sum and c to L.",
    8, 3,
)  # fmt: skip
axes = picture.subplots()
box = {"boxstyle": "round", "facecolor": "#dbeafe", "edgecolor": "white"}
boxes = {}
for name, (x, y) in places.items():
    text = f"{name} = {values[name].data:g}\ngrad {values[name].grad:g}"
    boxes[name] = axes.text(x, y, text, ha="center", va="center", bbox=box).get_bbox_patch()
for start, stop in edges:
    ends = {"patchA": boxes[start], "patchB": boxes[stop], "shrinkA": 2, "shrinkB": 2}  # from edge to edge
    arrow = {"arrowstyle": "-|>", "color": "#52606d", **ends}
    axes.annotate("", xy=places[stop], xytext=places[start], arrowprops=arrow)
axes.set(xlim=(-0.8, 6.8), ylim=(-0.9, 2))
axes.axis("off")
assert (a.grad, b.grad, c.grad) == (-1.0, 1.0, -4.0)
picture

# %% [markdown]
# Take a, which has two users. From the sum it gets c = 0.5, and from the product it gets b · 0.5 = −1.5. Together that
# is −1. By hand: L = (ab + a)c, so dL/da = (b + 1)c = −2 · 0.5 = −1. The engine knew nothing of this formula.

# %% [markdown]
# ## 5. Checking a gradient
#
# Never trust a gradient that has not been measured. You own a tool for that: `slope`. Move one input, measure,
# compare. The next cell does it for a computation that is long enough to hide a mistake.


# %%
def tangled(numbers):
    """A computation in which everything is used more than once; returns the inputs and the result as Values."""
    inputs = [my.Value(number) for number in numbers]
    p, q, r = inputs
    u = my.tanh(p * q + r)
    v = my.tanh(u * p + q)
    return inputs, u * v + v * r


numbers, whose = [0.7, -0.4, 1.1], my.whose("times", "tanh", "order", "backward")
inputs, result = tangled(numbers)
my.backward(result)
for i, value in enumerate(inputs):

    def moved(x, i=i):
        return tangled([*numbers[:i], x, *numbers[i + 1 :]])[1].data

    measured = my.slope(moved, numbers[i], 1e-5)
    print(f"input {i}: by {whose} engine {value.grad:+.9f}, measured {measured:+.9f}")
    assert abs(value.grad - measured) < 1e-8

# %% [markdown]
# ## 6. What does it cost?
#
# Back to the warm-up. To measure the gradient of n inputs, the program has to run 2n times. Your engine runs it once
# and walks back once. The next cell counts the operations of both for the sum of n squares. **How does the work
# grow?**


# %%
def sum_of_squares(numbers):
    """x_1^2 + ... + x_n^2; returns the inputs and the result."""
    inputs = [my.Value(number) for number in numbers]
    total = inputs[0] * inputs[0]
    for x in inputs[1:]:
        total = total + x * x
    return inputs, total


sizes, by_walk, by_measuring = [1, 3, 10, 30, 100, 300, 1000], [], []
for n in sizes:
    inputs, total = sum_of_squares([1.0] * n)
    operations = sum(bool(value.parents) for value in my.order(total, lambda value: value.parents))
    my.backward(total)
    by_walk.append(2 * operations)  # each operation once on the way forward, and one push on the way back
    by_measuring.append(2 * n * operations)  # each of n inputs is moved to the right and to the left
    assert all(x.grad == 2 for x in inputs)

reveal("2.a")
picture = Picture(
    f"Operations for the gradient of a sum of n squares, both axes logarithmic. By walking back they grow like n, to "
    f"{by_walk[-1]:,} for n = 1000. By measuring they grow like n squared, to {by_measuring[-1]:,}.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
axes.loglog(sizes, by_measuring, "--s", color=COLOURS[1], label="measuring")
axes.loglog(sizes, by_walk, "-o", color=COLOURS[0], label="walking back")
axes.set(xlabel="inputs", ylabel="operations")
axes.legend()
picture

# %% [markdown]
# For 1000 inputs the walk needs a thousandth of the work. And the ratio does not end there: for a million inputs it is
# a millionth. The reason is the direction. Walking *back* from one loss, each value is visited once and can tell
# everybody before it. This is called **reverse mode**, or backpropagation. Walking forward, one would have to follow
# the effect of each input separately.
#
# There is a price: to walk back, all values of the way forward have to be kept. This is why training needs much more
# memory than using a model.

# %% [markdown]
# ## 7. Learning with your engine
#
# A gradient tells the direction uphill. To make the loss smaller, go the other way, with a small step.
#
# > **Exercise 2.6** (level 2, 10 minutes). Write `descend(parameters, rate)`. It moves each parameter against its
# > gradient, by `rate` times the gradient, and clears the gradient for the next time. The rate is called the *learning
# > rate*.
#
# Now we train a small network. Each of 40 points lies inside a ring or on it, and the network has to say which. It has
# six hidden units, each a tanh of a weighted sum of the coordinates, and one output. The loss is the mean of the
# squared errors. We train it twice: with *your* engine, one number at a time, and with minirl's, whole arrays at a
# time. They are different programs. If both are right, the losses must agree.

# %%
rng = np.random.default_rng(0)
angle, ring = rng.uniform(0, 2 * np.pi, 40), np.arange(40) % 2
radius = np.where(ring, 1.0, 0.35) + rng.normal(0, 0.08, 40)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
targets = np.where(ring, 1.0, -1.0)
first = {"W": rng.normal(0, 1.2, (6, 2)), "b": rng.normal(0, 1.0, 6), "w": rng.normal(0, 0.5, 6), "c": np.zeros(1)}
STEPS, RATE = 200, 0.2


def train_yours():
    """The losses of training with the learner's engine, and the trained parameters."""
    W = [[my.Value(x) for x in row] for row in first["W"]]
    b, w, c = ([my.Value(x) for x in first[name]] for name in "bwc")
    parameters, losses = [*W[0], *W[1], *W[2], *W[3], *W[4], *W[5], *b, *w, *c], []
    for _ in range(STEPS):
        loss = my.Value(0.0)
        for (x, y), target in zip(points, targets, strict=True):
            out = c[0]
            for k in range(6):
                hidden = my.tanh(W[k][0] * my.Value(x) + W[k][1] * my.Value(y) + b[k])
                out = out + w[k] * hidden
            error = out + my.Value(-target)
            loss = loss + error * error * my.Value(1 / len(points))
        my.backward(loss)
        my.descend(parameters, RATE)
        losses.append(loss.data)
    return losses, {"W": np.array([[v.data for v in row] for row in W]), "b": b, "w": w, "c": c}


def train_minirl():
    """The same with minirl's Tensor, in float64."""
    from minirl import Tensor, kernels

    with kernels.using("reference"):
        W, b, w, c = (Tensor(first[name].copy(), requires_grad=True) for name in "Wbwc")
        losses = []
        for _ in range(STEPS):
            hidden = (Tensor(points) @ W.T + b).tanh()
            error = (hidden * w).sum(axis=1) + c - Tensor(targets)
            loss = (error * error).mean()
            loss.backward()
            for parameter in (W, b, w, c):
                parameter.data -= RATE * parameter.grad
                parameter.grad = None
            losses.append(loss.item())
    return losses


yours, trained = train_yours()
theirs = train_minirl()
print(f"loss {yours[0]:.6f} at first and {yours[-1]:.6f} after {STEPS} steps")
print(f"largest difference from minirl's loss: {max(abs(x - y) for x, y in zip(yours, theirs, strict=True)):.1e}")
assert max(abs(x - y) for x, y in zip(yours, theirs, strict=True)) < 1e-6 and yours[-1] < 0.3 * yours[0]

# %% [markdown]
# **What has it learned?** On the left are the losses of both engines, one line over the other. On the right is what
# the network says about each place of the plane.

# %%
grid = np.linspace(-1.4, 1.4, 60)
px, py = np.meshgrid(grid, grid)
b, w, c = (np.array([value.data for value in trained[name]]) for name in "bwc")
said = np.tanh(px[..., None] * trained["W"][:, 0] + py[..., None] * trained["W"][:, 1] + b) @ w + c[0]
guessed = np.tanh(points @ trained["W"].T + b) @ w + c[0]
right = int((np.sign(guessed) == targets).sum())
picture = Picture(
    f"Left: the loss falls from {yours[0]:.2f} to {yours[-1]:.2f}, the same line for both engines. Right: the network "
    f"says 'ring' outside a closed curve and 'inside' within it; {right} of 40 points are on the right side.",
    8.5, 3,
)  # fmt: skip
left, plane = picture.subplots(1, 2)
left.plot(theirs, color=COLOURS[1], linewidth=4, alpha=0.4, label="minirl")
left.plot(yours, "--", color=COLOURS[0], label=f"{whose} engine")
left.set(xlabel="step", ylabel="loss", ylim=(0, None))
left.legend()
plane.contourf(px, py, said, levels=[-9, 0, 9], colors=["#dbeafe", "#fde3cf"])
for sign, marker, colour, label in ((1, "o", COLOURS[1], "ring"), (-1, "^", COLOURS[0], "inside")):
    chosen = targets == sign
    plane.plot(*points[chosen].T, marker, color=colour, label=label, linestyle="none", markersize=5)
plane.set(aspect="equal", xticks=[], yticks=[])
plane.legend(loc="upper right", fontsize=8)
assert right >= 36
picture

# %% [markdown]
# ## 8. Your order in a language model
#
# minirl's engine is the file `minirl/autograd.py`. It is your engine with arrays for numbers: `Node` is your `Value`,
# and `Node.backward` is your `backward`. It sorts its nodes in another way than you did: it gives each node a number
# when it is made, and sorts by age. Your order is as good. So let us put it in, and train the language model of lesson
# 1 with it.

# %%
from minirl.lessons.roger import RogerTask, roger_model, roger_tokenizer

task, tokenizer = RogerTask(), roger_tokenizer()
with swapped("autograd.order") as used:
    mine = roger_model(tokenizer, task, steps=40)
plain = roger_model(tokenizer, task, steps=40)
print(used)
gap = max(
    float(np.abs(one.data - other.data).max()) for one, other in zip(mine.parameters(), plain.parameters(), strict=True)
)
print(f"After 40 training steps the parameters differ by at most {gap:.1e} from a training with minirl's own order.")
assert used["autograd.order"].share == 1.0 and gap < 1e-2

# %% [markdown]
# If the difference is not exactly 0, it is rounding: gradients that are added in another order differ in the last
# digit.
#
# Every step of this training went back over the graph in your order. Each time, minirl also tested that your list
# holds every node once and no node before its users.

# %% [markdown]
# ## You should know
#
# 1. A gradient says for each input how much the loss changes when this input changes by 1. It points uphill.
# 2. Chain rule: multiply along a path, and add over all paths. That is why a push adds.
# 3. The walk back visits each value once, after all of its users. The order is what makes the sums complete.
# 4. All partial derivatives of one loss cost about as much as computing the loss a few times, whatever their number.
# 5. A gradient is right when it agrees with a measured slope. The best step is neither large nor tiny.
#
# ## How this fails in practice
#
# - **Gradients that are not cleared** add up over the steps. The loss may still fall for a while, so nobody notices.
# - **A gradient that is right for most inputs.** Where a function has a corner, or where numbers become huge, check
#   there too. Checking one easy point proves little.
# - **A step that is too long.** Set `RATE = 1.0` in section 7 and run the cell again. The loss of this small network
#   explodes to more than 10²⁰⁰ within 100 steps, and then to nan. The gradient is right at the point where you stand,
#   and says nothing about far away.
# - **Measuring in float32.** Its 7 digits leave two or three for the difference. Gradients are checked in float64,
#   which has 16.
# - **A value changed in place** after an operation has remembered it. The push then uses the new number, and nothing
#   crashes. minirl's operations never change the arrays they are given.
#
# ## The code that runs
#
# - `minirl/autograd.py`: the engine. Look for `_graph`, the place where your order went, and `add_gradient`, the `+=`.
# - `minirl/tensor/elementwise.py`: each operation's value beside its gradient, as in your `times` and `tanh`.
# - `minirl/gradient_check.py`: your `slope` for whole arrays. The tests call it for every operation.
#
# **Next:** lesson 3. One number at a time is slow. With arrays, a million numbers move in one operation, and the
# gradients of sums, products and softmax become short formulas of their own.
