# %% [markdown]
# # Lesson 14. The main job with your parts
#
# *About 100 minutes, without the last exercise. It builds on lessons 3, 8, 9, 11 and 12, and uses what you have written
# there. Any part of it will do: what is missing stays minirl's own. Two ideas come from earlier lessons: the standard
# error (0b), and the agent (1), which picks each token with a random number u.*
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
# minirl's. There are 300 updates of pretraining, 60 of fine-tuning and 40 of reinforcement learning.
#
# {predict 14.a}

# %% [markdown]
# ## 1. Whose part is whose
#
# In minirl there are places where a function of yours can go. They are called seams. The next cell looks through your
# folder: which functions have passed their checks? They become parts of the run. All others stay minirl's own.

# %%
import tempfile
import textwrap
from dataclasses import replace

import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal
from minirl.lessons.main_job import main_job, measured, my_parts, roger, whose
from minirl.lessons.small_job import SMALL, Tennis
from minirl.tasks import ROGER

my = exercises_of(14)
mine = my_parts()
print(mine)

# %% [markdown]
# The main job takes minutes, and you will start it at the end. For now we take the same job in small. It goes through
# the same stages, in the same code, in about a quarter of a minute:
#
# 1. **Pretraining** reads Roger's story with other numbers, copies of it, and sums.
# 2. **Fine-tuning** (SFT) shows 48 of these problems with their solutions.
# 3. **Reinforcement learning** (RL) practises on 112 problems. All it is told is whether the answer was right.
#
# Forty other problems are kept apart from all three, that is, held out, and Roger's own is among them. We will need
# them.
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


scratch = tempfile.TemporaryDirectory()  # for both runs of this lesson
with replaced("minirl.rl.advantage:advantages", noting, watches=True):
    yours = main_job(replace(SMALL, name="yours", runs=scratch.name), mine)
print(whose(yours))
print("\nRoger's question, and the answer of your model, token by token:")
print(textwrap.fill(f"Q: {ROGER.question}", 79), f"Reasoning:{roger(yours)}", sep="\n")
assert len(rewards) == SMALL.rl.steps and rewards[0].shape == (16, 8)

# %% [markdown]
# Each line is one of your functions: how often it was called, how many of these calls were compared with what minirl
# computes, and how much of the work it did. A share of 100% means that nobody else did any of it. A smaller one is no
# fault: the mask of fine-tuning, for example, is made for fine-tuning alone, and its line counts the targets of all
# stages. The first calls of each function are compared, and then every 500th. One call that differs stops the run.
#
# Why does it count at all? Because a function that is never called makes no error. There are many ways to exchange a
# function and still run the old one: another module has imported it before, a table holds it, a compiled kernel calls
# its own.
#
# "Not called in this run" is not a reproach, but you should know that the function was not used. Four functions of
# lesson 3 are among them, and the reason is speed. They belong to single operations: a matrix product, a softmax, a
# loss, a sum of arrays of different shapes. In training, minirl never calls these one by one. One kernel does the whole
# of attention, with its softmax inside. Another takes the last matrix product, the softmax and the loss together. Your
# four functions are right, and they run wherever somebody builds a model from single operations.
#
# The parts of lessons 1 and 8 were used at the end, after training: your agent played Roger's question, token by
# token, and your transformer computed each policy. (Do not expect too much of the answer. The model is small, and
# Roger's question is one of those that were kept apart.) The same lines stand in the folder of the run, in
# `parts.json`. And its `config.json` lists what was replaced, so that nobody takes this run for one of minirl's.

# %% [markdown]
# Before anything else, one look at the rewards: was there something to learn from? Your advantage compares a sample
# with the other samples of its problem. If all eight are right, or all eight are wrong, the problem teaches nothing in
# this step. minirl calls the other problems **informative**, and writes their share down for each step.
#
# > **Exercise 14.1** (level 1, 5 minutes). Write `informative_share(rewards)`.

# %%
shares = [my.informative_share(of_step) for of_step in rewards]
lines = yours.records(stage="rl")
print("share of informative problems in the first ten steps:")
print(*(f"{share:.2f}" for share in shares[:10]))
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
theirs = main_job(replace(SMALL, name="minirls", runs=scratch.name))
steps = [(stage, step) for stage, step, _ in measured(yours)]
values, others = ([value for _, _, value in measured(run)] for run in (yours, theirs))
print("update                your run   minirl's")
for index in (0, 9, 99, 299, 359, 369, 399):
    stage, step = steps[index]
    print(f"{stage:10s}{step:4d}{values[index]:16.7f}{others[index]:11.7f}")
index = my.first_difference(values, others, 1e-4)
if index is None:
    print("\nNo update differs by more than a relative distance of 0.0001.")
else:
    stage, step = steps[index]
    print(f"\nThe first to differ by more than a relative distance of 0.0001: {stage}, step {step}")
