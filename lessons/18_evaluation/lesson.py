# %% [markdown]
# # Lesson 18. Evaluation: is it better?
#
# *About two hours and a half. You need lesson 11 (Wilson's interval) and the standard error of lesson 0b.*
#
# Everybody who trains a model wants one thing from its test: a number that is higher than the last one. So the number
# deserves mistrust, your own most of all. Would it come out the same with other problems? With another seed? Does the
# checker pay for what it should? Has the model seen the test? Each of these questions has a short answer that one can
# compute.
#
# When you have finished this lesson, you can
#
# - say how often an interval is right, and which one to use;
# - estimate pass@k without bias, and compare two models on the same problems;
# - attack an answer checker, and write one that reads and never calculates;
# - say whether a published difference would survive other problems and other seeds.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 18.1` checks the first one. From here on this text writes `check 18.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 18.a}
#
# Section 1 computes it.

# %% [markdown]
# ## 1. How often is an interval right?
#
# A model solves a share p of all problems of a kind. We do not know p. We draw n problems and count how many are
# solved. An *interval* is a rule: it turns the two numbers "solved" and "n" into a lower and an upper end. A 95%
# interval should contain p in 95 of 100 cases, whatever p is. As the number of solved problems is whole, no rule hits
# these 95 exactly for every p. A good one comes near them for all.
#
# That can be checked, and without any sampling. The number of solved problems is k with probability
#
#     C(n, k) · pᵏ · (1 − p)ⁿ⁻ᵏ,
#
# where C(n, k), `math.comb(n, k)`, is the number of ways to choose which k of the n are solved. For each k the rule
# gives an interval, and p is in it or not. Add up the probabilities of those k for which it is. The sum is called the
# **coverage** of the rule.
#
# > **Exercise 18.1** (level 2, 15 minutes). Write `coverage(interval, p, n)`.

# %%
import math

import numpy as np

from minirl.evaluation import estimate
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped

my = exercises_of(18)


def simple(solved, n):
    """The share, and 1.96 standard errors to each side."""
    share = solved / n
    reach = 1.96 * math.sqrt(share * (1 - share) / n)
    return share - reach, share + reach


def wilson(solved, n):
    """Wilson's interval, from lesson 11."""
    return estimate.wilson(solved, n)[1:]


sizes = [10, 15, 20, 30, 50, 80, 120, 200, 300, 500]
covered = {name: [my.coverage(rule, 0.95, n) for n in sizes] for name, rule in (("simple", simple), ("Wilson", wilson))}
for n in (20, 50):
    print(f"n = {n}: the simple interval is right in {my.coverage(simple, 0.95, n):.1%} of all cases, ", end="")
    print(f"Wilson's in {my.coverage(wilson, 0.95, n):.1%}")
