# %% [markdown]
# # Lesson 16. Decoding on a budget
#
# *About two hours and forty minutes. You need lesson 10 (temperature, drawing tokens) and lesson 1 (policy, greedy
# answers). The standard error is from lesson 0b.*
#
# A trained model does not give an answer. It gives a probability for every answer. *Decoding* is how one of them is
# taken. So far you drew one token after the other, or took the most likely one. But nobody forces you to be content
# with one answer. The model can answer twice, or sixteen times. Somebody can check its arithmetic. One can search for
# whole answers instead of tokens. All of this costs tokens, and tokens cost time. What is worth it?
#
# When you have finished this lesson, you can
#
# - say for which problems a vote helps, and compute by how much;
# - stop a vote as soon as it is decided, and judge reasoning without knowing the answer;
# - write a beam search, and say what it finds and what it does not;
# - compare ways to answer at equal numbers of generated tokens.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 16.1` checks the first one. From here on this text writes `check 16.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 16.a}
#
# Section 2 computes it.

# %% [markdown]
# ## 1. Sixteen answers and a vote
#
# We need a model that is often right and often wrong. The story is Roger's, with larger numbers: up to 30 balls, and up
# to 9 cans of up to 9. There are 1,856 such problems. A transformer of two layers learns from 1,656 of them for some
# seconds, and the other 200 are our test. Such a model soon knows what to calculate. It does not always get it right.

# %%
import math

import numpy as np

from minirl.evaluation.answers import Settings, answer
from minirl.evaluation.score import judge
from minirl.generate import Beams, Sampling, Schedule
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.lessons.roger import RogerTask, larger_problems, roger_tokenizer, taught_model
from minirl.tasks.task import answer_text
from minirl.train.sft import solved

my = exercises_of(16)
task, tokenizer = RogerTask(), roger_tokenizer()
shown, problems = larger_problems()
model = taught_model(tokenizer, solved(tokenizer, shown), steps=500)


def ask(samples, **how):
    """What comes of each problem: a greedy answer, or what a search finds, and some samples."""
    settings = Settings(samples, max_new_tokens=45, seed=1, log_probs=True, **how)
    attempts = answer(model, tokenizer, [problem.prompt for problem in problems], settings)
    return [judge(task, problem, attempt) for problem, attempt in zip(problems, attempts, strict=True)]


def percent(values):
    """The mean of a share over the problems, with 1.96 standard errors to each side, in percent."""
    reach = 1.96 * np.std(values, ddof=1) / math.sqrt(len(values))
    return f"{100 * np.mean(values):5.1f} ± {100 * reach:.1f}"


plain = ask(16)
outcome = next(one for one in plain if 6 <= sum(one.right) <= 10)
print(outcome.problem.question, "\n")
for sample, right in list(zip(outcome.attempt.samples, outcome.right, strict=True))[:5]:
    print(" ".join(sample.text.split()), "   right" if right else "   wrong")
print("\ngreedy:     ", percent([one.solved for one in plain]))
print("one sample: ", percent([np.mean(one.right) for one in plain]))

# %% [markdown]
# ± are 1.96 standard errors over the 200 problems, as in lesson 0b: with other problems of the same kind, the number
# would come out within this range in 95 of 100 cases. Each problem counts once, with the share of its samples that are
# right. (Lesson 18 is about such intervals.)
#
# *Greedy* decoding takes the most likely token at each step, and a sample draws it. One sample is worse than the
# greedy answer. No wonder: at each step it takes an unlikely token with some probability, and arithmetic does not
# forgive. But look at the samples of this problem. They go wrong in *different* ways. There are many ways to be
# wrong, and often only one to be right. So let them vote (Wang and others, 2022, who call it *self-consistency*).
#
# > **Exercise 16.1** (level 2, 15 minutes). Write `vote(answers)`. Samples that were cut off have no answer. They do
# > not vote.
#
# Your function votes inside minirl, which reads the answers out of the texts.

# %%
from minirl.zoo.measure import chosen

with swapped("generate.vote") as used:
    votes = {k: chosen(plain, k, "majority").right for k in (1, 2, 4, 8, 16)}