assert abs(values[0] - others[0]) < 1e-5 * others[0]

# %% [markdown]
# (The number is the loss of an update; in reinforcement learning it is the entropy, the mean of −log π of the tokens
# that were sampled.)
#
# **How does a difference in the last digit grow?** The figure shows the distance of the two runs on the left, on a
# logarithmic scale: from one grid line to the next it is a factor of ten. On the right are the two reward curves.

# %%
gap = np.abs(np.array(values) - others) / np.abs(others)
shown = np.maximum(gap, 1e-9)  # a logarithmic scale has no 0
borders = [next(i for i, (stage, _) in enumerate(steps) if stage == name) for name in ("sft", "rl")]
median = {
    name: float(np.median([g for g, (stage, _) in zip(gap, steps, strict=True) if stage == name]))
    for name in ("pretrain", "sft", "rl")
}
curves = [[line["reward"] for line in run.records(stage="rl")] for run in (yours, theirs)]
apart = np.abs(np.subtract(*curves))
picture = Picture(
    "Left: relative distance between the two runs at each update, on a logarithmic scale (points at the bottom: "
    "equal). Its median is "
    f"{median['pretrain']:.0e} in pretraining, {median['sft']:.0e} in fine-tuning and {median['rl']:.0e} in "
    f"reinforcement learning. Right: both reward curves; a step differs by {apart.mean():.3f} on average.",
    9.5, 2.8,
)  # fmt: skip
left, right = picture.subplots(1, 2)
left.plot(shown, ".", color=COLOURS[0], markersize=3)
for border in borders:
    left.axvline(border, color="#52606d", linestyle=":", linewidth=1)
for place, name in zip([0, *borders], ("pretraining", "SFT", "RL"), strict=True):
    left.text(place + 3, 2, name, fontsize=8, color="#52606d")
left.set(yscale="log", ylim=(5e-10, 10), xlabel="update", ylabel="relative distance")
left.set_yticks(10.0 ** np.arange(-9, 2))
left.tick_params(axis="y", labelsize=7)
left.grid(axis="y", linewidth=0.4)
for curve, name, colour, style in zip(curves, ("your parts", "minirl's"), COLOURS, STYLES, strict=False):
    right.plot(range(1, len(curve) + 1), curve, style, color=colour, label=name)
right.set(xlabel="step of RL", ylabel="reward", ylim=(0, 1))
right.legend(fontsize=8)
picture

# %%
print(f"rewards of the same step differ by {apart.mean():.3f} on average, by {apart.max():.3f} at most")
print(f"correlation of the two reward curves: {np.corrcoef(*curves)[0, 1]:.2f}\n")
reveal("14.a")

# %% [markdown]
# Each update begins where the last one ended. So a small difference is carried on, and training stretches it: two
# models that differ a little get gradients that differ a little more.
#
# Read the left figure from left to right. (The numbers are of the run on this page. Yours will differ a little.)
#
# - *The first hundred updates.* The distance stays below 10⁻⁶. This is rounding, and nothing else.
# - *The rest of pretraining.* The distance grows a thousandfold, and then hardly any more. Shortly before the end it
#   dips, most likely because the learning rate is small by then and both models settle.
# - *A kink where fine-tuning begins.* From here the distance grows fastest: tenfold in about 20 updates. The learning
#   rate is high again. And the loss falls below 0.03, so the same distance is a larger part of it.
# - *Reinforcement learning.* The points end at about a tenth. But the measure is a different one here: the entropy, not
#   the loss. So do not compare heights across this border.
#
# Something else is new in reinforcement learning. A number u picks each token, as in lesson 1. Once in a while u lies
# so close to a border that the last digits decide. One of the two models then writes another token and gets another
# reward, 0 instead of 1, and from there on the two learn from different texts. They still take the same course, as both
# are asked the same problems and get the same numbers u.
#
# **How early does a fault show?** Let us make one on purpose, and look. The next cell trains the first updates of the
# small job with a learning rate that is wrong by 1%, by 0.1% and by 0.01%, and compares with the right one.

# %%
from minirl.runs import Screen
from minirl.train import train

quick = replace(SMALL.evaluation, problems=2, samples=1, dev_problems=2, probes=1)
short = replace(SMALL, runs=scratch.name, last_stage="pretrain", evaluation=quick)
short = replace(short, pretrain=replace(SMALL.pretrain, steps=40))


def losses(factor):
    """The losses of 40 updates whose learning rates are multiplied by a factor."""
    with replaced("minirl.schedule:warmup_cosine", lambda rate: lambda *step, **rest: factor * rate(*step, **rest)):
        run = train(replace(short, name=f"rate-{factor}"), Screen(quiet=True))
    return [loss for _, _, loss in measured(run)]