print()
reveal("18.a")
picture = Picture(
    "How often two 95% intervals contain the true share of 0.95, against the number of problems. The simple one is "
    f"right in {covered['simple'][0]:.0%} of all cases with {sizes[0]} problems, in {covered['simple'][4]:.0%} with "
    f"{sizes[4]} and in {covered['simple'][-1]:.0%} with {sizes[-1]}. Wilson's is never below "
    f"{min(covered['Wilson']):.0%}.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(covered.items(), COLOURS, STYLES, strict=False):
    axes.semilogx(sizes, values, color=colour, linestyle=style, marker="o", markersize=3, label=name)
axes.axhline(0.95, color="#52606d", linewidth=1, linestyle=":")
axes.set(xlabel="problems", ylabel="how often it is right", ylim=(0.3, 1.02))
axes.legend()
assert covered["simple"][0] < 0.7 and min(covered["Wilson"]) > 0.9
picture

# %% [markdown]
# The simple interval fails where it matters: for good models and small tests. It puts the share that was seen in the
# place of the truth. If all problems are solved, it says that nothing is uncertain. Wilson's interval asks the question
# the right way round: *for which truths would what we saw be no surprise?* (The curve jumps up and down, because the
# number of solved problems is whole.)

# %% [markdown]
# ## 2. How many problems?
#
# Two models solve about the same share p of all problems, and differ by d. Each is tested on its own n problems. The
# difference of the two shares has the standard error √(2 p (1 − p) / n): the variances of both add up. To see the
# difference, it has to be larger than 1.96 standard errors. If the true difference is exactly that, it *looks* larger
# in half of all tests only. To see it in 80 of 100 tests, it has to be 0.84 standard errors larger still, as 80% of a
# bell curve lie above the point 0.84 standard deviations below its middle. (These 80% are called the *power* of the
# test.) Set d equal to 1.96 + 0.84 standard errors, and solve for n:
#
#     n = (1.96 + 0.84)² · 2 p (1 − p) / d².
#
# (Lesson 13 ends with (2.8 s / d)². It is the same formula for pairs of runs: s is the scatter of their differences,
# and s² stands where 2 p (1 − p) is here.)
#
# > **Exercise 18.2** (level 1, 5 minutes). Write `problems_needed(difference, p)`.
#
# **How many problems does a difference of 10, 5, 2, 1 points take?** Guess before you look. (A point is a hundredth of
# all problems.)

# %%
points = np.array([20, 15, 10, 7, 5, 3, 2, 1])
needed = {p: [my.problems_needed(d / 100, p) for d in points.tolist()] for p in (0.5, 0.9)}
print("difference in points   problems for each model, both near 50%")
for d, half in zip(points.tolist(), needed[0.5], strict=True):
    if d in (10, 5, 2, 1):
        print(f"{d:10d}{half:20,}")
picture = Picture(
    "Problems needed to see a difference in 80 of 100 tests, against the difference in points, both logarithmic. For "
    f"models near 50% it takes {needed[0.5][2]:,} problems for 10 points and {needed[0.5][-1]:,} for 1 point; for "
    f"models near 90% {needed[0.9][2]:,} and {needed[0.9][-1]:,}.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (p, values), colour, style in zip(needed.items(), COLOURS, STYLES, strict=False):
    axes.loglog(points, values, color=colour, linestyle=style, marker="o", markersize=3, label=f"both near {p:.0%}")
axes.set(xlabel="difference in points", ylabel="problems for each model")
axes.legend()
assert needed[0.5][2] == 392 and needed[0.5][-1] > 39_000
picture

# %% [markdown]
# Half the difference takes four times as many problems. Many published comparisons are about a point or two, on a few
# hundred problems. One can do better without more problems, though: give both models the *same* ones. Section 4 does
# that.

# %% [markdown]
# ## 3. At least one of k
#
# A model may answer a problem several times. **pass@k** is the chance that at least one of k answers is right. It says
# what a model could do if somebody picked the right answer.
#
# You have n answers to a problem, c of them right, and want to know pass@k for some k ≤ n. It is tempting to take the
# share c/n for the truth:
#
#     1 − (1 − c/n)ᵏ.
#
# {predict 18.b}
#
# There is a better way, and it is exact (Chen and others, 2021). Draw k of your n answers at random, none of them
# twice. Each of the k is an answer that the model gave. So the chance that a right one is among them is, on average
# over all possible n answers, exactly pass@k. And this chance you can compute by counting: of the C(n, k) ways to
# draw, how many hold wrong answers only?
#
# > **Exercise 18.3** (level 3, 20 minutes). Write `pass_at_k(correct, n, k)`.
#
# **How far off is the tempting formula?** The truth is known here, since we choose p, and the average over all
# possible numbers of right answers is a sum as in section 1.

# %%
n, p = 8, 0.1
chance = [math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
ks = range(1, n + 1)
truth = [1 - (1 - p) ** k for k in ks]
tempting = [sum(w * (1 - (1 - c / n) ** k) for c, w in enumerate(chance)) for k in ks]
counted = [sum(w * my.pass_at_k(c, n, k) for c, w in enumerate(chance)) for k in ks]
print(f"pass@8: truth {truth[-1]:.1%}, tempting formula {tempting[-1]:.1%}, by counting {counted[-1]:.1%}\n")
reveal("18.b")
picture = Picture(
    f"Average estimate of pass@k against k, from 8 answers that are right with probability 0.1. Counting gives the "
    f"truth for every k. The tempting formula is too low: {tempting[3]:.2f} instead of {truth[3]:.2f} for k = 4, "
    f"{tempting[7]:.2f} instead of {truth[7]:.2f} for k = 8.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(ks, truth, color="#9aa5b1", linewidth=5, label="truth")
axes.plot(ks, counted, "--o", color=COLOURS[0], markersize=4, label="by counting")
axes.plot(ks, tempting, ":s", color=COLOURS[1], markersize=4, label="1 − (1 − share)^k")
axes.set(xlabel="k", ylabel="pass@k", ylim=(0, None))
axes.legend()
assert np.allclose(counted, truth, atol=1e-12) and tempting[-1] < truth[-1] - 0.02
picture

# %% [markdown]
# ## 4. The same problems for both
#
# Some problems are hard for every model, and some are easy. If two models get different problems, luck decides who gets
# the hard ones. If both get the same problems, this luck cancels: subtract their results *problem by problem*.
#
# How uncertain is the mean of these differences? The **bootstrap** (Efron, 1979) answers without any formula. What you
# have is the best picture that you have of all problems. So draw n problems from your n, with replacement: some come
# twice, some not at all. Take the mean. Do this 2,000 times. The middle 95% of these means are the interval.
#
# The important word is *together*: when a problem is drawn, both of its results come with it.
#
# > **Exercise 18.4** (level 3, 25 minutes). Write `paired_bootstrap(first, second, draws)`.
#
# To try it, we invent 300 problems of different difficulty, and two models, A and B. B is better by 3 points on every
# problem.

# %%
rng = np.random.default_rng(1)
difficulty = rng.beta(0.35, 0.35, 300)  # most problems are nearly always or nearly never solved
luck = rng.random(300)
a, b = (luck < difficulty).astype(float), (luck < np.minimum(difficulty + 0.03, 1)).astype(float)
draws = rng.integers(0, 300, (2000, 300))
paired = my.paired_bootstrap(b, a, draws)
apart = b[rng.integers(0, 300, (2000, 300))].mean(axis=1) - a[draws].mean(axis=1)
unpaired = (b.mean() - a.mean(), *np.quantile(apart, [0.025, 0.975]))
print(f"A solves {a.mean():.1%}, B solves {b.mean():.1%}")
for name, (middle, low, high) in (("same problems", paired), ("as if they were others", unpaired)):
    print(f"{name:23s} difference {middle:+.1%}, interval {low:+.1%} to {high:+.1%}")
picture = Picture(
    f"The difference of two models with its 95% interval. In pairs it is {paired[1]:+.3f} to {paired[2]:+.3f}, which "
    f"leaves out 0. As if the problems were different ones, it is {unpaired[1]:+.3f} to {unpaired[2]:+.3f}.",
    6.5, 1.8,
)  # fmt: skip
axes = picture.subplots()
for row, ((middle, low, high), colour) in enumerate(zip((paired, unpaired), COLOURS, strict=False)):
    axes.plot([low, high], [row, row], color=colour, linewidth=3)
    axes.plot([middle], [row], "o", color=colour)
axes.axvline(0, color="#52606d", linewidth=1, linestyle=":")
axes.set_yticks([0, 1], ["same problems", "other problems"])
axes.set(xlabel="difference B − A", ylim=(1.6, -0.6))
assert paired[1] > 0 > unpaired[1]
picture

# %% [markdown]
# **Is B better?** The same numbers, two answers. The interval for other problems contains 0 by far, the paired one does
# not. This is no trick, but the example is a kind one. B solves every problem that A solves, and some more, so all
# differences that are not 0 point the same way. In practice two models that differ little share most of their luck, and
# not all of it.

# %% [markdown]
# ## 5. Attack the checker
#
# Every number so far rests on a small program that says "right" or "wrong". In reinforcement learning this program also
# pays the reward. And a model that is trained for long finds whatever the program lets through. It does not cheat; it
# does what it is paid for.
#
# The file `exercises.py` has three careless checkers. All of them were used somewhere in some form:
#
# - `contains`: the answer occurs anywhere in the text;
# - `last_number`: the last number of the text is the answer;
# - `calculates`: what stands after "Answer:" is a sum that gives the answer.
#
# > **Exercise 18.5** (level 2, 15 minutes). Write `attacks(answer)`: texts that earn a reward they do not deserve
# > (*exploits*), at least one for each of the three. A model would find such texts by trial, over thousands of
# > problems. You have a shorter way: you are told the number that pays, and write texts in which it is found and not
# > given as the answer.

# %%
careless = {"contains": my.contains, "last_number": my.last_number, "calculates": my.calculates}
for text in my.attacks("18"):
    fooled = [name for name, checker in careless.items() if checker("18", text)]
    print(f"{text!r} fools {', '.join(fooled)}")

# %% [markdown]
# Now write one that holds. There are two rules. **Read, and never calculate**: a checker that calculates can be paid
# for a question instead of an answer. And **refuse what you do not understand**: the form of an answer is agreed on,
# and whatever has another form is no answer.
#
# The second rule has a price. A right answer in an unusual form is refused. If this happens often, the model is
# punished for being right, and learns to please the checker. So a checker is judged by two numbers: how many attacks it
# stops, and how many right answers it lets through.
#
# > **Exercise 18.6** (level 4, 40 minutes). Write `check(answer, text)`. The specification in `exercises.py` says
# > what a number looks like. Fractions are exact: as decimal numbers, 0.1 + 0.2 would not be 0.3.

# %%
DESERVED = [
    "Answer: 18", "Answer: 18.", "Answer: 18.0", "Answer: $18", "Answer: +18", "2 * 9 = 18.\nAnswer: 18",
    "Answer:  18 ", "Answer: 17\nNo, wait.\nAnswer: 18", "Answer: $18.00", "Answer: 18.00.",
]  # fmt: skip
EXPLOITS = [
    "Answer: 9+9", "It is not 18.", "Answer: 118", "Answer: 18 or 19", "Answer: 17, or else 18", "Answer: 2\n18",
    "Answer: 36/2", "Answer: 18 19", "Answer: 1,8", "The answer is one of 16, 17, 18", "Answer: -18", "Answer: ١٨",
]  # fmt: skip
scores, mine = {}, f"{my.whose('check')} check"
for name, checker in {**careless, mine: my.check}.items():
    scores[name] = (sum(checker("18", t) for t in DESERVED), sum(not checker("18", t) for t in EXPLOITS))
    paid, stopped = scores[name]
    print(
        f"{name:19s}{paid:2d} of {len(DESERVED)} right answers paid, {stopped:2d} of {len(EXPLOITS)} exploits stopped"
    )
picture = Picture(
    "Right answers paid, and exploits stopped, for three careless checkers and one that only reads: "
    + "; ".join(f"{name} {paid} and {stopped}" for name, (paid, stopped) in scores.items())
    + f", of {len(DESERVED)} and {len(EXPLOITS)}.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
place = np.arange(len(scores))
axes.bar(place - 0.2, [paid for paid, _ in scores.values()], 0.38, color=COLOURS[0], label="right answers paid")
axes.bar(place + 0.2, [stopped for _, stopped in scores.values()], 0.38, color=COLOURS[1], hatch="///",
         edgecolor="white", label="exploits stopped")  # fmt: skip
axes.set_xticks(place, list(scores))
axes.set(ylim=(0, 16))
axes.legend(ncols=2)
assert scores[mine] == (len(DESERVED), len(EXPLOITS))
picture

# %% [markdown]
# **Which of the careless ones is the worst?** `contains` pays all right answers and lets most exploits through.
# `calculates` stops nearly all of these, and refuses most right answers too: a model that is trained with it learns
# never to write a decimal point. Neither number alone says how good a checker is.
#
# minirl's own checker follows the same two rules and knows more forms, such as fractions, percents and units. It is
# tried on several hundred hostile answers (`minirl/tasks/awkward.py`). Your checker is simpler, and good enough for
# Roger's problems. Let it pay for the answers of the model of lesson 1.

# %%
from minirl.lessons.roger import RogerTask, roger_model, roger_tokenizer
from minirl.rl import rollout

task, tokenizer = RogerTask(), roger_tokenizer()
model = roger_model(tokenizer, task)
problems = task.by_split["train"]  # 27 problems that it has not learned from
theirs = rollout(model, tokenizer, task, problems, 8, max_new_tokens=40, seed=3)
with swapped("tasks.check", "evaluation.pass_at_k") as used:
    yours = rollout(model, tokenizer, task, problems, 8, max_new_tokens=40, seed=3)
    right = np.array([episode.reward for episode in yours]).reshape(len(problems), 8).sum(axis=1)
    found = {k: np.mean([estimate.pass_at_k(int(c), 8, k) for c in right]) for k in (1, 2, 4, 8)}
print(used, "\n")
unended = sum(not episode.finished for episode in yours)
if unended:
    print(f"{unended} of the {len(yours)} answers did not end within 40 tokens. minirl refuses them, and")
    print("does not ask the checker.\n")
print(f"by {my.whose('check')} count: " + ", ".join(f"pass@{k} {share:.0%}" for k, share in found.items()))
assert [episode.reward for episode in yours] == [episode.reward for episode in theirs]
assert used["tasks.check"].share == 1 and used["evaluation.pass_at_k"].share == 1

# %% [markdown]
# ## 6. Has it seen the test?
#
# If a test problem was in the training text, a right answer may be memory. This is called **contamination**. One looks
# for it with n-grams, n words in a row: short ones are shared by all texts, long ones only by copies.
#
# > **Exercise 18.7** (level 2, 15 minutes). Write `overlap(training, test, n)`.
#
# **Which n tells a copy from a text of the same kind?** We take minirl's science questions, train on 300 of them, and
# test with three kinds of texts: texts that were trained on, texts that were not, and texts that were trained on with
# one word in eight changed.

# %%
import json
import re

from minirl.storage import shipped

lines = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
texts = [f"{fact['question']} {fact['reasoning']}" for fact in map(json.loads, lines)]
order = np.random.default_rng(0).permutation(len(texts))
trained, unread = [texts[i] for i in order[:300]], [texts[i] for i in order[300:340]]


def disguised(text, rng):
    """The text with every eighth word or so changed."""
    return " ".join("something" if rng.random() < 1 / 8 else word for word in re.findall(r"\w+", text))


rng = np.random.default_rng(2)
tests = {"copies": trained[:40], "disguised copies": [disguised(t, rng) for t in trained[:40]], "unread": unread}
ns = [1, 2, 3, 4, 5, 6, 8, 10]
shares = {name: [float(np.mean([my.overlap(trained, t, n) for t in some])) for n in ns] for name, some in tests.items()}
picture = Picture(
    "Mean share of n-grams that occur in the training texts, against n. "
    + "; ".join(f"{name}: {values[0]:.2f} for n = 1, {values[4]:.2f} for n = 5, {values[-1]:.2f} for n = 10"
                for name, values in shares.items()) + ".",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(shares.items(), COLOURS, STYLES, strict=False):
    axes.plot(ns, values, color=colour, linestyle=style, marker="o", markersize=3, label=name)
axes.set(xlabel="n, words in a row", ylabel="share in the training texts", ylim=(-0.03, 1.05))
axes.legend()
print("\n".join(f"{name:17s} n = 5: {values[4]:.0%}" for name, values in shares.items()))
assert shares["copies"][4] == 1 and shares["unread"][4] < 0.3 < shares["disguised copies"][4]
picture

# %% [markdown]
# Single words are everywhere. From four or five words in a row on, the three kinds of texts differ clearly. A disguise
# makes a copy harder to find, but not impossible. Still, the test has a blind side: a text that says the same in other
# words shares no n-grams. And problems that are made from one story share its sentences without being copies. So a high
# overlap is a reason to look, and not a verdict.

# %% [markdown]
# ## 7. Which published differences survive?
#
# minirl's results were measured with eight seeds, and they ship with it, run by run. An interval over problems says
# what would happen with other problems. An interval over *runs* says what would happen with another seed. Your
# `paired_bootstrap` does both: now a "problem" is a seed, and the two results of a seed belong together, because the
# second stage began where the first one ended.
#
# The stages are pretraining (lesson 9), SFT, which is supervised fine-tuning (lesson 11), and RL, reinforcement
# learning (lessons 12 to 14). The answers are *greedy*: at each step the most likely token is taken. "Unseen" are
# short stories of arithmetic with numbers that no training has shown. The "paraphrases" are questions of science in
# words that no training has shown.
#
# {predict 18.c}

# %%
measured = json.loads(shipped("data/results/seeds.json").read_text(encoding="utf-8"))["measures"]


def of(split, stage):
    """The greedy accuracy of each of the eight runs."""
    return np.array(next(m["values"] for m in measured
                         if (m["split"], m["stage"], m["measure"]) == (split, stage, "greedy")))  # fmt: skip


questions = {
    "unseen problems, RL − SFT": (of("unseen", "rl"), of("unseen", "sft")),
    "paraphrases, RL − SFT": (of("science paraphrases", "rl"), of("science paraphrases", "sft")),
    "paraphrases, SFT − pretraining": (of("science paraphrases", "sft"), of("science paraphrases", "pretrain")),
}


def by_t(values, t):
    """The mean of some runs, and the lower and upper end of its t interval, as in lesson 13."""
    reach = t * values.std(ddof=1) / math.sqrt(len(values))
    return values.mean(), values.mean() - reach, values.mean() + reach


T_EIGHT = 2.365  # lesson 13's factor t for eight runs
found = {}
with swapped("evaluation.paired_bootstrap") as used:
    for name, (later, earlier) in questions.items():
        found[name] = estimate.paired_bootstrap(later, earlier)
        middle, low, high = found[name].difference
        shown = "shown" if low > 0 or high < 0 else "not shown"
        print(f"{name:31s} {middle:+6.1%}  [{low:+.1%}, {high:+.1%}]  {shown}")
        low, high = by_t(later - earlier, T_EIGHT)[1:]
        print(f"{'    the same by t':40s}[{low:+.1%}, {high:+.1%}]  {'shown' if low > 0 or high < 0 else 'not shown'}")
        assert (shown == "shown") == (low > 0 or high < 0)
ends = [by_t(values, T_EIGHT)[1:] for values in questions["paraphrases, SFT − pretraining"]]
print("\nthe means of the third question, each with its t interval:")
print("SFT [{:.1%}, {:.1%}], pretraining [{:.1%}, {:.1%}]".format(*ends[0], *ends[1]))
assert ends[0][0] < ends[1][1]
print()
print(used, "\n")
reveal("18.c")
picture = Picture(
    "Differences between stages with 95% intervals over eight seeds, and a point for each seed: "
    + "; ".join(f"{name} {c.difference.low:+.3f} to {c.difference.high:+.3f}" for name, c in found.items()) + ".",
    7, 2.6,
)  # fmt: skip
axes = picture.subplots()
for row, ((name, (later, earlier)), colour) in enumerate(zip(questions.items(), COLOURS, strict=False)):
    interval = found[name].difference
    axes.plot([interval.low, interval.high], [row, row], color=colour, linewidth=3)
    axes.plot(later - earlier, [row + 0.22] * 8, "o", color=colour, markersize=4)
axes.axvline(0, color="#52606d", linewidth=1, linestyle=":")
axes.set_yticks(range(3), list(questions))
axes.set(xlabel="difference", ylim=(2.6, -0.5))
assert found["unseen problems, RL − SFT"].difference.low > 0.2
assert found["paraphrases, RL − SFT"].difference.low < 0 < found["paraphrases, RL − SFT"].difference.high
assert found["paraphrases, SFT − pretraining"].difference.low > 0
picture

# %% [markdown]
# **What can one say, then?** Reinforcement learning helps on new problems; no seed disagrees. Whether it harms the
# science questions is not shown: the sentence "science survives" in [minirl's results](../docs/results.md) says what
# was seen, and no more should be made of it. And fine-tuning does help with other words of the science questions, by
# about three points. The intervals of the two means, in the last line that was printed, overlap. In pairs, it is shown.
#
# With few runs the bootstrap is too sure of itself: it cannot draw what no run has shown. A t interval, as in lesson
# 13, is a little wider with eight runs. For the three questions above both give the same answers.
#
# **Try it.** Does the third difference survive with the first four seeds alone? And with the last four? Ask both
# intervals, since four runs are fewer still, and t is 3.182 for them:
#
# ```python
# later, earlier = questions["paraphrases, SFT − pretraining"]
# for some in (slice(0, 4), slice(4, 8)):
#     low, high = by_t(later[some] - earlier[some], 3.182)[1:]
#     print("bootstrap", estimate.paired_bootstrap(later[some], earlier[some]).difference, "in percent")
#     print(f"by t      [{low:+.1%}, {high:+.1%}]")
# ```
#
# Where the two disagree, which one would you believe? How sure would you have been if you had stopped after four runs?

# %% [markdown]
# ## You should know
#
# 1. An accuracy is an interval. Use Wilson's: the simple one is wrong for good models and small tests.
# 2. Half the difference takes four times as many problems. The same problems for both models take far fewer.
# 3. pass@k is estimated by counting draws, not by putting the share into a formula.
# 4. A checker reads and never calculates, and refuses what it does not understand. It is judged by exploits stopped and
#    right answers paid.
# 5. Problems and seeds are two sources of chance. An interval over one says nothing about the other.
#
# ## How this fails in practice
#
# - **The best of many.** Somebody tests twenty checkpoints, states of the model stored during training, on the test set
#   and reports the best. With 100 problems, models near 50% and no difference at all, the best of twenty looks about 9
#   points better than the average. Choose on other problems.
# - **The reward rises, the answers get worse.** The model has found a way around the checker. Read ten answers by
#   yourself, every time.
# - **The unit of chance.** 64 problems with 8 samples each are 64 problems, not 512. Samples of one problem share its
#   difficulty.
# - **Prompts that differ.** One model got a worked example and the other did not. What is compared is then not the
#   models.
# - **A test in the training text.** It need not be cheating: the web is full of tests.
#
# ## The code that runs
#
# - `minirl/evaluation/estimate.py`: your interval, pass@k and bootstrap, with everything checked that comes in.
# - `minirl/evaluation/compare.py`: two models on the same problems, `python -m minirl.evaluate --compare`.
# - `minirl/evaluation/contamination.py`: the overlap of a whole run's training text with its tests.
# - `minirl/tasks/checker.py` and `minirl/tasks/awkward.py`: the checker, and the attacks that it has to stop.
#
# ## Sources
#
# - Chen, M. and others (2021). Evaluating large language models trained on code. arXiv:2107.03374.
# - Efron, B. (1979). Bootstrap methods: another look at the jackknife. *The Annals of Statistics* 7(1), 1–26.
#
# **Next:** lesson 19 hides bugs in small training runs. You find them from as few measures as possible, and say how
# sure you are. With lessons 13 and 14 behind you, you can also begin the capstone: a study of your own, `python -m
# minirl.lessons start capstone`.
