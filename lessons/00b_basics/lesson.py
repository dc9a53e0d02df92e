# %% [markdown]
# # Lesson 0b. What you need from NumPy and school
#
# *About 50 minutes, or none. Five questions tell you.*
#
# This course uses four things again and again: arrays, slopes, the chain rule, and averages of uncertain things. If
# your school mathematics is long ago, this lesson brings back what you need, and nothing else.
#
# When you have finished this lesson, you can
#
# - compute with rows and columns of an array without a loop;
# - say what a slope is, and use the chain rule;
# - compute the mean of something uncertain, and say how far a measured mean may be off.

# %% [markdown]
# ## Warm-up: do you need this lesson?
#
# Here are five questions. Write down your answers, or better, store them: `python -m minirl.lessons predict 0b.a` in a
# terminal asks for the first one, and how sure you are. From here on this text writes `predict 0b.a` for short. (A
# *point* is one in a hundred: from 50% to 60% are 10 points.)
#
# {predict 0b.a}
#
# {predict 0b.b}
#
# {predict 0b.c}
#
# {predict 0b.d}
#
# {predict 0b.e}
#
# The next cell has the answers. **If all five are right, skip this lesson and go on to lesson 1.** If some are not, it
# names the sections that explain them. A section takes about ten minutes.

# %%
from minirl.lessons import self_test

explained_in = {
    "0b.a": "section 1",
    "0b.b": "section 2",
    "0b.c": "section 3",
    "0b.d": "section 4",
    "0b.e": "section 5",
}
self_test(explained_in, then="Go on to lesson 1.")

# %% [markdown]
# Each section has an exercise or two. You write your function in the file `exercises.py` beside this notebook, in place
# of the line `raise NotImplementedError`. Save the file, and `python -m minirl.lessons check 0b.1` in a terminal tells
# you whether the first function is right, and if not, what is wrong with it.

# %% [markdown]
# ## 1. Arrays
#
# A NumPy array is a table of numbers with a **shape**. The shape (3, 4) means 3 rows and 4 columns, and (4,) a single
# row of 4 numbers. Operations work on all numbers at once: `2 * x` doubles each. A sum can run over everything, or
# along one **axis**. Axis 0 runs down the rows, axis 1 along the columns. *The axis that you name is the one that
# disappears.*

# %%
import numpy as np

from minirl.lessons import COLOURS, Picture, exercises_of

my = exercises_of("0b")  # your functions, once they pass their checks
x = np.arange(12.0).reshape(3, 4)
print(x)
print("sum(axis=0):", x.sum(axis=0), "  shape", x.sum(axis=0).shape)
print("sum(axis=1):", x.sum(axis=1), "  shape", x.sum(axis=1).shape)
print("sum(axis=1, keepdims=True) has shape", x.sum(axis=1, keepdims=True).shape)

# %% [markdown]
# Two arrays of different shapes can meet, if NumPy can stretch one of them: an axis of size 1 is repeated as often as
# needed. This is called **broadcasting**. A column of shape (3, 1) fits (3, 4): each row gets its own number. That is
# what `keepdims=True` is for. It works in the same way for `x.mean` and `x.max`.
#
# > **Exercise 0b.1** (level 1, 5 minutes). Write `centred(x)`: each row without its mean.
#
# An array can also be asked for several places at once, with one list of rows and one list of columns:
# `x[[0, 2], [3, 1]]` is an array of two numbers, x[0, 3] and x[2, 1].
#
# > **Exercise 0b.2** (level 1, 5 minutes). Write `picked(table, columns)`: one number from each row. Lesson 3 needs
# > this to pick the probability of the right token for each place in a text.

# %%
print(my.centred(x))
print(my.picked(x, np.array([3, 0, 1])))

# %% [markdown]
# ## 2. Slopes
#
# The **slope** of a curve at a place is how much higher it gets for each step to the right. For x² at x = 3: go 0.01
# to the right, and 9 becomes 9.0601. That is 0.0601 more for a step of 0.01, so the slope is about 6. School has a
# rule for it: the derivative of x² is 2x.
#
# **Why can something that bends have a slope?** Look closer. The figure shows x² around x = 3 three times, each time
# ten times closer.

# %%
picture = Picture(
    "The curve x^2 around x = 3, with windows of width 4, 0.4 and 0.04. In the first it bends; in the last it cannot "
    "be told from a straight line of slope 6.",
    9, 2.5,
)  # fmt: skip
for axes, width in zip(picture.subplots(1, 3), (2, 0.2, 0.02), strict=True):
    places = np.linspace(3 - width, 3 + width, 100)
    axes.plot(places, places**2, color=COLOURS[0], linewidth=3, label="x²")
    axes.plot(places, 9 + 6 * (places - 3), "--", color=COLOURS[1], label="slope 6")
    axes.set_title(f"{2 * width:g} wide", fontsize=10)
    axes.tick_params(labelsize=8)
axes.legend(fontsize=8)
assert abs((3.01**2 - 2.99**2) / 0.02 - 6) < 1e-9
picture

# %% [markdown]
# ## 3. The chain rule
#
# Many things are made in two steps. A car uses fuel for each kilometre, and it makes kilometres for each hour. So it
# uses fuel for each hour: *multiply*. In the same way, let u = g(x), and then y = f(u). If u moves three times as fast
# as x, and y six times as fast as u, then y moves 18 times as fast as x:
#
#     slope of f(g(x)) at x  =  (slope of f at u = g(x))  ·  (slope of g at x).
#
# Mind the place: the outer slope is taken where the outer function stands, at g(x). Take question 3. Here u = 3x and
# y = u². At x = 1 we have u = 3, so the outer slope is 2u = 6. The inner slope is 3. Together that is 18.
#
# > **Exercise 0b.3** (level 1, 10 minutes). Write `chain(f_slope, g, g_slope, x)`.
#
# This one rule, used a million times in a row, is how neural networks learn. Lesson 2 builds it.