exact = losses(1)
print("learning rate     first update that differs by more than")
print("                  0.0001           0.00001")
for factor in (1.01, 1.001, 1.0001):
    curve_ = losses(factor)
    first = [my.first_difference(exact, curve_, tolerance) for tolerance in (1e-4, 1e-5)]
    told = ["none of 40" if index is None else f"{index + 1}" for index in first]
    print(f"{factor - 1:.2%} too high{'':5s}{told[0]:17s}{told[1]}")
    assert first[1] is not None and first[1] < 20
assert (gap[:40] < 1e-5).all()  # two right runs are closer to each other than a wrong one

# %% [markdown]
# So the test is sharp in the *first updates*. There two right runs agree to six digits, and an error of a hundredth of
# a percent shows at once, if the tolerance is small. Use 0.00001 in the first 50 updates of pretraining. *Later* two
# right runs part as well. If you compare digit by digit there, you will "find" an error that does not exist. For the
# same reason minirl writes into each run which instruction set it was computed with: another processor rounds in
# another way.
#
# A part of a later stage, such as the advantage, does nothing in the first updates. When it begins, the runs are apart
# already, and this test is blind. For such a part the real test is the comparison call by call, which you saw in
# section 1: your function and minirl's get *the same input*, in the middle of the run, and must give the same. It does
# not matter how that input came about.

# %% [markdown]
# ## 3. Is it learning, or is it noise?
#
# Now the curve that everybody looks at first: the mean reward of each step. It jumps up and down. Suppose that two
# steps, one after the other, have rewards of 0.25 and 0.37.
#
# {predict 14.b}
#
# (A *point* is a hundredth of all answers: from 25% to 37% are 12 points.)
#
# A step draws its problems at random, so its mean reward is off by chance. How far? You know the standard error from
# lesson 0b: the standard deviation of the values, divided by the root of their number. (For few values, divide the
# squares by n − 1 in place of n, since their mean was computed from the same values: `std(ddof=1)`.) The question is
# what a value is. There are 128 samples. But eight samples of an easy problem are all right, and eight of a hard one
# are all wrong. They are like eight readings of one thermometer. What is drawn independently are the *problems*. So the
# mean of each problem is one value, and there are 16.
#
# > **Exercise 14.3** (level 2, 10 minutes). Write `reward_error(rewards)`.

# %%
curve = np.array([of_step.mean() for of_step in rewards])
errors = np.array([my.reward_error(of_step) for of_step in rewards])
naive = np.array([of_step.std(ddof=1) / np.sqrt(of_step.size) for of_step in rewards])
print(f"standard error of a step:                  {errors.mean():.3f}")
print(f"    as if 128 samples were independent:    {naive.mean():.3f}")
print("standard deviation of the jump to the next step")
print(f"    by chance alone, the root of 2 larger: {np.sqrt(2) * errors.mean():.3f}")
print(f"    in the curve:                          {np.diff(curve).std():.3f}\n")
reveal("14.b")
assert 1.2 < errors.mean() / naive.mean() < 3 and np.sqrt(2) * errors.mean() > 0.06
assert 0.4 < np.diff(curve).std() / (np.sqrt(2) * errors.mean()) < 1.6

# %% [markdown]
# The two estimates of the jump come from different sources: one from the spread of the problems within each step, the
# other from the curve itself. They are about the same, so nearly all of the zigzag is chance. You could have seen it in
# section 2: the two curves there zigzag *together*. The zigzag comes from the problems that a step happens to ask.
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
    f"Mean reward of {len(curve)} steps with a band of two standard errors, {2 * errors.mean():.2f} to each side. "
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
# There are three kinds of problems now. 48 were *shown* with their solutions in fine-tuning, and practised in
# reinforcement learning. 64 were *practised* only: the model was told right or wrong, and never saw a solution. And 40
# were *kept apart* from both.
#
# {predict 14.c}
#
# Both models are given the same problems, and that is worth something. A problem with large numbers is hard for both,
# and it tells nothing about their difference. So subtract, problem by problem, and take the mean of the differences.
# The difficulty that both share cancels out. This is called a **paired comparison**.
#
# > **Exercise 14.4** (level 2, 10 minutes). Write `paired(before, after)`. You have written its second half just now.

# %%
from minirl.lessons.small_job import kinds, rates

problems = kinds(yours)  # by what the run did with them
solved = {name: [rates(yours, stage, some) for stage in ("sft", "rl")] for name, some in problems.items()}
for name, (before, after) in solved.items():
    difference, error = my.paired(before, after)
    unpaired = np.sqrt((before.var(ddof=1) + after.var(ddof=1)) / len(before))
    print(
        f"{len(before)} {name:10s} {before.mean():.3f} before RL, {after.mean():.3f} after: "
        f"{difference:+.3f} ± {error:.3f} (unpaired: {unpaired:.3f})"
    )
gain, error = my.paired(*solved["practised"])
assert gain > 2 * error

