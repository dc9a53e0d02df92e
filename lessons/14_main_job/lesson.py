# %% [markdown]
# # Lesson 14. The main job with your parts
#
# *About an hour and a half. It uses what you have written in lessons 3, 8, 9, 11 and 12. Any part of it will do:
# what is missing stays minirl's own.*
#
# So far each of your functions has run for some seconds, in a lesson of its own. Now they work together. minirl does
# its main job, from a model that knows nothing to one that solves problems: pretraining, fine-tuning, reinforcement
# learning. Wherever a function of yours has passed its check, it takes the place of minirl's.
#
# Then comes the other half of the craft. A training run does not say how it went. It leaves a file with a line of
# numbers for each update, and somebody has to read it. You will write six small functions that read a run, and try
# them on your own.
#
# When you have finished this lesson, you can
#
# - run the whole chain with your own parts, and prove that they were used;
# - tell learning from noise in a reward curve;
# - say whether a model has become better, on the same problems and over several seeds;
# - find out from the measures of a run what went wrong in it.

# %% [markdown]
# ## Warm-up
#
# Your functions compute the same as minirl's, but they add and multiply in another order. So they round differently.
# A float32 number has about seven digits, and the two results differ in the last one.
#
# You train the same small model twice, with the same seed and the same data: once with your parts, and once with
# minirl's. There are 250 updates of pretraining, 60 of fine-tuning and 40 of reinforcement learning. Then you lay the
# reward curves of the two runs over each other.
#
# **What do you see?**
#
# - (a) One curve: a difference in the seventh digit stays one in the seventh digit.
# - (b) Two curves that are hard to tell apart: they differ in the third digit.
# - (c) Two different curves, as if the seeds had been different.
#
# `predict 14.a` stores your guess.

# %% [markdown]
# ## 1. Whose part is whose
#
# In minirl there are places where a function of yours can go. They are called seams. The next cell looks through your
# folder: which functions have passed their checks? They become parts of the run. All others stay minirl's own.

# %%
import tempfile
from dataclasses import replace

import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal
from minirl.lessons.main_job import main_job, measured, my_parts, roger, whose
from minirl.lessons.small_job import SMALL, Tennis

my = exercises_of(14)
mine = my_parts()
print(mine)

# %% [markdown]
# The main job takes minutes, and you will start it at the end. For now we take the same job in small. It goes through
# the same stages, in the same code, in about a quarter of a minute:
#
# 1. **Pretraining** reads Roger's story with other numbers, copies of it, and sums.
# 2. **Fine-tuning** shows 48 of these problems with their solutions.
# 3. **Reinforcement learning** practises on 96 problems. All it is told is whether the answer was right.
#
# Forty other problems are kept from all three, and Roger's own is among them. We will need them.
#
# While it runs we note one thing more: the rewards of each step of reinforcement learning, 16 problems with 8 samples
# each. minirl itself keeps only their mean. `replaced` puts our own function around `advantages`, through which they
# all go. This is also how your parts get to their places.

# %%
from minirl.swap import replaced

rewards = []  # of each step of RL: an array, 16 problems by 8 samples


def noting(advantages):
    """The same function, which also keeps what it is given."""

    def noted(of_step, kind):
        rewards.append(np.array(of_step))
        return advantages(of_step, kind)

    return noted


runs = tempfile.mkdtemp()  # the folder of both runs
with replaced("minirl.rl.advantage:advantages", noting, watches=True):
    yours = main_job(replace(SMALL, name="yours", runs=runs), mine)
print(whose(yours))
assert len(rewards) == SMALL.rl.steps and rewards[0].shape == (16, 8)

# %% [markdown]
# Each line says what your function did and how much of the work that was. A share of 100% means that nobody else did
# any of it. The first calls of each function, and then every 500th, were compared with what minirl computes. One call
# that differs stops the run.
#
# Why does it count at all? Because a function that is never called makes no error. There are many ways to exchange a
# function and still run the old one: another module has imported it before, a table holds it, a compiled kernel calls
# its own. A line that says "never called" is not a reproach. minirl's transformer computes several steps at once in
# one kernel and so does not come by the softmax of lesson 3. But you should know it.
#
# The parts of lessons 1 and 8 were used at the end, after training: your agent played Roger's question, token by
# token, and your transformer computed each policy. The same lines stand in the folder of the run, in `parts.json`. And
# its `config.json` lists what was replaced, so that nobody takes this run for one of minirl's.

# %% [markdown]
# Before anything else, one look at the rewards: was there something to learn from? Your advantage compares a sample
# with the other samples of its problem. If all eight are right, or all eight are wrong, the problem teaches nothing in
# this step. minirl calls the other problems **informative**, and writes their share down for each step.
#
# > **Exercise 14.1** (level 1, 5 minutes). Write `informative_share(rewards)`.