# %%
slope = my.chain(lambda u: 2 * u, lambda x: 3 * x, lambda x: 3.0, 1.0)
measured = ((3 * 1.001) ** 2 - (3 * 0.999) ** 2) / 0.002
print(f"slope of (3x)² at x = 1: {slope:g} by the rule, {measured:.6f} measured")
assert abs(slope - measured) < 1e-6

# %% [markdown]
# ## 4. Averages of uncertain things
#
# A lottery ticket has no fixed value, but it has a **mean** (also called its expectation): each value, weighted with
# its **probability**. Probabilities are shares: 0.02 means in 2 of 100 cases, and together they are 1.
#
#     mean = Σ p(value) · value                  Σ, the Greek S, means: add up over all values.
#
# The mean does not tell how much the values scatter. For that there is the **variance**, the mean of the squared
# distance to the mean, and its square root, the **standard deviation**, which is in the same unit as the values:
#
#     variance = Σ p(value) · (value − mean)²                standard deviation = √variance.
#
# > **Exercise 0b.4** (level 2, 10 minutes). Write `mean_and_variance(values, p)`.

# %%
mean, variance = my.mean_and_variance(np.array([0.0, 100.0]), np.array([0.98, 0.02]))
print(f"the lottery: mean {mean:g}, variance {variance:g}, standard deviation {variance**0.5:g}")
assert abs(mean - 2) < 1e-9

# %% [markdown]
# ## 5. How far may a measured mean be off?
#
# You cannot see a probability. You can only try, count, and take the mean. A model answers 100 problems, 60 are right:
# its true rate is *about* 0.6. How much is "about"? Repeat the measurement with other problems, and you get 0.55, or
# 0.63.
#
# The more samples, the less a mean scatters. But it is the *square root* of their number that counts:
#
#     standard error of the mean = standard deviation of one sample / √n.
#
# Take four samples: 1, 0, 1, 0. Their mean is 0.5, and each is 0.5 away from it. So the variance is 0.25, the standard
# deviation is 0.5, and the standard error is 0.5 / √4 = 0.25. (Some programs divide by n − 1 where the variance is
# computed from samples. It matters little for many samples, and we divide by n.)
#
# > **Exercise 0b.5** (level 2, 10 minutes). Write `standard_error(samples)`.
#
# **Does this formula tell the truth?** We try it. The next cell measures a rate of 0.6 fifty times, each time with 100
# samples, and draws for each the mean and two standard errors to both sides. If the formula is right, about 95 of 100
# such lines contain the true rate.

# %%
rng = np.random.default_rng(4)
TRUE, N = 0.6, 100


def measurement():
    """The mean of N samples of 0 or 1, and its standard error."""
    samples = (rng.random(N) < TRUE).astype(float)
    return samples.mean(), my.standard_error(samples.tolist())


measured = [measurement() for _ in range(50)]
hits = [abs(mean - TRUE) <= 2 * error for mean, error in measured]
many = [measurement() for _ in range(2000)]
covered = float(np.mean([abs(mean - TRUE) <= 2 * error for mean, error in many]))
picture = Picture(
    f"Fifty measured means with two standard errors to each side, and a line at the true rate 0.6. {sum(hits)} of the "
    f"50 lines contain it; the others are marked with crosses.",
    8, 2.8,
)  # fmt: skip
axes = picture.subplots()
for place, ((mean, error), hit) in enumerate(zip(measured, hits, strict=True)):
    colour, marker = (COLOURS[0], "o") if hit else (COLOURS[1], "X")
    axes.plot([place, place], [mean - 2 * error, mean + 2 * error], color=colour, linewidth=1.5)
    axes.plot(place, mean, marker, color=colour, markersize=4 if hit else 8)
axes.axhline(TRUE, color="#52606d", linestyle="--", linewidth=1)
axes.set(xlabel="measurement", ylabel="mean ± 2 standard errors")
print(f"Of 2,000 measurements, {covered:.1%} contain the true rate.")
assert 0.92 < covered < 0.97
picture

# %% [markdown]
# Keep this picture in mind whenever somebody shows you one number. "Model A solves 60 of 100 problems, and model B
# solves 64": both means are uncertain by five points for one standard error, so nothing has been shown.

# %% [markdown]
# ## You should know
#
# 1. `axis` names the axis that disappears; `keepdims=True` leaves it with size 1, so that the result fits the array
#    again.
# 2. A slope is rise over run, for a run so short that the curve is straight.
# 3. Chain rule: multiply the slopes, each taken where its function stands.
# 4. Mean = Σ probability · value. Variance = the mean squared distance to it.
# 5. A mean of n samples is off by about its standard deviation divided by √n.
#
# ## How this fails in practice
#
# - **A forgotten `keepdims`.** Subtracting an array of shape (3,) from one of shape (3, 3) works, and subtracts the
#   wrong numbers: NumPy lines it up with the columns.
# - **Too few samples.** Differences of a few points between models are reported every day from a hundred problems.
# - **Samples that are not independent.** A hundred answers to the same question are not a hundred questions.
#
# ## The code that runs
#
# - `minirl/evaluation/estimate.py` computes the intervals in all of minirl's tables. It uses a better one than two
#   standard errors, which also works when nearly all samples are equal (Wilson's).
#
# **Next:** lesson 1. You are ready.