# %% [markdown]
# The number after ± is one standard error. In brackets is what it would be without pairing. Pairing makes it smaller,
# and that is free.
#
# It says how much the difference could change with *other problems*. It does not say how much it would change with
# *another run*. For that you need runs with other seeds. minirl keeps the results of eight: of the small job in this
# lesson's folder, of the main job in `data/results/seeds.json`. Your `paired` does for seeds what it does for problems:
# each seed has a value before RL and a value after.

# %%
import json

from minirl.controls.seeds import published
from minirl.lessons.main_job import full_runs
from minirl.storage import shipped

stored = json.loads(shipped("lessons/14_main_job/runs.json").read_text(encoding="utf-8"))
healthy = [run["solved"] for run in stored if run["truth"] == "healthy"]
stages = ("sft", "rl")
seeds = {name: [np.array([100 * run[name][stage] for run in healthy]) for stage in stages] for name in problems}
seeds["main job, unseen"] = [100 * np.array(published()["unseen", stage, "greedy"].values) for stage in stages]
for name, (sft, rl) in seeds.items():
    difference, error = my.paired(sft, rl)
    print(f"{name:16s} {len(sft)} seeds: RL adds {difference:4.1f} ± {error:.1f} points")
print()
reveal("14.c")
gains = {name: my.paired(*pair) for name, pair in seeds.items()}
assert gains["kept apart"][0] > 2 * gains["kept apart"][1] and gains["practised"][0] > 2 * gains["kept apart"][0]

# %% [markdown]
# In the small job each problem comes up five or six times. Most of what the model learns is answers learned by heart,
# and only some of it carries over. The main job is different in this respect: each step takes *new* problems,
# so there is nothing to learn by heart. What it learns shows on problems that no stage has seen.
#
# **Where is your run among the eight?** Each open circle in the figure is a run with a seed of its own and minirl's
# parts. The eight stand side by side, so that none hides another. Your small job is on the left; mind that its axis
# ends at 25%. On the right there is room for your main job: when you have run it (section 7), it will be there.

# %%
small = "kept apart"
own = {
    small: [[100 * rate.mean() for rate in solved[small]]],
    "main job, unseen": [[run.table().headline()[1][stage] for stage in stages] for run in full_runs()],
}
words = []
for name in own:
    sft, rl = seeds[name]
    words.append(f"{name}: {min(sft):.0f} to {max(sft):.0f} after SFT, {min(rl):.0f} to {max(rl):.0f} after RL")
    words += [f"your run, as diamonds: {before:.0f} and {after:.0f}" for before, after in own[name]]
picture = Picture(f"Percent solved, an open circle for each of eight seeds. {'; '.join(words)}.", 8, 3)
for axes, name in zip(picture.subplots(1, 2), own, strict=True):
    for number, pair in enumerate(zip(*seeds[name], strict=True)):
        places = 0.04 * number + np.arange(2)
        axes.plot(places, pair, "-o", color="#52606d", linewidth=0.7, markersize=5, markerfacecolor="white")
    for pair in own[name]:
        axes.plot(0.04 * len(seeds[name][0]) + np.arange(2), pair, "--D", color=COLOURS[1], markersize=6, label="yours")
        axes.legend(loc="upper left")
    axes.set_xticks([0.16, 1.16], ["after SFT", "after RL"])
    title = "small job, kept apart" if name == small else name
    top = max(25, *(value + 2 for pair in own[name] for value in pair)) if name == small else 103
    axes.set(xlim=(-0.2, 1.6), ylim=(0, top), title=title, ylabel="% solved")
picture

# %% [markdown]
# ## 5. Where has the probability gone?
#
# Accuracies say *how much* has changed. The policy itself says *what*. Take one problem that the model has learned in
# RL, and one right answer to it. In each state along this answer we ask both models: what would you do here?
#
# How far has a policy moved? Take each token, and ask by which factor it has become likelier: 2 if it is twice as
# likely as before, 1/2 if it is half as likely. Take the logarithm of the factor, so that 2 and 1/2 count the same with
# opposite signs. Then take the mean, in which each token counts as often as the new policy draws it. This is the **KL
# divergence**:
#
#     KL = Σ over tokens a of  π_after(a) · log( π_after(a) / π_before(a) ).
#
# It is 0 where the two are equal, and never negative. minirl writes its mean down in each step, as `kl_to_start`.
#
# > **Exercise 14.5** (level 2, 10 minutes). Write `moved(before, after)`. Mind tokens whose probability is 0
# > afterwards: 0 · log 0 is not a number for a computer, and here it counts as 0. A NaN that comes from a model is
# > something else. It has to show in the result.

# %%
from minirl.rl import rollout
from minirl.rl.mdp import Agent

