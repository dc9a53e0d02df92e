# %% [markdown]
# # Lesson 19. Debugging lab
#
# *About three hours and a quarter. You need lesson 9 (the loss and its gradient), lesson 11 (fine-tuning) and lesson 12
# (reinforcement learning). Lesson 18 helps: there you asked how sure a number is.*
#
# A program that trains a model can be wrong without an error message. The shapes fit, the loss falls, and after a day
# the model is worse than it should be. Such a bug is called *silent*. It is found by measuring. Each measure takes
# time, so the art is to choose the few that decide.
#
# In this lesson you are a doctor with a waiting room of small models. Eight silent bugs are known, and most of them
# were seen in well-known projects. Some patients have one of them, and some are healthy. You say how likely each cause
# is. You are paid for what you put on the true one, and you pay for each measure.
#
# When you have finished this lesson, you can
#
# - go from symptoms to causes, with a probability for each;
# - choose the cheapest measure that decides;
# - say which bugs a loss hides, and which tests find them before training;
# - write a test with a known answer, and show that it can fail.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 19.1` checks the first one, `check 19.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 19.a}
#
# Section 3 counts them. (The page [Silent bugs](../docs/bugs.md) gives the answer away. Read it after this lesson.)

# %% [markdown]
# ## 1. Two patients
#
# Our patient is a model with 20,000 parameters. It learns sums in words: first by supervised fine-tuning (SFT, lesson
# 11), then by REINFORCE (lesson 12). That takes two seconds, and uses the same functions as minirl's long runs. There
# are fourteen **measures**. The *SFT loss* you know from lesson 11, and the *reward* from lesson 12. The others:
#
# - *trained on*: how many tokens of a demonstration have a weight in the loss;
# - *parts gap*: the gradient of a batch, computed in one piece and in two parts. How far do the two differ?
# - *pass@1*: the share of right answers among samples, after fine-tuning;
# - *finished*: the share of these samples that end by themselves;
# - *answer tokens*: their mean length;
# - *first tokens*: how many different first tokens the eight samples of a problem have;
# - *log pi gap*: the rollout, which writes the samples, notes log π of each token, and training computes the same
#   number again. How far do the two differ? *log pi gap at 1* is the same with samples at temperature 1;
# - *informative*: the share of problems with both right and wrong samples (lesson 13);
# - *entropy*: how undecided the policy is, over its next token;
# - *gradient norm*: the length of the gradient in a step of reinforcement learning;
# - *KL to start*: how far the policy is from the one with which reinforcement learning began.
#
# One of the two runs below is healthy, and in the other one a bug is planted. **Which panels tell you so?** Look at all
# fourteen before you read on. (In the curves, each point is the mean of five steps.)

# %%
import textwrap
import time
from contextlib import nullcontext

import numpy as np

from minirl.bugs import BUGS, mystery, planted
from minirl.bugs.experiment import MEASURES, Patient, reading
from minirl.bugs.recorded import KNOWN, UNSEEN, recorded
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped

my = exercises_of(19)


def measured(bug=None, seed=7):
    """All measures of a run, with a bug or without."""
    with planted(bug) if bug else nullcontext():
        patient = Patient(seed)
        return {name: patient.measure(name) for name in MEASURES}


sound, sick = measured(), measured("cache position")
words = [f"{name} {np.mean(sound[name][-10:]):.2g} and {np.mean(sick[name][-10:]):.2g}" for name in MEASURES]
picture = Picture(
    f"Fourteen measures of two runs, A and B, side by side; of curves, the mean of the last ten: {'; '.join(words)}.",
    7, 3.9,
)  # fmt: skip
grid = picture.subplots(3, 5)
for axes, name in zip(grid.flat, MEASURES, strict=False):
    for run, values, colour, style in zip("AB", (sound[name], sick[name]), COLOURS, STYLES, strict=False):
        if len(values) > 1:
            fives = np.array(values).reshape(-1, 5).mean(axis=1)  # single steps are noisy
            axes.plot(np.arange(2, len(values), 5), fives, color=colour, linestyle=style, label=f"run {run}")
        else:
            bar = axes.bar([run], values, 0.6, color=colour)
            axes.bar_label(bar, [f"{values[0]:.2g}"], fontsize=7)
            axes.set(yticks=[], ylim=(0, 1.2 * max(sound[name] + sick[name])))
    axes.set_title(name, fontsize=9)
    axes.tick_params(labelsize=7)
grid[0, 0].legend(fontsize=7)
grid[2, 4].axis("off")
assert sound["SFT loss"] == sick["SFT loss"] and max(sound["log pi gap"]) < 1e-5 < 0.01 < sick["log pi gap"][0]
picture