# %%
shares = [my.informative_share(of_step) for of_step in rewards]
lines = yours.records(stage="rl")
print("share of informative problems in the first ten steps:", [round(share, 2) for share in shares[:10]])
print(f"mean over all {len(shares)} steps: {np.mean(shares):.2f}")
assert np.allclose(shares, [line["informative"] for line in lines])

# %% [markdown]
# ## 2. The same seed with minirl's parts
#
# Is the result right? Every function has passed its check. Still, the whole is more than its parts, and there is a
# strict test for it: the same job, with the same seed, with minirl's own parts. If yours compute the same, the two
# runs make the same updates, up to rounding.
#
# So we do the job again, and look for the first update at which the two differ by more than rounding.
#
# > **Exercise 14.2** (level 2, 10 minutes). Write `first_difference(mine, theirs, tolerance)`. What should it do with
# > NaN, which is what a loss becomes when something overflows?

# %%
theirs = main_job(replace(SMALL, name="minirls", runs=runs))
steps = [(stage, step) for stage, step, _ in measured(yours)]
values, others = ([value for _, _, value in measured(run)] for run in (yours, theirs))
print("update                your run   minirl's")
for index in (0, 9, 99, 249, 309, 319, 349):
    stage, step = steps[index]
    print(f"{stage:10s}{step:4d}{values[index]:16.7f}{others[index]:11.7f}")
index = my.first_difference(values, others, 1e-4)
if index is None:
    print("\nThe two runs never differ by more than a relative distance of 0.0001.")
else:
    stage, step = steps[index]
    print(f"\nThe first update that differs by more than a relative distance of 0.0001: {stage}, step {step}")
assert abs(values[0] - others[0]) < 1e-5 * others[0]

# %% [markdown]
# (The number is the loss of an update; in reinforcement learning it is the entropy, the mean of −log π of the tokens
# that were sampled.)
#
# **How does a difference in the last digit grow?** The figure shows the distance of the two runs, on a logarithmic
# scale: each line up is a factor of ten.