before, after = solved["practised"]
best = int(np.argmax(after - before))
problem = problems["practised"][best]
print(textwrap.fill(problem.question, 79))
print(f"right answers: {before[best]:.0%} before RL, {after[best]:.0%} after it")
tokenizer, models = yours.tokenizer(), {stage: yours.model(stage) for stage in stages}
tries = rollout(models["rl"], tokenizer, Tennis(), [problem], 32, max_new_tokens=40, seed=6)
episode = max((one for one in tries if one.reward == 1), key=lambda one: one.log_probs.sum())
print(f"the likeliest right answer of 32:{episode.text}")
agents = {stage: Agent(models[stage], tokenizer) for stage in stages}
states = [state for state, _, _ in episode.steps()]
policies = {stage: np.array([agent.policy(state) for state in states], float) for stage, agent in agents.items()}
distances = my.moved(policies["sft"], policies["rl"])
words = [tokenizer.decode([action]) for action in episode.actions.tolist()]
chosen = {stage: policies[stage][range(len(words)), episode.actions] for stage in policies}
largest = np.argsort(-distances)[:3]
picture = Picture(
    f"Along the {len(words)} tokens of a right answer: above, how far the policy moved, largest at the tokens "
    + ", ".join(f"{words[i]!r} ({distances[i]:.2f} nats)" for i in largest)
    + f". Below, the probability of the token before and after RL; over the whole answer it rose from "
    f"{chosen['sft'].prod():.3f} to {chosen['rl'].prod():.3f}.",
    9, 3.6,
)  # fmt: skip
balls, cans, each = problem.key.split()
upper, lower = picture.subplots(2, 1, sharex=True)
upper.bar(range(len(words)), distances, color=COLOURS[0])
upper.set(ylabel="KL, nats", title=f"{balls} balls, {cans} cans of {each}: where RL moved the policy")
lower.plot(chosen["sft"], "o", color=COLOURS[1], markerfacecolor="white", label="before RL")
lower.plot(chosen["rl"], "D", color=COLOURS[0], markersize=4, label="after RL")
lower.set(ylabel="π(token)", ylim=(-0.05, 1.05))
lower.set_xticks(range(len(words)), [repr(word)[1:-1] for word in words], rotation=90, family="monospace", fontsize=8)
lower.legend(loc="lower left", fontsize=8)
few = int((distances > 0.1 * distances.max()).sum())
print(f"In {few} of {len(words)} states it moved by more than a tenth of the largest distance.")
assert few < len(words) / 2 and chosen["rl"].prod() > chosen["sft"].prod()
assert sum(words[i].strip().isdigit() for i in largest) >= 2
picture

# %% [markdown]
# Most bars are flat. The form of an answer was learned in fine-tuning, and reinforcement learning left it alone. It
# moved the policy at one digit, or at a few. The reward spoke of the whole answer, and which token deserved it came out
# by itself, over many samples: the right digit was there in those that were paid, and missing in the others.
#
# Now read the answer itself, the reasoning too. **Does the result follow from it?** minirl can check the equations in a
# text (`minirl/generate/equations.py`). Here it looks at all right answers to the practised problems.

# %%
from minirl.generate.equations import arithmetic_holds

for stage in stages:
    answers = rollout(models[stage], tokenizer, Tennis(), problems["practised"], 8, max_new_tokens=40, seed=7)
    paid = [one.text for one in answers if one.reward == 1]
    false = [text for text in paid if not arithmetic_holds(text)]
    share = len(false) / len(paid)
    print(f"{stage:3s}: {len(paid)} right answers, {len(false)} of them ({share:.0%}) with a false equation")
print("\nSome that were paid after RL:", *list(dict.fromkeys(false))[:3], sep="\n")
assert len(false) > 0.1 * len(paid)

# %% [markdown]
# The reward looks at the number after `Answer:`, and at nothing else. A good part of the answers that it paid contain
# a false equation. There the number was not calculated: it was guessed, or known by heart. And reinforcement learning
# makes likelier whatever is paid.
#
# Compare the two lines. After RL there are *more* right answers with a false equation, as they were paid like the
# others. Their *share* is about as large as before, or a little smaller: who calculates rightly is paid more often than
# who guesses. But the reward never asked for right equations, so a third of the right answers still does without. No
# curve shows this. The reward rises, and the checker is content. To see it, one has to read what the model writes.
#
# The main job makes this hard, as each step has new problems: there a number cannot be known without calculating it.
# `python -m minirl.trace RUN` shows the policy along any answer of that run, as a page to click through.

# %% [markdown]
# ## 6. What went wrong here?
#
# Now five runs that you have not seen. All did the small job with the same seed. One of them is healthy. In the others
# something was changed on purpose: a setting, or a bug of `minirl/bugs/`. Nothing crashed.
#
# Each column of the figure is a run. Above: the reward. In the middle: the share of informative problems, and the share
# of answers that ended by themselves (the others were cut off). Below: how well the model could copy a number at four
# moments of pretraining, which is what `copying` in the metrics says.
#
# **Look at each column, and say what happened, before you read on.** There is one of each of these:
#
# - *healthy*;
# - *never copied*: pretraining ended before the model could copy numbers from the question;
# - *never ends*: the model does not end its answers;
# - *no signal*: all samples of a problem get the same reward, so nothing can be learned;
# - *collapse*: the updates were too large, and destroyed what the model could do.