print(used, "\n")
for k, right in votes.items():
    print(f"vote of {k:2d}: {percent(right)}")
answers = [(answer_text(text) or "").strip() for text in outcome.votes if text is not None]
print("\nthe votes of the problem above:", {one: answers.count(one) for one in sorted(set(answers))})
assert used["generate.vote"].share > 0.9 and votes[16].mean() > votes[1].mean() + 0.03

# %% [markdown]
# (A vote of 4 is taken four times for each problem: among samples 1 to 4, 5 to 8, and so on. Then the mean counts.
# The same samples say more that way.)
#
# **Why is a vote of 2 no better than one sample?** Because two samples either agree, or they do not. If they do, the
# vote changes nothing. If they do not, the alphabet decides.

# %% [markdown]
# ## 2. When does a vote help?
#
# One can compute it. Let a model give answer 0, the right one, with probability p₀, and other answers with p₁, p₂ and
# so on. It answers k times. The votes can fall in many ways, c = (c₀, c₁, ...), with c₀ votes for the right answer, and
# k votes in all. Such a way has the probability
#
#     k! / (c₀! c₁! ...) · p₀^c₀ · p₁^c₁ · ...
#
# The fraction counts in how many orders these votes can come in. With two answers it is the number of ways to choose
# the samples that vote for the first. Add up the probabilities of all ways in which the right answer wins. Where it
# shares the first place with others, let chance decide.
#
# > **Exercise 16.2** (level 3, 25 minutes). Write `vote_chance(chances, k)`. `all_counts`, which goes through all ways,
# > is given.

# %%
kinds = {
    "A: 40% right, six wrong ones of 10%": [0.4, *[0.1] * 6],
    "B: 40% right, one wrong one of 60%": [0.4, 0.6],
    "C: 40% right, wrong ones 35% and 25%": [0.4, 0.35, 0.25],
}
ks = [1, 3, 5, 7, 9, 11, 13, 15]
curves = {name: [my.vote_chance(chances, k) for k in ks] for name, chances in kinds.items()}
for name, curve in curves.items():
    print(f"{name:38s} vote of 9: {curve[4]:.0%}")