# %%
gap = np.abs(np.array(values) - others) / np.abs(others)
shown = np.maximum(gap, 1e-9)  # a logarithmic scale has no 0
borders = [next(i for i, (stage, _) in enumerate(steps) if stage == name) for name in ("sft", "rl")]
median = {
    name: float(np.median([g for g, (stage, _) in zip(gap, steps, strict=True) if stage == name]))
    for name in ("pretrain", "sft", "rl")
}
picture = Picture(
    "Relative distance between the two runs at each update, on a logarithmic scale. Its median is "
    f"{median['pretrain']:.0e} in pretraining, {median['sft']:.0e} in fine-tuning and {median['rl']:.0e} in "
    "reinforcement learning.",
    7.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(shown, ".", color=COLOURS[0], markersize=3)
for border in borders:
    axes.axvline(border, color="#52606d", linestyle=":", linewidth=1)
for place, name in zip([0, *borders], ("pretraining", "fine-tuning", "RL"), strict=True):
    axes.text(place + 3, 2.5, name, fontsize=8, color="#52606d")
axes.set(yscale="log", ylim=(5e-10, 10), xlabel="update", ylabel="relative distance")
picture

# %%
reveal("14.a")

# %% [markdown]
# Each update begins where the last one ended. So a small difference is carried on, and training stretches it: two
# models that differ a little get gradients that differ a little more. While the updates are smooth functions of the
# parameters, this is slow. In reinforcement learning it is not. There a number u picks a token, as in lesson 1. Once
# in a while u lies so close to a border that the last digit decides. One of the two models then writes another token,
# gets another reward, and from there on the two learn from different texts.
#
# So the test of this section has two halves. In the *first updates* the runs must agree to five or six digits. If they
# do not, a part is wrong, and the first update that differs says which stage to look at. *Later* they may part, and
# whoever compares final results digit by digit will find an error that is not there. For the same reason minirl writes
# into each run which instruction set it was computed with: another processor rounds in another way.

# %% [markdown]
# ## 3. Is it learning, or is it noise?
#
# Now the curve that everybody looks at first: the mean reward of each step. It jumps up and down. Suppose that two
# steps, one after the other, have rewards of 0.25 and 0.37.
#
# **Predict** (`predict 14.b`). A step asks 16 problems, 8 times each. The reward goes from 0.25 to 0.37 in the next
# step. What does this tell you? (a) The update between them helped: with 128 samples, 12 points are much. (b) Nothing
# yet: such a jump can be chance. (c) The update harmed first, and the next one repaired it.
#
# A step draws its problems at random, so its mean reward is off by chance. How far? You know the standard error from
# lesson 0b: the standard deviation of the values, divided by the root of their number. The question is what a value is.
# There are 128 samples. But eight samples of an easy problem are all right, and eight of a hard one are all wrong.
# They are like eight readings of one thermometer. What is drawn independently are the *problems*. So the mean of each
# problem is one value, and there are 16.
#
# > **Exercise 14.3** (level 2, 10 minutes). Write `reward_error(rewards)`.

# %%
curve = np.array([of_step.mean() for of_step in rewards])
errors = np.array([my.reward_error(of_step) for of_step in rewards])
naive = np.array([of_step.std(ddof=1) / np.sqrt(of_step.size) for of_step in rewards])
print(f"standard error of a step: {errors.mean():.3f}; as if 128 samples were independent: {naive.mean():.3f}")
print(f"standard deviation of the jump between two steps: {np.sqrt(2) * errors.mean():.3f} by chance alone")
print(f"                                                  {np.diff(curve).std():.3f} in the curve\n")
reveal("14.b")
assert 1.2 < errors.mean() / naive.mean() < 3 and np.sqrt(2) * errors.mean() > 0.06

# %% [markdown]
# The two estimates of the jump come from different sources: one from the spread of the problems within each step, the
# other from the curve itself. They agree, so nearly all of the zigzag is chance.
#
# **And the rise from the first steps to the last?** A mean over ten steps has a smaller error, by the root of ten.

# %%
tens = [slice(0, 10), slice(-10, None)]
means = [curve[ten].mean() for ten in tens]
ends = [np.sqrt((errors[ten] ** 2).sum()) / 10 for ten in tens]
rise, rise_error = means[1] - means[0], np.hypot(*ends)
print(f"first ten steps {means[0]:.3f} ± {ends[0]:.3f}, last ten {means[1]:.3f} ± {ends[1]:.3f}")
print(f"the rise is {rise:.3f}, or {rise / rise_error:.1f} standard errors")
picture = Picture(
    f"Mean reward of {len(curve)} steps with a band of two standard errors, about {2 * errors.mean():.2f} to each side. "
    f"The mean over ten steps rises from {means[0]:.2f} to {means[1]:.2f}.",
    7, 2.8,
)  # fmt: skip
axes = picture.subplots()
x = np.arange(1, len(curve) + 1)
axes.fill_between(x, curve - 2 * errors, curve + 2 * errors, color=COLOURS[0], alpha=0.2, linewidth=0)
axes.plot(x, curve, "-o", color=COLOURS[0], markersize=3, linewidth=1, label="mean reward ± 2 standard errors")
smooth = np.convolve(curve, np.ones(10) / 10, "valid")
axes.plot(x[9:] - 4.5, smooth, STYLES[1], color=COLOURS[1], linewidth=2, label="mean over ten steps")
axes.set(xlabel="step of RL", ylabel="reward", ylim=(0, 1))
axes.legend(loc="upper left", fontsize=8)
assert rise > 2 * rise_error
picture

# %% [markdown]
# ## 4. Is the model better?
#
# The reward rises. But it is measured on the problems that are being practised, by the model that practises them. What
# you want to know is something else: take the model before reinforcement learning and the model after it, and give
# both the same problems. Which one solves more?
#
# **Predict** (`predict 14.c`). The reward of the practised problems rises clearly, as you saw. How about the 40
# problems that were kept from all stages? (a) They rise as much: it is the same kind of problem. (b) They rise much
# less, perhaps not measurably. (c) They fall: the model forgets them.
#
# Both models are given the same problems, and that is worth something. A problem with large numbers is hard for both,
# and it tells nothing about their difference. So subtract, problem by problem, and take the mean of the differences.
# What makes a problem hard for both cancels. This is called a **paired comparison**.
#
# > **Exercise 14.4** (level 2, 10 minutes). Write `paired(before, after)`. You have written its second half just now.

# %%
from minirl.rl import rollout

task, tokenizer = Tennis(), yours.tokenizer()
models = {stage: yours.model(stage) for stage in ("sft", "rl")}


def rates(stage, problems):
    """The share of right answers to each problem, of 8 samples."""
    episodes = rollout(models[stage], tokenizer, task, problems, 8, max_new_tokens=40, seed=5)
    return np.array([episode.reward for episode in episodes]).reshape(len(problems), 8).mean(axis=1)


solved = {}
for name, split in {"practised": "train", "kept apart": "test"}.items():
    before, after = (rates(stage, task.listed(split)) for stage in ("sft", "rl"))
    solved[name] = before, after
    difference, error = my.paired(before, after)
    unpaired = np.sqrt((before.var(ddof=1) + after.var(ddof=1)) / len(before))
    print(
        f"{len(before)} problems {name:11s} {before.mean():.3f} before, {after.mean():.3f} after: "
        f"{difference:+.3f} ± {error:.3f} (unpaired, the error would be {unpaired:.3f})"
    )
print()
reveal("14.c")
gains = {name: my.paired(*both) for name, both in solved.items()}
assert gains["practised"][0] > 3 * gains["practised"][1] and gains["practised"][0] > gains["kept apart"][0]