# %%
firsts = {}
for number, run in enumerate(stored):
    if run["seed"] == 0:
        firsts.setdefault(run["truth"], number)
numbers = sorted(firsts.values())


def measure(number, name):
    """All values of a measure in a run."""
    return [line[name] for line in stored[number]["metrics"] if name in line]


words = [
    f"Run {number}: reward from {np.mean(measure(number, 'reward')[:5]):.2f} to "
    f"{np.mean(measure(number, 'reward')[-5:]):.2f}, informative {np.mean(measure(number, 'informative')):.2f}, "
    f"finished {np.mean(measure(number, 'finished')):.2f}, copying in the end {measure(number, 'copying')[-1]:.2f}."
    for number in numbers
]
picture = Picture(f"Five runs in columns, with four measures. {' '.join(words)}", 8, 3.5)
grid = picture.subplots(3, 5, sharey="row")
for (top, middle, bottom), number in zip(grid.T, numbers, strict=True):
    top.plot(measure(number, "reward"), color=COLOURS[0])
    middle.plot(measure(number, "informative"), color=COLOURS[1], label="informative")
    middle.plot(measure(number, "finished"), "--", color=COLOURS[2], label="finished")
    bottom.plot(measure(number, "copying"), "-s", color=COLOURS[3], markersize=4)
    top.set(title=f"run {number}", ylim=(-0.05, 1.05))
    middle.set(ylim=(-0.05, 1.05), xlabel="step of RL")
    bottom.set(ylim=(-0.05, 1.05), xlabel="pretraining", xticks=[])
for axes, name in zip(grid[:, 0], ("reward", "share", "copying"), strict=True):
    axes.set(ylabel=name)
grid[1, 0].legend(fontsize=7, loc="center left")
picture

# %% [markdown]
# Two things make this harder than it looks. A trouble leads to others: a model that never ends an answer is never
# paid, so its rewards are all the same, too. So one has to ask in the order of causes. What comes first in the chain
# is asked first. And single steps are noisy, as you have seen. So one never judges by one step, but by a mean, and by
# a bound that is far from both cases.
#
# And one measure does not help at all: the `loss` of reinforcement learning. You know why from lesson 12.
#
# > **Exercise 14.6** (level 4, 30 minutes). Write `diagnose(metrics)`. `a_run(number)` in your file gives the measures
# > of each run of the figure, and of the others that are kept: there are 18, numbers 0 to 17. Print them, look for what
# > tells two kinds apart, and choose your bounds. The check tries all 18, the same kinds with other seeds among them,
# > some that were stopped in pretraining or before RL, and some with lines missing.

# %%
found = [my.diagnose(run["metrics"]) for run in stored]
for number in numbers:
    print(f"run {number}: {found[number]:13s} What was changed: {stored[number]['how']}.")
right = sum(one == run["truth"] for one, run in zip(found, stored, strict=True))
verdict = my.diagnose([line for line in yours.records() if "step" in line])
print(f"\n{right} of {len(stored)} runs are diagnosed rightly. Your own run: {verdict}.")
cold = next(number for number, run in enumerate(stored) if "temperature" in run["how"])
print(f"\nRun {cold}, not in the figure: {found[cold]} ({stored[cold]['how']}).")
reward, informative = (np.mean(measure(cold, name)) for name in ("reward", "informative"))
print(f"Its mean reward is {reward:.2f}, and its share of informative problems {informative:.3f}.")
assert right == len(stored)

# %% [markdown]
# The last run shows that "no signal" does not need rewards of 0. At a temperature of 0.01 the eight samples of a
# problem are nearly always the same text. About half of the problems are solved by all eight, and the others by none.
# There is reward enough, and nothing to compare.
#
# A bound that tells these runs apart may fail for the next kind of run. That is true of every such rule, and so a rule
# is only the first look. When it says that something is wrong, find out *where*: look at samples, plant a bug and
# compare (`python -m minirl.bugs`), and go back to the first stage that is not as it should be.