print()
reveal("16.a")
picture = Picture(
    "The probability that a vote is right, against the number of votes, for three models that are right in 40% of "
    "single answers. "
    + "; ".join(f"{name}: {c[4]:.2f} with 9 votes, {c[-1]:.2f} with 15" for name, c in curves.items()) + ".",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (name, curve), colour, style in zip(curves.items(), COLOURS, STYLES, strict=False):
    axes.plot(ks, curve, color=colour, linestyle=style, marker="o", markersize=4, label=name)
axes.set(xlabel="votes", ylabel="probability of the right answer", ylim=(0, 1))
axes.legend(fontsize=8)
assert curves["A: 40% right, six wrong ones of 10%"][4] > 0.7 > 0.3 > curves["B: 40% right, one wrong one of 60%"][4]
picture

# %% [markdown]
# All three are right equally often in a single answer. **A vote finds the model's most frequent answer**, and the more
# votes, the surer. If that is the right one, the vote goes to 1. If it is a wrong one, the vote goes to 0. So a vote
# corrects slips, where the model knows better than it writes. It does not correct errors, where the model is wrong
# about the matter.
#
# Which problems of our model are of which kind? Sixteen samples tell, roughly.

# %%
single = np.array([np.mean(one.right) for one in plain])
for words, some in (
    ("right in more than half of the samples", single > 0.5),
    ("right in a quarter to a half", (single >= 0.25) & (single <= 0.5)),
    ("right in fewer than a quarter", single < 0.25),
):
    told = f"one sample {single[some].mean():4.0%}, a vote of 16 {votes[16][some].mean():4.0%}"
    print(f"{int(some.sum()):3d} problems are {words:39s}: {told}")
assert votes[16][single > 0.5].mean() > 0.95 and votes[16][single < 0.25].mean() < 0.4

# %% [markdown]
# ## 3. When is it decided?
#
# If the first four samples agree, twelve more are a waste. When should one stop?
#
# Call the leading answer's votes v₁, and those of the next one v₂. Forget all other answers. One of these two is the
# model's more frequent answer: the first one in a share p of cases, and we do not know p. Before any vote, every p from
# 0 to 1 is equally plausible. How sure is it, after the votes, that p is more than a half?
#
# There is a way to see it without any integral. Think of a random number p between 0 and 1, and of a random number for
# each sample: the sample votes for the first answer if its number is below p. So there are n = v₁ + v₂ + 1 random
# numbers in all, and p is one of them. We have seen that v₁ of the others are below p, and v₂ above. So sort all of
# them: p stands at place v₁ + 1. It is larger than a half exactly if at most v₁ of the n numbers are smaller than a
# half. Each of them is so with probability a half, like a coin that shows heads:
#
#     P(p > 1/2) = [ C(n, 0) + C(n, 1) + ... + C(n, v₁) ] / 2ⁿ.
#
# C(n, j), in Python `math.comb(n, j)`, is the number of ways in which j of n coins show heads.
#
# > **Exercise 16.3** (level 2, 15 minutes). Write `certainty(first, second)`.
#
# **How much does it save to stop at 95%?** (Aggarwal and others, 2023, call this *adaptive consistency*.)

# %%
from minirl.zoo.measure import adaptive, sample_tokens

print(
    "votes 1:0  3:0  4:0  4:1  6:2    sure",
    *(f"{my.certainty(*v):.0%}" for v in ((1, 0), (3, 0), (4, 0), (4, 1), (6, 2))),
)
with swapped("generate.certainty", "generate.vote") as used:
    early = adaptive(plain)
print(used, "\n")
whole = 16 * sample_tokens(plain)
print(f"all 16 samples:    {percent(votes[16])}, {whole.mean():.0f} tokens for a problem")
print(f"until 95% sure:    {percent(early.right)}, {early.tokens.mean():.0f} tokens for a problem")
assert used["generate.certainty"].share == 1
assert early.tokens.mean() < 0.9 * whole.mean() and abs(early.right.mean() - votes[16].mean()) < 0.02

# %% [markdown]
# The problems on which the model is sure need few samples, and the vote is as good as before. The tokens that are saved
# can go to other problems.

# %% [markdown]
# ## 4. A judge that does not know the answer
#
# How good could one get by choosing among 8 samples? Suppose somebody always picks a right one if there is one. The
# share of problems that would then be solved is called **pass@8**. It is a ceiling: no way to choose among 8 samples
# can be better. (It is estimated from all 16 samples: of all ways to draw 8 of them, what share holds a right one?
# Lesson 18 has it as an exercise.)

# %%
from minirl.zoo.measure import passed

print(f"vote of 8:          {percent(votes[8])}")
print(f"ceiling, pass@8:    {percent(passed(plain, 8).right)}")
assert passed(plain, 8).right.mean() > votes[8].mean() + 0.1

# %% [markdown]
# There is room. The right answer is often there, and the vote does not see it, because a vote knows nothing but the
# last line. The rest of the text says *how* the answer came about: "4 * 3 = 12. 5 + 12 = 18." A calculator can see that
# something is wrong there. It need not know the answer, or even the question. Whoever judges without knowing the
# answer is called a **verifier**. This one is free.
#
# {predict 16.b}
#
# > **Exercise 16.4** (level 3, 20 minutes). Write `false_equations(text)`.

# %%
WAYS = {
    "majority": "the most frequent answer", "likeliest": "the likeliest", "soundest": "the fewest false equations",
}  # fmt: skip
with swapped("generate.judge", "generate.vote") as used:
    ways = {by: chosen(plain, 8, by).right for by in WAYS}
print(used, "\n")
for by, right in ways.items():
    print(f"one of 8: {WAYS[by]:28s}{percent(right)}")
print(f"soundest − most frequent: {percent(ways['soundest'] - ways['majority'])}\n")
reveal("16.b")
assert used["generate.judge"].share == 1 and ways["soundest"].mean() > ways["majority"].mean() + 0.05

# %% [markdown]
# (The code calls the sample with the fewest false equations the *soundest*.) The last line above the question compares
# two ways on the same problems: it is the mean of the 200 differences, and ± are its own 1.96 standard errors.
# Differences of the same problems scatter less than either number alone.
#
# A judge has a blind side too. A text with the wrong *plan* and right arithmetic pleases it: "3 * 3 = 9. 5 + 9 = 14."
# And a model that is trained with such a judge as its only reward can earn it by writing no equations at all. Where
# two samples have equally many false equations, minirl takes the likelier one.

# %% [markdown]
# ## 5. Hot or cool?
#
# Lesson 10 turned the temperature for a single answer. For a vote it plays another part: samples that are all alike
# need no vote, and samples that are too wild give nothing to agree on.
#
# A popular idea is to change it on the way. The first tokens decide how a problem is approached, so let them vary. The
# last ones only carry it out, so make them sure. A *schedule* begins hot and ends cool:
#
#     T(t) = T₀ + (T₁ − T₀) · min(t / n, 1),        t = 0, 1, 2, ... counts the tokens of the answer.
#
# > **Exercise 16.5** (level 1, 5 minutes). Write `temperature_at(first, last, tokens, step)`.
#
# How does one test such an idea? With a **control**: the same temperatures in the opposite order, from cool to hot. If
# the reason given for the idea is right, the control has to be worse.

# %%
DRAWS = {
    "0.7": 0.7, "1": 1.0, "1.5": 1.5, "1.5 falling to 0.3": Schedule(1.5, 0.3, 20),
    "0.3 rising to 1.5": Schedule(0.3, 1.5, 20),
}  # fmt: skip
with swapped("generate.schedule") as used:
    drawn = {name: ask(8, sampling=Sampling(temperature=T)) if name != "1" else plain for name, T in DRAWS.items()}
print(used, "\n")
one = {name: chosen(found, 1, "majority").right for name, found in drawn.items()}
eight = {name: chosen(found, 8, "majority").right for name, found in drawn.items()}
print(f"{'temperature':22s}{'one sample':>14s}{'vote of 8':>16s}")
for name in DRAWS:
    print(f"{name:22s}{percent(one[name]):>14s}{percent(eight[name]):>16s}")
order = one["1.5 falling to 0.3"] - one["0.3 rising to 1.5"]
print(f"\none sample, falling − rising: {percent(order)}")
assert used["generate.schedule"].share == 1 and one["0.7"].mean() > one["1"].mean() > one["1.5"].mean()

# %% [markdown]
# For this model the idea is right: in the opposite order it solves far fewer problems. A likely reason: an answer
# begins with numbers that are copied from the question. The model is sure of them at any temperature. Results of
# calculations come later, and there a cool head helps. But falling is no better than greedy decoding, and with a vote
# it is no better than a flat 0.7. (Compare the numbers with their ±.)
#
# And do not take it for a law. In minirl's main run, with many kinds of stories, the same control gives the *opposite*:
# after fine-tuning a single sample is right in 45.5% of the problems if the temperature rises, and in 35.9% if it falls
# (means of three runs, [the zoo](../docs/reasoning.md#the-zoo)). There the first sentence decides what is calculated,
# and a slip in it cannot be corrected. A good story is not a measurement. Run the control on your own model.

# %% [markdown]
# ## 6. Searching for the likeliest answer
#
# Greedy decoding takes the most likely *token*. Is the text that comes out the most likely *text*? Not always: a likely
# first token may have only unlikely continuations. To be sure, one would have to try all texts, and there are too many.
#
# **Beam search** is a compromise. It keeps not one beginning but W of them, the W most likely. It extends each by every
# token, and keeps the W most likely extensions. A text that ends is taken out and put aside. In the end the best of
# these wins. With W = 1 this is nearly greedy decoding; with very large W nothing is ever lost.
#
# What is the best? Each further token makes the log-probability of a text smaller. So the log-probability alone prefers
# short texts. The usual cure is to divide it by L^α, where L is the number of tokens. It is negative, so dividing
# makes it larger, and the longer the text, the more. With α = 0 nothing changes, and with α = 1 it is the mean
# log-probability of a token. (It is called *length penalty*, but with a positive α it is a bonus for length.)
#
# > **Exercise 16.6** (level 4, 40 minutes). Write `beam_search(log_probs, width, longest, alpha, end)`.
#
# First a model that is so small that all answers can be tried: a table of 5 tokens, of which token 0 ends the answer,
# and answers of at most 5 tokens. There are 1 + 4 + 16 + 64 + 256 = 341. **How often does the search find the best?**

# %%
from minirl.lessons.example_model import toy_model

WIDTHS = [1, 2, 3, 4, 6, 8]
found = {alpha: dict.fromkeys(WIDTHS, 0) for alpha in (0.0, 1.0)}
for alpha, counts in found.items():
    for seed in range(40):
        log_probs = toy_model(seed, 5)
        best = my.beam_search(log_probs, 400, 5, alpha, 0)[0]  # so wide that every beginning is kept
        for width in WIDTHS:
            answers = my.beam_search(log_probs, width, 5, alpha, 0)
            counts[width] += bool(answers) and answers[0][0] == best[0]
picture = Picture(
    "In how many of 40 small models beam search finds the best of all answers, against its width. "
    + "; ".join(f"alpha {alpha:g}: {counts[1]} with width 1, {counts[2]} with 2, {counts[4]} with 4, {counts[8]} with 8"
                for alpha, counts in found.items()) + ".",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (alpha, counts), colour, style in zip(found.items(), COLOURS, STYLES, strict=False):
    axes.plot(WIDTHS, list(counts.values()), color=colour, linestyle=style, marker="o", markersize=4,
              label=f"α = {alpha:g}")  # fmt: skip
axes.set(xlabel="width", ylabel="best answer found, of 40", ylim=(0, 41))
axes.legend()
assert found[0.0][8] > found[0.0][1] and found[1.0][8] > found[1.0][1]
picture

# %% [markdown]
# A width of 4 finds nearly always what a search through everything finds. Now the model that answers Roger's problems.
#
# {predict 16.c}
#
# Your search stands in minirl's place. It reads the whole text anew at each step, as it has no cache, so it takes 40 of
# the 200 problems.

# %%
from minirl.generate import beam_search

few = [problem.prompt for problem in problems[:40]]
search = {"width": 4, "penalty": "power", "alpha": 1.0, "max_new_tokens": 45}
with swapped("generate.beam_search") as used:
    yours = [hypotheses[0] for hypotheses in beam_search(model, tokenizer, few, **search)]
theirs = [hypotheses[0] for hypotheses in beam_search(model, tokenizer, few, **search)]
print(used)
same = sum(a.text == b.text for a, b in zip(yours, theirs, strict=True))
print(f"the same answer as minirl's search, which uses the cache: {same} of {len(few)}\n")

beams = {width: ask(0, beam=Beams(width, "power", 1.0)) for width in (2, 4, 8)}
greedy = np.array([one.solved for one in plain], np.float64)
likelier = np.mean(
    [b.attempt.greedy.log_prob > p.attempt.greedy.log_prob + 1e-4 for b, p in zip(beams[4], plain, strict=True)]
)
print(f"greedy:    {percent(greedy)}")
for width, some in beams.items():
    print(f"width {width}:   {percent(np.array([one.solved for one in some], np.float64))}")
print(f"width 4 finds a likelier answer than greedy decoding for {likelier:.0%} of the problems\n")
reveal("16.c")
assert used["generate.beam_search"].share == 1 and same >= len(few) - 2

# %% [markdown]
# With all three widths it solves as many problems as greedy decoding, or one or two more or fewer. The search does what
# it should: it finds likelier answers where there are any. Where the model believes that 12 + 72 is 85, the likeliest
# answer is wrong, and a better search only finds it more surely. (In translation, where beam search comes from, very
# wide beams even do harm.)
#
# Likelihood is a poor guide, and you have a better one. **Step beams** search sentence by sentence: each of W
# beginnings goes on by W sampled sentences, a judge scores each of the W · W texts, and the best W stay. A false
# equation is thrown out before anything is built on it. The judge is your own function.

# %%
from minirl.generate import step_beams


def arithmetic(text):
    """The judge: higher is better."""
    return -float(my.false_equations(text))


prompts = [problem.prompt for problem in problems]
steps = {}
for width in (2, 3, 4):
    searched = step_beams(model, tokenizer, prompts, arithmetic, width=width, branches=width, temperature=1.0,
                          max_new_tokens=45, seed=1)  # fmt: skip
    best = [hypotheses[0] for hypotheses in searched]
    right = [
        one.finished and task.checker.check(problem, one.text) for problem, one in zip(problems, best, strict=True)
    ]
    steps[width] = np.array(right, np.float64), float(np.mean([one.spent for one in best]))
    print(f"step beams, width {width}: {percent(steps[width][0])} with {steps[width][1]:.0f} tokens for a problem")
assert steps[4][0].mean() > greedy.mean()

# %% [markdown]
# ## 7. The bill
#
# All of these solved more or fewer problems, and cost more or fewer tokens. A comparison that leaves out the cost says
# little: anybody can add samples to a vote. So each way to answer is compared with a vote that **may generate as many
# tokens**. A vote has a whole number of samples, and a budget lies somewhere between two of them. Go in a straight line
# from one to the next.
#
# > **Exercise 16.7** (level 2, 15 minutes). Write `at_budget(tokens, per_sample, right)`.

# %%
from minirl.zoo.measure import Yardstick

per_sample = float(sample_tokens(plain).mean())
methods = {"greedy": (greedy, float(np.mean([one.attempt.greedy.tokens for one in plain])))}
for width, some in beams.items():
    spent = float(np.mean([one.attempt.greedy.spent for one in some]))
    methods[f"beams {width}"] = np.array([one.solved for one in some], np.float64), spent
methods |= {f"step beams {width}": found for width, found in steps.items()}
with swapped("generate.judge"):
    for k in (2, 4, 8, 16):
        methods[f"soundest of {k}"] = chosen(plain, k, "soundest").right, k * per_sample
methods["vote until 95% sure"] = early.right, float(early.tokens.mean())

with swapped("zoo.yardstick") as used:
    yardstick = Yardstick(plain)
    against = {name: right - yardstick.at(tokens) for name, (right, tokens) in methods.items()}
print(used, "\n")
print(f"{'':22s}{'tokens':>8s}{'solved, %':>14s}{'against a vote':>18s}")
for name, (right, tokens) in methods.items():
    print(f"{name:22s}{tokens:8.0f}{percent(right):>14s}{percent(against[name]):>18s}")
assert used["zoo.yardstick"].share == 1 and against["soundest of 8"].mean() > 0.05

# %%
picture = Picture(
    "Share of solved problems against generated tokens for a problem, on a logarithmic scale. A vote: "
    + ", ".join(f"{votes[k].mean():.2f} at {k * per_sample:.0f}" for k in votes) + ". Fewest false equations: "
    + ", ".join(f"{methods[f'soundest of {k}'][0].mean():.2f} at {k * per_sample:.0f}" for k in (2, 4, 8, 16))
    + ". " + "; ".join(f"{name} {methods[name][0].mean():.2f} at {methods[name][1]:.0f}"
                       for name in methods if "soundest" not in name) + ".",
    7.5, 3.8,
)  # fmt: skip
axes = picture.subplots()
reach = {k: 1.96 * right.std(ddof=1) / math.sqrt(len(right)) for k, right in votes.items()}
budgets = np.array([k * per_sample for k in votes])
middle, band = np.array([right.mean() for right in votes.values()]), np.array(list(reach.values()))
axes.fill_between(budgets, middle - band, middle + band, color=COLOURS[0], alpha=0.15, linewidth=0)
axes.plot(budgets, middle, "-o", color=COLOURS[0], markersize=4, label="vote, with its interval")
lines = {
    "fewest false equations": ["soundest of 2", "soundest of 4", "soundest of 8", "soundest of 16"],
    "beams": ["greedy", "beams 2", "beams 4", "beams 8"],
    "step beams": ["step beams 2", "step beams 3", "step beams 4"],
    "vote until 95% sure": ["vote until 95% sure"],
}  # fmt: skip
for (label, names), colour, style, marker in zip(lines.items(), COLOURS[1:], STYLES[1:], "s^Dx", strict=False):
    axes.plot([methods[name][1] for name in names], [methods[name][0].mean() for name in names], linestyle=style,
              color=colour, marker=marker, markersize=5, label=label)  # fmt: skip
axes.set_xscale("log")
axes.set_xticks([25, 50, 100, 200, 400], ["25", "50", "100", "200", "400"])
axes.minorticks_off()
axes.set(xlabel="generated tokens for a problem", ylabel="share of solved problems")
axes.legend(fontsize=8)
picture

# %% [markdown]
# The table is about one model, one seed and one kind of problem, and ± is about other problems alone. It says:
#
# - **The vote is a bad buy here.** It takes 16 samples, and 16 times the tokens, to get about as far as greedy
#   decoding. So everything that does no worse than greedy decoding looks good "against a vote". Look at both columns.
# - **Searching for likelier answers buys nothing**, at two to eight times the price.
# - **A judge that can calculate is worth more than anything else.** It knows something that the model does not.
#   Whether it looks at each sentence or at whole samples makes little difference at the same number of tokens.
# - Stopping early gives the vote for a fifth less.
#
# minirl's main run, with many kinds of stories, gives a similar picture: after fine-tuning the greedy answer solves
# 60.1%, a vote of 8 56.1%, beams of width 4 62.5%, and the sample with the fewest false equations 62.1%, where the
# ceiling is 78.2%. After reinforcement learning the greedy answer alone solves 98.5%, and nothing improves on it by a
# point. Training has moved the probability to where the judge would look. (`python -m minirl.zoo runs/roger` makes
# the table for a run of yours; these are means of three runs, with intervals, in [the page about
# reasoning](../docs/reasoning.md#the-zoo).)
#
# **Try it.** The judge needs samples that differ. Is temperature 1 the best for it? `drawn` has samples of five kinds:
#
# ```python
# for name, some in drawn.items():
#     print(f"{name:20s}", percent(chosen(some, 8, "soundest").right), percent(passed(some, 8).right))
# ```

# %% [markdown]
# ## You should know
#
# 1. A vote finds the most frequent answer. It corrects slips, and makes wrong beliefs even surer.
# 2. pass@k is the ceiling: the share of problems for which at least one of k samples is right.
# 3. A verifier judges without knowing the answer. It is worth what it knows beyond the model.
# 4. Beam search finds likelier answers. Likelier is not better where the model is wrong.
# 5. Compare at equal numbers of generated tokens, on the same problems, with a control for each idea.
#
# ## How this fails in practice
#
# - **Samples for free.** Sixteen samples and a vote are compared with one greedy answer, and the table does not say
#   that one costs sixteen times as much.
# - **Votes on text.** "18", "18.0" and "$18" are counted as three answers. Ask the checker which answers are the same.
# - **Cut-off samples vote.** "Answer: 1" may have been on its way to 18.
# - **A length penalty with the wrong sign.** The score is negative. Multiply where you should divide, and the search
#   prefers empty answers.
# - **A judge that is also the reward.** What is easy to please is soon pleased: with no equations at all there is no
#   false one.
#
# ## The code that runs
#
# - `minirl/generate/vote.py`: your vote, for answers that are the same in different spellings; all ways to choose;
#   early stopping.
# - `minirl/generate/equations.py`: your judge, with fractions, brackets and any number of terms.
# - `minirl/generate/temperature.py`: schedules; each row of a batch has its own clock.
# - `minirl/generate/beam.py`: your search, with the KV cache of lesson 10, for many prompts at a time. It stops as soon
#   as nothing better can come.
# - `minirl/generate/step_beam.py`: sentences in place of tokens, and any judge.
# - `minirl/zoo/`: all of it on the same problems, at equal budgets.
#
# ## Sources
#
# - Aggarwal, P. and others (2023). Let's sample step by step: adaptive-consistency for efficient reasoning and coding
#   with LLMs. *EMNLP 2023*; arXiv:2305.11860.
# - Wang, X. and others (2022). Self-consistency improves chain of thought reasoning in language models.
#   arXiv:2203.11171.
#
# **Next:** lesson 17 hands the arithmetic to a calculator. Then there is nothing left to judge.