# %% [markdown]
# Run B is the sick one. Its loss of fine-tuning is the same to the last digit, and its reward rises as well. What gives
# it away is *log pi gap*, at both temperatures: rollout and training disagree about the same tokens, although both
# should compute the same number. Here every token that is written with the KV cache (lesson 10) gets a position that is
# one too high. Training uses no cache, so its loss knows nothing of it.
#
# Perhaps you named the *gradient norm*, or *pass@1*. They differ as well, but healthy runs with other seeds differ as
# much: section 3 compares them. And the figure hides a third sign. *KL to start* is 0 before the first step of a
# healthy run, and here it is not. The first point of the curve is the mean of five steps, and you cannot see it there.
#
# You saw it because two runs with the same seed stood side by side. In real life there is no healthy twin. There are
# healthy runs of other days, with other seeds, and they differ among themselves. So you need two things: a rule for
# what is odd, and a way to go from odd things to causes.

# %% [markdown]
# ## 2. What a belief is worth
#
# "It is the cache" is a poor answer. It does not say how sure you are, and somebody may spend a week on it. A better
# answer gives each cause a probability: 0.8 for the cache, 0.15 for the temperature, and so on, 1 in all. We call these
# your **beliefs**. There are nine causes here. One is *healthy*. The others are these bugs:
#
# | bug | what is wrong |
# |---|---|
# | unshifted targets | the target of a token is the token itself, not the next one |
# | masked end | the end token has no weight in the loss of fine-tuning |
# | prompt trained on | the tokens of the question have a weight, too |
# | one first token | all samples of a problem begin with the same token |
# | no temperature | samples are drawn at a temperature, and training computes log π without it |
# | mean of means | a batch is cut into parts; each part is averaged, and then the averages are |
# | cache position | with the KV cache, each new token gets a position that is one too high |
# | constant reward | the checker reads the question instead of the answer, and always pays 0 |
#
# None of them stops the program. `python -m minirl.bugs` lists them, each with its symptom and with the function
# that it breaks. The page [Silent bugs](../docs/bugs.md) tells where each was seen. Both also answer
# questions of this lesson, so wait with them until section 7.
#
# How should such an answer be paid? By the probability p that it puts on the true cause. We take
#
#     points = 100 · (1 + log p / log 9) − what the measures have cost.
#
# Whoever is certain and right gets 100. Whoever gives all nine the same probability gets 0. And whoever puts 0.001 on
# the truth loses 214. (Less than 0.001 counts as 0.001, since log 0 would be minus infinity.)
#
# {predict 19.b}
#
# > **Exercise 19.1** (level 1, 5 minutes). Write `points(beliefs, truth, spent)`, for any number of causes.

# %%
A, B = "cache position", "no temperature"


def two(p):
    """Beliefs with p on A, the rest on B, and nothing on the other seven causes."""
    return {**dict.fromkeys(mystery.CAUSES, 0.0), A: p, B: 1 - p}


print("on A   points if A is true   if B is true   on average (A is true in 80%)")
averages = {}
for p in (0.99, 0.5, 0.8):
    got = my.points(two(p), A, 0), my.points(two(p), B, 0)
    averages[p] = 0.8 * got[0] + 0.2 * got[1]
    print(f"{p:.2f}{got[0]:20.0f}{got[1]:17.0f}{averages[p]:14.0f}")