# %% [markdown]
# ## 7. The main job
#
# Now the job itself, in a terminal. It is the same chain with more of everything, and with a task in which there is
# more to learn: 28 kinds of stories, and new ones in each step of reinforcement learning.
#
# ```bash
# python -m minirl.lessons run 14 --plan                 # how long will it take with my parts?
# python -m minirl.lessons run 14 --full --preset smoke  # a trial: every stage for some updates, nothing is learned
# python -m minirl.lessons run 14 --full                 # the main job with every part that has passed
# python -m minirl.lessons run 14 --full --mine 9 12     # only with those of lessons 9 and 12
# python -m minirl.lessons run 14 --full --mine none     # with minirl's own, to compare
# ```
#
# (`smoke` is a *preset*, a named set of settings. The main job itself has the preset `roger`.) Make the trial first. It
# takes a minute, and a part that breaks at full size breaks there.
#
# How long does the main job take? Your parts are written in NumPy, and minirl's in C. The next cell does what `--plan`
# does: it makes a few updates of each stage at full size, in turns with minirl's parts and with yours, takes the
# fastest of each, and multiplies.

# %%
from minirl.lessons.plan import plan
from minirl.runs import PRESETS

print(plan(PRESETS["roger"], mine, updates=2))

# %% [markdown]
# Most of the time goes into matrix products and attention, and these stay minirl's kernels. So parts like those of the
# course add a tenth or two, and a busy machine can add as much by chance. If a part of yours takes minutes, the last
# lines name it: look for a Python loop over rows or tokens in it, or leave it out with `--mine`. Not counted are the
# comparisons with minirl's own results: they take seconds.
#
# You may stop the run with Ctrl-C, and the same command goes on with it. It lies in the folder `runs` of your lessons,
# with a report like every run of minirl's, and with `parts.json`. Its folder is called `mine`, or `minirl` with
# `--mine none`; a trial is `mine-smoke`. A second run of the same name gets a number, as in `mine-smoke-2`: no run
# overwrites another. When a run with your parts and one without are done, the program says at which update they part.
# And when you execute this notebook again, your main job is in the figure of section 4.
#
# ## 8. A task of your own
#
# The last exercise has no single answer, and it may take an afternoon. Choose something that a model of this size could
# learn, and that a program can check: which of three numbers is the largest, which weekday it is in 12 days, whether a
# word is a palindrome. Here is a complete task, so that you see what one consists of: which of two numbers is larger?

# %%
import random
from types import MappingProxyType

from minirl.tasks import Problem, Task
from minirl.tasks.checker import NumberChecker
from minirl.tasks.task import split_of


class Larger(Task):
    """Which of two numbers is larger?"""

    name = "larger"
    checker = NumberChecker()  # reads "Answer: 42" and compares numbers; TextChecker compares words
    documents = MappingProxyType({"recap": 0.4, "repeat": 0.6})  # what pretraining reads: a dict that stays as it is
    science = False  # no science questions beside the task

    def problems(self, split, n, seed=0):
        self.require_split(split)  # raises ValueError for a split that does not exist
        rng, drawn = random.Random(f"{split} {seed}"), []
        while len(drawn) < n:
            a, b = rng.sample(range(1, 100), 2)
            small, large = sorted((a, b))
            reasoning = f"{large} is more than {small}."
            problem = Problem(f"Which is larger, {a} or {b}?", reasoning, str(large), f"{small} {large}")
            if split_of(problem.key) == split:  # each problem belongs to one split
                drawn.append(problem)
        return drawn


(problem,) = Larger().problems("train", 1)
print("The model reads:", problem.prompt, "\nand is shown in fine-tuning:", problem.completion, sep="\n")
assert Larger().checker.check(problem, problem.completion)

# %% [markdown]
# A `Problem` has four fields. `question`, `reasoning` and `answer` are what you see above: the prompt ends after
# "Reasoning:", and the completion goes on from there, with a space in front. `key` says which problem it is. "Which is
# larger, 17 or 42?" and "Which is larger, 42 or 17?" have the same key, so they count as the same problem.
#
# `split_of(key)` puts each key into train, dev or test, always into the same one: a tenth each into dev and test. Each
# of the three is a **split** of the problems. So draw problems, and keep those of the split that was asked for.
# `documents` says what pretraining reads: `recap` lists the numbers of a question, `repeat` copies it, `sums` are
# equations. More about all this is in [your own task](../docs/your-own-task.md).
#
# > **Exercise 14.7** (level 5, open). Write `MyTask`. The check tests what every task has to keep: the same arguments
# > give the same problems, another seed gives others, no problem is in two splits, the checker accepts your own answers
# > and refuses those of other problems. It *cannot* know whether your answers are true. If your task says that 7 is
# > larger than 9, the check passes, and the model learns it. Then train, and judge the result by the list below.
#
# A first run takes a quarter of a minute, with the settings of the small job. Save this as `train_mine.py` in the
# folder `14_main_job` of your lessons, beside `exercises.py`:
#
# ```python
# from dataclasses import replace
#
# from exercises import MyTask
# from minirl.lessons.small_job import SMALL
# from minirl.tasks import TASKS
# from minirl.train import train
#
# TASKS[MyTask.name] = MyTask
# seed = 0
# config = replace(
#     SMALL,
#     name=f"{MyTask.name}-{seed}",
#     seed=seed,
#     task=MyTask.name,
#     model=replace(SMALL.model, context_length=192),  # room for longer questions
# )
# train(config)
# ```
#
# Start it inside that folder: `cd 14_main_job`, then `python train_mine.py`. The run goes into the folder `runs` beside
# it, here `runs/mine-0`. For three seeds, change `seed` and start it again: each run has a name of its own.
#
# The rubric at the end of this section asks for a comparison on the same problems. This is `compare_mine.py`, in the
# same folder:
#
# ```python
# import numpy as np
# from exercises import MyTask, paired
# from minirl.rl import rollout
# from minirl.runs import Run
#
# run, task, rates = Run.open("runs/mine-0"), MyTask(), {}
# problems, limit = task.problems("test", 100), run.config.rl.max_new_tokens
# for stage in ("sft", "rl"):
#     tries = rollout(run.model(stage), run.tokenizer(), task, problems, 8, max_new_tokens=limit, seed=5)
#     rates[stage] = np.array([one.reward for one in tries]).reshape(len(problems), 8).mean(axis=1)
#     print(f"{stage}: {rates[stage].mean():.3f}")
# print("difference and its standard error:", paired(rates["sft"], rates["rl"]))
# ```
#
# If RL finds next to nothing to learn from, ask in the order of causes. Does the model copy? Do its answers end? An
# answer of the small job may have 40 tokens, and that is little. The vocabulary has 320 tokens, and 256 of them are
# single bytes, so many tokens are single letters. Two settings say how long an answer may be, one in RL and one in the
# evaluation. Settings lie inside each other, and so do the calls of `replace`; these lines go before `train(config)`:
#
# ```python
# config = replace(config, rl=replace(config.rl, max_new_tokens=64, steps=80))
# config = replace(config, evaluation=replace(config.evaluation, max_new_tokens=64))
# ```
#
# If a text is too long, the program refuses before it trains. It names the text and the setting, and `context_length`
# is in the script above.
#
# | | not yet | good | very good |
# |---|---|---|---|
# | question | any number would please you | one sentence that can turn out wrong | and what would count as "no" |
# | prediction | made afterwards | written down before the run, as a range | and a reason for the range |
# | checker | never tried | you tried ten wrong answers on it | you tried to cheat it, and fixed it |
# | splits | by chance | by key; no key in two splits | and a test that is harder than training on purpose |
# | runs | one | two, after SFT and after RL compared on the same problems | three seeds, all reported |
# | result | a percentage | with its standard error, and what it is compared with | and where the prediction was wrong |
#
# A result that fails your prediction, told well, is worth more than a success that nobody foresaw.
#
# ## You should know
#
# 1. A part counts when it was called, compared, and did the work. A function that is never called makes no error.
# 2. With the same seed, right parts agree at first up to rounding. Later the runs part, and that is no error.
# 3. The standard error of a step is one over its problems, not over its samples.
# 4. Compare two models on the same problems, and pair the differences. Other seeds are another source of doubt.
# 5. Read a run in the order of causes: pretraining first, then whether answers end, then whether rewards differ.
#
# ## How this fails in practice
#
# - **The part that was not used.** A patched function that another module had imported before. Counting calls is the
#   only way to know.
# - **A resumed run with other parts.** Half of it is yours, half is not. minirl refuses to go on with a run whose
#   functions were replaced, unless they are replaced again.
# - **A rise that is chance.** Two steps, one seed, one set of problems. Each can rise by ten points for no reason.
# - **Progress on what is practised.** The reward of training problems rises, and the others stay. Keep a set apart, and
#   look at it seldom.
# - **Paid for the wrong thing.** The reward looks at the last number, and the lines before it become decoration. No
#   curve shows it. Read what the model writes.
# - **The symptom is treated.** Rewards are all 0, so somebody raises the temperature. But the answers were cut off.
#
# ## The code that runs
#
# - `minirl/train/chain.py`: the main job, link by link. `minirl/lessons/main_job.py`: the same with your parts.
# - `minirl/swap.py`: how a function is replaced everywhere. `minirl/runs/environment.py`: how a run remembers it.
# - `minirl/rl/measures.py`: the measures of a step. [Metrics](../docs/metrics.md) explains each, and how
#   failure looks.
# - `minirl/evaluation/compare.py`: the paired comparison, `python -m minirl.evaluate --compare`.
# - `minirl/microscope/`: the policy of each step, `python -m minirl.trace`.
#
# **Next:** lesson 15 takes several updates from the same samples, keeps the model near its start, and learns rewards
# from preferences. Lesson 16 gets better answers out of a trained model without any training, and lesson 17 gives it
# tools. After lesson 18 you are ready for the capstone, a study of your own. Or choose a mystery, `python -m
# minirl.bugs --mystery 1`, and diagnose it with more measures than you had here.