print()
reveal("19.b")
said = np.linspace(0.005, 0.995, 100)
picture = Picture(
    "Average points against the probability that is put on A, for three truths. If A is true in half of all runs, the "
    "curve is highest at 0.5; if in 80%, at 0.8; if in 95%, at 0.95. Each curve falls steeply towards certainty.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for share, colour, style in zip((0.5, 0.8, 0.95), COLOURS, STYLES, strict=False):
    mean = [share * my.points(two(p), A, 0) + (1 - share) * my.points(two(p), B, 0) for p in said.tolist()]
    axes.plot(said, mean, color=colour, linestyle=style, label=f"A is true in {share:.0%} of all runs")
    axes.plot([said[np.argmax(mean)]], [max(mean)], "o", color=colour)
    assert abs(said[np.argmax(mean)] - share) < 0.01
axes.set(xlabel="probability that you put on A", ylabel="points on average", ylim=(-20, 100))
axes.legend(loc="lower center")
assert averages[0.8] > averages[0.5] > averages[0.99]
picture

# %% [markdown]
# Each curve is highest where you say what is true. This is why the logarithm is used (Good, 1952): it pays to be
# honest, and it costs most to be sure and wrong. So never put 0 on a cause unless it is impossible.

# %% [markdown]
# ## 3. What is odd?
#
# minirl keeps the measures of runs with six seeds: for each seed a healthy run, and one with each bug. (`python -m
# minirl.bugs.recorded` trains and measures them again.) In these, each measure is one number, a **reading**. A curve is
# averaged over all its steps; of the loss and the reward only the last ten steps count; and of *KL to start* only the
# first step, where it should be 0.
#
# The readings of healthy runs differ. *pass@1*, the share of right answers after fine-tuning, goes from 0.28 to 0.58.
# Is 0.25 in a new run odd? And 0? We need a margin around what was seen. With a narrow margin, healthy runs are called
# sick: you take fourteen measures, so there are fourteen chances for a false alarm. With a wide margin, sick runs are
# overlooked.
#
# > **Exercise 19.2** (level 2, 10 minutes). Write `finding(value, healthy)`, which says "low", "usual" or "high". The
# > specification has the margin. Part of it is a fixed number, 0.001. *Why is that part needed for "log pi gap", whose
# > healthy readings are all about 0.0000002?*

# %%
known = recorded(KNOWN)


def findings(name):
    """For each cause, what the known runs with it show in this measure."""
    healthy = [run[name] for run in known["healthy"]]
    return {cause: [my.finding(run[name], healthy) for run in runs] for cause, runs in known.items()}


seen = {name: findings(name) for name in MEASURES}
causes = ["healthy", *BUGS]
signed = np.array([[seen[name][c].count("high") - seen[name][c].count("low") for name in MEASURES] for c in causes])
in_loss = [cause for cause in BUGS if abs(signed[causes.index(cause), 0]) >= 3]
odd_in = {cause: [name for name, value in zip(MEASURES, row, strict=True) if abs(value) >= 3]
          for cause, row in zip(causes, signed, strict=True)}  # fmt: skip
picture = Picture(
    "Which measures are odd with which bug, in at least three of six known runs. "
    + "; ".join(f"{cause}: {', '.join(names) or 'none'}" for cause, names in odd_in.items()) + ".",
    9, 3.8,
)  # fmt: skip
axes = picture.subplots()
axes.imshow(signed, cmap="PuOr_r", vmin=-8, vmax=8, aspect="auto")
for (row, column), value in np.ndenumerate(signed):
    ink = "white" if abs(value) > 4 else "black"
    axes.text(column, row, f"{value:+d}" if value else "·", ha="center", va="center", fontsize=9, color=ink)
axes.set_xticks(range(len(MEASURES)), list(MEASURES), rotation=40, ha="right", fontsize=8)
axes.set_yticks(range(len(causes)), causes, fontsize=8)
for label, one in (("A", sound), ("B", sick)):
    values = {name: reading(name, one[name]) for name in MEASURES}
    said = {name: my.finding(values[name], [run[name] for run in known["healthy"]]) for name in MEASURES}
    signs = ", ".join(f"{name} {what}" for name, what in said.items() if what != "usual")
    print(f"Run {label} of section 1: {signs or 'all usual'}")
    for name in ("gradient norm", "pass@1"):
        low, high = mystery.healthy_range(name)
        print(f"  its {name} is {values[name]:.2f}; six healthy runs have {low:.2f} to {high:.2f}")
print()
reveal("19.a")
assert len(in_loss) == 2 and not odd_in["healthy"] and odd_in["mean of means"] == ["parts gap"]
picture

# %% [markdown]
# Each row is a cause and each column a measure. +6 means that the reading was high in all six runs, −6 that it was low
# in all six, and a point that it was usual.
#
# (Why the 0.001? Rounding makes the healthy gaps differ by 0.0000001. Without a fixed part, a gap of 0.0000005 would be
# odd, and it is nothing but rounding.)
#
# First look at the lines above it. The two patients differ in their gradient norm and in *pass@1*, and both are inside
# the range of healthy runs. Only the two gaps and *KL to start* are odd in run B.
#
# Then read the figure by columns. The loss shows two bugs of eight. Then read it by rows. *mean of means* shows in a
# single measure, and nobody plots this measure. The gradient is wrong in each step, and still every curve looks as
# it should. *masked end* makes seven measures odd, and six of them are consequences of one: answers never end. So they
# are cut off, so none is paid, so nothing can be learned. (It trains on one token less, too. But *trained on* depends
# on which demonstrations are in the batch, and varies by more than one token among healthy runs. So it stays usual.)
#
# *constant reward* makes *pass@1* low, although fine-tuning is right: *pass@1* asks the same broken checker.
#
# And look at the columns of reinforcement learning, the last five. They are the plots that people watch. They react to
# many bugs, and so they do not tell them apart.

# %% [markdown]
# ## 4. From findings to causes
#
# You believe that A and B are equally likely, 0.5 each. Then you see something that happens in 90% of the runs with A,
# and in 30% of the runs with B. How likely is A now?
#
# Imagine 100 runs with A and 100 with B. You see it in 90 and in 30 of them. So of the 120 runs that look like yours,
# 90 have A: 75%. In general, multiply each belief by the chance of what you saw, and divide by the sum of these
# products. This is **Bayes' rule**:
#
#     new belief in a cause = belief · chance / (sum of belief · chance over all causes).
#
# > **Exercise 19.3** (level 2, 10 minutes). Write `update(beliefs, chance)`.
#
# Where do the chances come from? From the known runs: count. But six runs are few. If a finding did not occur in any of
# six runs, its chance is small, but it is not 0. A chance of 0 would rule out the cause forever, because of one unlucky
# reading. So we count half a run more for each of the three findings. For k of n runs the chance is
#
#     (k + ½) / (n + 1½).
#
# With n = 6, "in all of them" becomes 0.87, and "in none" 0.07. The function `chances` in your file does this, and is
# complete.
#
# > **Exercise 19.4** (level 3, 30 minutes). Write `suspicion(measures, known)`: your beliefs about a run after some
# > measures. The check asks about 27 runs with seeds that you have not seen, three for each cause. It gives you all
# > measures, or some, or a single one, and counts your points.
#
# Whoever multiplies chance after chance supposes something: that the findings of one run are independent of each other
# *once the cause is known*. It is not quite true. With *masked end*, six signs follow from one, as you have seen. The
# rule counts them as six witnesses, where there is hardly more than one. So beliefs after many related measures can be
# too sure. The rule is used all the same, because it is simple, and six runs are too few to count combinations. (This
# is why it is called *naive Bayes*.) In section 5 you see how far it gets.
#
# Here is one such run. The measures are taken one by one, from left to right.

# %%
(run,) = recorded([21])["cache position"]
taken, course = {}, [my.suspicion({}, known)]
order = ["SFT loss", "reward", "finished", "log pi gap", "log pi gap at 1"]
for name in order:
    taken[name] = run[name]
    course.append(my.suspicion(taken, known))
top = sorted(mystery.CAUSES, key=lambda cause: -course[-1][cause])[:4]
picture = Picture(
    "Beliefs about one run after each of five measures, stacked. The true cause, cache position, has "
    + ", ".join(f"{b['cache position']:.2f} after {n}" for n, b in zip(["nothing", *order], course, strict=True)) + ".",
    7, 3,
)  # fmt: skip
axes = picture.subplots()
bottom, hatches = np.zeros(len(course)), ("", "///", "...", "xx", "")
rows = [*((cause, np.array([b[cause] for b in course])) for cause in top)]
rows.append(("the other five", 1 - np.sum([values for _, values in rows], axis=0)))
for (label, values), colour, hatch in zip(rows, (*COLOURS[:4], "#cbd2d9"), hatches, strict=True):
    axes.bar(range(len(course)), values, 0.7, bottom, color=colour, hatch=hatch, edgecolor="white", label=label)
    bottom += values
axes.set_xticks(range(len(course)), ["nothing", *order], fontsize=8)
axes.set(ylabel="belief", xlim=(-0.6, len(course) + 1.4))
axes.legend(fontsize=8, loc="center right")
first, last = course[0]["cache position"], course[-1]["cache position"]
print(f"on the true cause before: {first:.2f}; after five measures: {last:.2f}")
alone = my.suspicion({name: run[name] for name in order[3:]}, known)
print(f"after the last two measures alone: {alone['cache position']:.2f}")
assert course[-1]["cache position"] > 0.5 > 0.2 > course[0]["cache position"]
picture

# %% [markdown]
# The first three measures were usual, and still they moved something: bugs that would have made them odd are less
# likely now. *log pi gap* then leaves two causes, and its twin at temperature 1 decides between them. A missing
# temperature does no harm at temperature 1, and a wrong position does.
#
# The last two alone say nearly as much as all five. Usual findings move beliefs, but here they bought almost nothing.
# **Which single measure would you have taken first?** The next section computes it.

# %% [markdown]
# ## 5. The cheapest deciding measure
#
# A measure costs what it takes until you have it. To count weights, one needs no training at all. The loss needs
# fine-tuning, samples need more, and the curves of reinforcement learning come last. In a real project these are
# minutes, hours and days. Here they are points:
#
# | what has to run before | points | measures |
# |---|---:|---|
# | nothing | 1 | trained on |
# | fine-tuning | 3 | SFT loss, parts gap |
# | fine-tuning and sampling | 5 | pass@1, finished, answer tokens, first tokens, log pi gap, log pi gap at 1 |
# | reinforcement learning too | 10 | reward, informative, entropy, gradient norm, KL to start |
#
# All fourteen cost 87. So an answer that knows everything is left with 13 points at most.
#
# {predict 19.c}
#
# How much is a measure worth? You do not know what it will say. But you know how likely each finding is, and what you
# would believe after it. So you can compute how many points you would have on average. The difference to the points
# that you expect now is the **gain**. For beliefs b and chances c it comes to
#
#     gain = 100 / log n · Σ over findings f and causes k of  b(k) · c(f, k) · log( c(f, k) / total(f) ),
#
# where total(f) is the sum of b(k) · c(f, k) over all causes: the probability of finding f. If all causes give f with
# the same chance, then c / total is 1, its logarithm is 0, and the measure tells nothing. The sum without its factor is
# called *mutual information*.
#
# An example with two causes, 0.5 each, and a measure that is low in 90% of the runs with A and in 10% of the runs with
# B. Then total is 0.5 for "low" and 0.5 for "usual". The sum is 0.45 · log 1.8 + 0.05 · log 0.2 for "low", and the same
# for "usual": 0.37 together. Times 100 / log 2 this is 53 points. So one should take this measure for 5 points, and
# even for 50.
#
# > **Exercise 19.5** (level 4, 35 minutes). Write `next_measure(beliefs, table, prices)`: the measure with the largest
# > gain minus price, or None where no measure is worth its price.
#
# Now the parts come together. The function `diagnosed` below takes the best measure, looks, forms new beliefs, and
# repeats, until nothing is worth its price.

# %%
table = {name: my.chances(name, known) for name in MEASURES}
healthy = {name: [run[name] for run in known["healthy"]] for name in MEASURES}
nothing = dict.fromkeys(mystery.CAUSES, 1 / 9)


def diagnosed(take):
    """Beliefs after the measures that your functions choose, and these. take: gives the reading of a measure."""
    beliefs, left, chosen = nothing, dict(table), {}
    while name := my.next_measure(beliefs, left, mystery.PRICES):
        chosen[name] = take(name)
        del left[name]
        beliefs = my.suspicion(chosen, known)
    return beliefs, chosen


def cost(names):
    """The price of these measures."""
    return sum(mystery.PRICES[name] for name in names)


def by_you(run):
    beliefs, chosen = diagnosed(run.get)
    return beliefs, cost(chosen)


ways = {
    "always 1/9": lambda run: (nothing, 0),
    "all fourteen": lambda run: (my.suspicion(run, known), cost(MEASURES)),
    "in the handbook's order": lambda run: mystery.in_order(run.get),
    "your choice": by_you,
}
runs = [(cause, run) for cause, some in recorded(UNSEEN).items() for run in some]
results = {way: [(*judge(run), cause) for cause, run in runs] for way, judge in ways.items()}
points = {way: [my.points(b, cause, spent) for b, spent, cause in some] for way, some in results.items()}
print(f"{'27 runs':24s}{'points':>7s}{'spent':>7s}{'on the true cause':>19s}")
for way, some in results.items():
    spent, p = np.mean([one[1] for one in some]), np.mean([b[cause] for b, _, cause in some])
    print(f"{way:24s}{np.mean(points[way]):7.0f}{spent:7.0f}{p:19.2f}")
bought = [name for _, run in runs for name in diagnosed(run.get)[1]]
print()
counts = [f"{name} {bought.count(name)}" for name in sorted(MEASURES, key=bought.count)[::-1] if name in bought]
print(textwrap.fill(f"You took: {', '.join(counts)}", 79))
paid = {cause: np.mean([spent for _, spent, true in results["your choice"] if true == cause]) for cause in causes}
print(f"Spent on {', '.join(f'{cause}: {paid[cause]:.0f}' for cause in sorted(paid, key=paid.get)[:-3:-1])}; "
      f"least on {min(paid, key=paid.get)}: {min(paid.values()):.0f}")  # fmt: skip
late = [sum(MEASURES[name].stage == "RL" for name in diagnosed(run.get)[1]) for _, run in runs]
print(f"A curve of RL: in {sum(map(bool, late))} of 27 runs, at most {max(late)} in a run")
theirs = {cause: np.mean([spent for _, spent, true in results["in the handbook's order"] if true == cause])
          for cause in causes}  # fmt: skip
print(f"The handbook's order spends {theirs['healthy']:.0f} on healthy, "
      f"and {np.mean([theirs[bug] for bug in BUGS]):.0f} on average on a bug\n")  # fmt: skip
reveal("19.c")
picture = Picture(
    "Points in 27 runs, a dot for each, and the mean as a line, for four ways to diagnose. Means: "
    + ", ".join(f"{way} {np.mean(some):.0f}" for way, some in points.items()) + ".",
    7, 2.8,
)  # fmt: skip
axes = picture.subplots()
spread = np.random.default_rng(0).uniform(-0.22, 0.22, len(runs))
for row, (some, colour) in enumerate(zip(points.values(), COLOURS, strict=False)):
    axes.plot(some, row + spread, "o", color=colour, markersize=4, alpha=0.7)
    axes.plot([np.mean(some)] * 2, [row - 0.35, row + 0.35], color=colour, linewidth=3)
axes.axvline(0, color="#52606d", linewidth=1, linestyle=":")
axes.set_yticks(range(len(points)), list(points))
axes.set(xlabel="points", ylim=(len(points) - 0.5, -0.5))
mean = {way: float(np.mean(some)) for way, some in points.items()}
assert mean["your choice"] == max(mean.values())
picture

# %% [markdown]
# "In the handbook's order" is the advice of [Silent bugs](../docs/bugs.md): take the measures in the order in which
# training produces them, and stop at the first odd one. This is good advice for a person without a table. It is
# expensive for healthy runs, where nothing is odd and so everything is taken. And it knows nothing of false alarms.
#
# Who takes everything knows nearly everything, and has hardly a point left. What your functions choose costs about a
# quarter of it and loses little. Look at what they took: the loss first, since it is cheap and can be odd in two
# directions. Then mostly *pass@1*. A curve of reinforcement learning they took in one run of three, and never two of
# them in the same run. **"Healthy" is the most expensive of all diagnoses**: each bug has to be ruled out.
#
# The rule looks one measure ahead, like a chess player who looks one move ahead. Two measures together may decide
# where neither does alone. A rule that looks further can do better; try it, if you like.

# %% [markdown]
# ## 6. Three mysteries
#
# Until now the readings came from a file. Now three new runs: minirl plants something or nothing, you do not see which,
# and each stage is run only when you ask for one of its measures. minirl grades the answers, with *your* function
# `points`.

# %%
with swapped("bugs.points") as used:
    for number in (2, 5, 6):
        case = mystery.Mystery(number)
        beliefs, chosen = diagnosed(case.reading)
        first, second = sorted(beliefs, key=beliefs.get)[:-3:-1]
        got = mystery.points(beliefs, case.cause, case.spent)
        print(f"mystery {number}, after {', '.join(chosen)}:")
        print(f"  {first} {beliefs[first]:.2f}, {second} {beliefs[second]:.2f}")
        print(f"  It is {case.cause}: {got + case.spent:.0f} points - {case.spent} for measures = {got:.0f}")
print()
print(used)
assert used["bugs.points"].calls == 3

# %% [markdown]
# Now you. `python -m minirl.bugs --mystery 7` lists the measures and their prices. Take one: `--measure "SFT loss"`,
# and then another. Answer with probabilities, and name all measures that you have taken:
#
# ```bash
# python -m minirl.bugs --mystery 7 --measure "SFT loss" finished --answer "masked end=0.7" healthy=0.1
# ```
#
# Under a curve stands its reading, such as "mean of the last ten: 0.32". Compare this number with the healthy range,
# and remember the margin of section 3. The program does not keep what you have taken, and trusts you to name it. What
# is left of 1 is shared by the other causes.
#
# Do five mysteries by hand, and write your points down. Do you beat your own functions? They know the table by heart.
# You know *why* a bug has its signs.

# %% [markdown]
# ## 7. A measure of your own
#
# *mean of means* shows in one measure of fourteen. It could be found without any training, in a fraction of a second.
# One needs a **known-answer test**: give a function a small input for which you know what must come out. There are two
# kinds.
#
# - **By hand.** A document with the ids 0, 1, 2 must give the targets 1, 2. A group with the rewards 1, 0 must give a
#   positive advantage first.
# - **Twice.** Some things can be computed in two ways: a gradient in one piece and in parts, a text with the cache and
#   without it, the KL divergence of a policy from itself and 0. You do not know the answer, but both must agree.
#
# The input has to be one that the mistake would change. With documents of equal length the mean of their means *is* the
# mean, and the test passes in sick code as well. So choose lengths that differ. For the same reason, a test at
# temperature 1 will never find a missing temperature.
#
# Where does each bug sit? `python -m minirl.bugs` lists the functions. `python -m minirl.bugs "unshifted targets"`
# tells the story of one bug, and shows where its file is on your computer. The file also holds the wrong function.
#
# > **Exercise 19.6** (level 4, 40 minutes). Write `probe()`: the names of the bugs that it finds in the code as it is.
# > It has to find two of the eight at least, and may accuse no other. It looks at what functions return, and not at
# > their names: the check also replaces right functions by others that do the same.

# %%
begun = time.process_time()
false_alarms = my.probe()
took = time.process_time() - begun
found = {}
for bug in BUGS:
    with planted(bug):
        found[bug] = my.probe()
hits = [bug for bug in BUGS if bug in found[bug]]
print(f"{my.whose('probe').capitalize()} probe finds {len(hits)} of 8 bugs: {', '.join(hits)}.")
print(f"In healthy code it accuses {', '.join(false_alarms) or 'none'}.")
print(f"It takes {'less than a tenth of a second' if took < 0.1 else f'{took:.1f} seconds'}.")
assert len(hits) >= 2 and not false_alarms and all(found[bug] <= {bug} for bug in BUGS)

# %% [markdown]
# A probe costs next to nothing, says exactly what is wrong, and is never in doubt. Why measure anything else? Because a
# probe finds only what somebody has thought of. Measures of a run see the whole of it, and find what nobody expected.
#
# Most of minirl's own tests are known-answer tests. In a checkout, `python -m pytest --planted "mean of means"` shows
# which of them notice a bug.

# %% [markdown]
# ## 8. Bug nine
#
# Now change sides. Whoever has hidden a bug knows better where to look for one. A bug is an object with seven fields.
# This is the one of *unshifted targets*, in short:
#
# ```python
# def unshifted(pack):            # gets the right function
#     def wrong(documents):       # takes what the right one takes
#         batch = pack(documents)
#         return batch._replace(targets=batch.ids.copy())
#
#     return wrong                # and gives back the wrong one
#
#
# Bug(
#     name="unshifted targets",
#     where="minirl.data.batch:pack",
#     story="The targets are the ids themselves.",
#     symptom="SFT loss low, pass@1 low, finished low",
#     signs=("SFT loss", "pass@1", "finished"),
#     exposed_by="test_targets",
#     break_=unshifted,
# )
# ```
#
# | field | what it says |
# |---|---|
# | `name` | how the bug is called |
# | `where` | the right function, "module:function" or "module:Class.method" |
# | `story` | what is wrong, and why nothing crashes; any text |
# | `symptom` | what a run shows: each sign, and whether it is low or high |
# | `signs` | the measures that become odd, by their names in section 1 |
# | `exposed_by` | the name of the test that finds it; any text |
# | `break_` | a function that gets the right function, and returns the wrong one |
#
# `with bug.planted():` puts a bug into the code, and takes it out afterwards. Inside it, take measures of a small run.
# `Patient(0)` is a run with seed 0, and runs a stage when you first ask for one of its measures. In a cell of this
# notebook, for example:
#
# ```python
# from minirl.bugs.experiment import Patient
# from minirl.bugs.recorded import healthy_range
#
# bug, test = my.bug_nine()
# with bug.planted():
#     print(Patient(0).measure("SFT loss")[-10:])  # a curve: a list of numbers
# print(healthy_range("SFT loss"))  # the lowest and the highest reading of six healthy runs
# ```
#
# > **Exercise 19.7** (level 5, 45 minutes). Write `bug_nine()`: a silent bug of your own, and a test that finds it. It
# > has to be silent, so the run goes through. It needs a sign: at least one measure becomes odd. Its `symptom` has to
# > say the truth about each sign. And the test must fail with the bug *and pass without it*. A test that you have never
# > seen fail proves nothing.
#
# What will your suspicion say about it? It was made for nine causes, and this is a tenth.

# %%
nine, test = my.bug_nine()
test()  # passes: the code is healthy
with nine.planted():
    try:
        test()
        noticed = False
    except AssertionError:
        noticed = True
    patient = Patient(0)
    readings = {name: reading(name, patient.measure(name)) for name in MEASURES}
beliefs = my.suspicion(readings, known)
odd = [f"{name} {my.finding(readings[name], healthy[name])}" for name in MEASURES if mystery.odd(name, readings[name])]
now = {name: my.finding(readings[name], healthy[name]) for name in MEASURES}
print(f"{nine.name}, in {nine.where}")
print(textwrap.fill(f"Said: {nine.symptom}.", 79))
odd = ", ".join(f"{name} {what}" for name, what in now.items() if what != "usual")
print(textwrap.fill(f"Measured: {odd}", 79))
print("Suspicion:", ", ".join(f"{c} {beliefs[c]:.2f}" for c in sorted(beliefs, key=beliefs.get)[:-4:-1]))


def unexplained(found, cause):
    """The findings of a run that at most three of ten runs with this cause have."""
    return [f"{name} {what}" for name, what in found.items() if table[name][what][cause] <= 0.3]


best = max(beliefs, key=beliefs.get)
rest = unexplained(now, best)
print(textwrap.fill(f"Of 14 findings, {best!r} does not explain {len(rest)}: {', '.join(rest) or 'none'}", 79))
true = [len(unexplained({n: my.finding(run[n], healthy[n]) for n in MEASURES}, cause)) for cause, run in runs]
print(f"In the 27 runs of section 5, the true cause explains all 14 in {true.count(0)}, and leaves")
print(f"at most {max(true)} unexplained.")
with nine.planted():
    curve = Patient(0).measure("SFT loss")
usual = [Patient(seed).measure("SFT loss") for seed in (0, 1, 2)]
ends = sorted(float(np.mean(one[-10:])) for one in usual)
picture = Picture(
    f"Loss of fine-tuning with bug nine ({nine.name}) and in three healthy runs. In the end it is "
    f"{np.mean(curve[-10:]):.2f} with the bug and {ends[0]:.2f} to {ends[-1]:.2f} without.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for seed, healthy_curve in enumerate(usual):
    axes.semilogy(healthy_curve, color=COLOURS[0], linewidth=1, label="" if seed else "healthy, three seeds")
axes.semilogy(curve, "--", color=COLOURS[1], label="bug nine")
axes.set(xlabel="step of fine-tuning", ylabel="loss, nats per token")
axes.legend()
low, high = mystery.healthy_range("SFT loss")
print(f"Loss of fine-tuning with bug nine: {readings['SFT loss']:.2f}; six healthy runs have {low:.2f} to {high:.2f}")
assert noticed and max(true) <= 3
picture

# %% [markdown]
# Compare what is said with what is measured, and look at the loss. The course's own bug is *open documents*. It lets
# attention look into the document before: the loss falls as always, and ends too high. Without the healthy curves
# beside it, who would know? With a bug of yours the loss may be better than in healthy runs, or the same.
#
# The suspicion adds up to 1, as always: it shares everything among nine causes, and the truth is not one of them. A
# list of causes that is closed is an assumption, and probabilities inside it do not test it. A better test is the fit.
# Which findings does the best cause not explain, that is, which occur in at most three of ten runs with it? The last
# lines of the output are the yardstick: a true cause seldom leaves any. If yours leaves more than a true cause ever
# did, look for a new cause. If it leaves one or two, be in doubt, and look at which they are. If it leaves none,
# nothing is proved: a new bug can have the signs of an old one. In any case, known-answer tests find the function, from
# the first stage on.
#
# **Try it.** Add a tenth cause "something else" to `known`, in your mind: which chances would you give it?
#
# ## You should know
#
# 1. Silent bugs raise no error, and most of them leave the loss as it is.
# 2. A measure is odd only in comparison with healthy runs, and with many measures some are odd by chance.
# 3. Beliefs are updated by Bayes' rule. A usual finding counts too, and no chance is 0.
# 4. Take the measure with the largest gain for its price. What comes early in training is cheap.
# 5. A known-answer test finds a bug before training. Its input must be one that the bug would change, and you must have
#    seen the test fail.
#
# ## How this fails in practice
#
# - **The first idea.** Somebody suspects the learning rate, tries six values, and has no time left. Write down three
#   causes before you test one.
# - **The evidence that fits.** People look for what their favourite cause predicts. Look for what would speak against
#   it: that is where a measure decides.
# - **Two changes at once.** The run is better afterwards, and nobody knows which change did it. The other one may have
#   been a bug.
# - **The twin that is no twin.** The run of last week had another seed and another version of the data. What differs
#   need not be the bug.
# - **A test with a round number.** Equal lengths, temperature 1, a batch of one, all rewards alike: there many mistakes
#   do no harm, and the test says nothing.
# - **The symptom is treated.** Rewards are 0, so the temperature is raised. But no answer ended.
#
# ## The code that runs
#
# - `minirl/bugs/experiment.py`: the patient, its stages and its measures.
# - `minirl/bugs/mystery.py`: mysteries, prices and points; `in_order` is the handbook's way.
# - `minirl/bugs/recorded.py`: the known runs, `python -m minirl.bugs.recorded` makes them.
# - `minirl/bugs/bug.py` and eight files beside it: each a bug, its story, and the test that finds it.
# - `minirl/swap.py`: how a function is replaced everywhere, by a bug or by you.
#
# ## Sources
#
# - Good, I. J. (1952). Rational decisions. *Journal of the Royal Statistical Society, Series B* 14(1), 107–114.
#
# **Next:** lesson 20 counts what a step of training costs, on one machine and on several. Lesson 21 teaches a public
# model, and measures what it forgets. If you have a question of your own, the capstone is the place for it: `python -m
# minirl.lessons start capstone`. Until then, go back to a run of yours, such as the one with your task from exercise
# 14.7. Write down three things that may be wrong with it, and the cheapest measure that would decide between them.
