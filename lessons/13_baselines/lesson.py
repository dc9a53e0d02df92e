# %% [markdown]
# # Lesson 13. Baselines and variance
#
# *About two hours and a quarter. You need lesson 12 (the policy gradient, and the small agent whose episodes can be
# listed).*
#
# In lesson 12 you subtracted the mean reward of the other samples, and saw that the estimate of the gradient scattered
# less. Why this mean? Is there something better? And does it help in the end, when a model is trained? The first two
# questions have exact answers, and you compute them. The third has to be measured, and there the honest answer often
# differs from the textbook's.
#
# When you have finished this lesson, you can
#
# - compute the best constant baseline, and say why it is not the mean reward;
# - compute the exact mean and variance of any way to make advantages;
# - say when a problem teaches nothing, and how many samples that takes;
# - compare two methods over seeds, and say "not shown" when it is not shown.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 13.1` checks the first one. From here on this text writes `check 13.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 13.a}
#
# Section 1 gives it away with a small table, so make your guess before you go on.

# %% [markdown]
# ## 1. One question, two answers
#
# Let us begin with the smallest agent there is. It says yes or no. Its only parameter is z, the logit of yes (the logit
# of no is 0), and it says yes with probability p. By lesson 3, the gradient of log π with respect to z is
#
#     g = 1 − p   for yes,        g = −p   for no.
#
# "Yes" is right and gets the reward 1, "no" gets 0. An estimate of the policy gradient from a single episode is
# (R − b) · g, with a baseline b. For p = ½ there are two cases:
#
#                 g      R     R · g     (R − ½) · g
#     yes        +½      1      ½           ¼
#     no         −½      0      0           ¼
#
# Both columns have the mean ¼: the baseline changes nothing on average. But without it the estimate is ½ or 0, and with
# it the estimate is ¼, always. A single episode gives the exact gradient!
#
# So a baseline can remove all of the scatter. Which b is the best one for another p? A variance is the mean of the
# square minus the square of the mean. (Multiply out its definition in lesson 0b.) The mean of our estimate does not
# depend on b. So its variance is smallest where the mean of its square is smallest. With E[...] for the mean over all
# episodes, this is
#
#     E[(R − b)² g²] = (1 − b)² · s₁ + b² · s₀.
#
# Here s₁ is the part of E[g²] that comes from the episodes with reward 1, and s₀ is the part from the episodes with
# reward 0. As a function of b this is a parabola. For more than one parameter, |g|² stands in place of g².
#
# {predict 13.b}
#
# > **Exercise 13.1** (level 2, 15 minutes). Write `best_baseline(square)`, the b at the bottom of this parabola.

# %%
import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped

my = exercises_of(13)
reveal("13.a")
print()


def yes_or_no(p):
    """The agent that says yes, the right answer, with probability p: its probability, mean and square."""
    return np.array([1 - p, p]), np.array([[-p * (1 - p)], [p * (1 - p)]]), np.array([(1 - p) * p**2, p * (1 - p) ** 2])


for p in (0.5, 0.9):
    print(f"right with probability {p}: the best constant baseline is {my.best_baseline(yes_or_no(p)[2]):.2f}")
print()
reveal("13.b")
assert abs(my.best_baseline(yes_or_no(0.9)[2]) - 0.1) < 1e-12

# %% [markdown]
# The best constant is 1 − p: for a good agent it is *small*. It is not the mean reward. The mean reward would be right
# if all gradients had the same length. But an action that the agent hardly ever takes has a long gradient, and one that
# it nearly always takes has a short one. A good agent takes its wrong actions seldom.
#
# **How much does the wrong constant cost?** The figure shows the variance against b, for three agents.

# %%
b = np.linspace(-0.2, 1.2, 141)
picture = Picture("", 6.5, 3)
axes = picture.subplots()
described = []
for p, colour, style in zip((0.3, 0.5, 0.9), COLOURS, STYLES, strict=False):
    probability, mean, square = yes_or_no(p)
    variance = (1 - b) ** 2 * square[1] + b**2 * square[0] - (p * (1 - p)) ** 2
    best = my.best_baseline(square)
    lowest = (1 - best) ** 2 * square[1] + best**2 * square[0] - (p * (1 - p)) ** 2
    axes.plot(b, variance, color=colour, linestyle=style, label=f"right with probability {p}")
    axes.plot([best], [lowest], "o", color=colour)
    at_mean = (1 - p) ** 2 * square[1] + p**2 * square[0] - (p * (1 - p)) ** 2
    described.append(f"for p = {p} it is lowest at b = {best:.1f}, where it is {abs(lowest):.3f}")
    if abs(best - p) > 1e-9:
        described[-1] += f", and {at_mean:.3f} at b = p"
    assert abs(lowest) < 1e-12
picture.alt = "The variance of an estimate from one episode against the baseline, three parabolas: "
picture.alt += "; ".join(described) + "."
axes.set(xlabel="baseline b", ylabel="variance")
axes.legend()
picture

# %% [markdown]
# For this agent the lowest variance is 0 for every p. That is luck: with two actions and one parameter, all episodes
# can be made to agree. With more actions something always remains.

# %% [markdown]
# ## 2. The mean of any estimate
#
# A real agent does not know its p, nor the squares. It has n samples of each problem, and makes a baseline of them. The
# advantage of a sample then depends on all n rewards, and the mean of the estimate is no longer one line. Is it still
# the gradient? For the mean of the *other* samples it is, and lesson 12 proved it. For any other way to make advantages
# we would like to *compute* it.
#
# Take n episodes. The estimate is the mean of A₁g₁, A₂g₂, ..., Aₙgₙ, and all of these have the same average. So we
# need E[A₁ g₁]. The advantage A₁ depends on the rewards alone. And rewards are 0 or 1. So there are only 2ⁿ cases,
# one for each vector of rewards r = (r₁, ..., rₙ). In each case A₁ is a known number. What is left is the average of
# g₁ over the episodes with the reward r₁, times the probability of the other rewards:
#
#     E[A₁ g₁] = Σ over all r of  A₁(r) · m(r₁) · P(r₂) · ... · P(rₙ),        m(r) = E[g 1(R = r)].
#
# The sign 1(R = r) means: count the episode only if its reward is r. So the probability of r₁ is in m already. That is
# why the product begins with r₂.
#
# Example: two samples, and the baseline is the mean of both. For rewards (1, 1) and (0, 0) both advantages are 0. For
# (1, 0) the first is ½, and for (0, 1) it is −½. So
#
#     E[A₁ g₁] = ½ · m(1) · P(0) − ½ · m(0) · P(1).
#
# All g together average to 0, so m(0) = −m(1), and this is ½ · m(1) · (P(0) + P(1)) = ½ m(1). The gradient is
# m(1) = E[R g]. The own reward in the mean has halved it.
#
# > **Exercise 13.2** (level 3, 25 minutes). Write `exact_mean(advantage, probability, mean, n)`.


# %%
def plain(rewards):
    """No baseline."""
    return rewards


def own_mean(rewards):
    """Minus the mean of all samples, its own one included."""
    return rewards - rewards.mean(axis=1, keepdims=True)


def leave_one_out(rewards):
    """Minus the mean of the other samples."""
    n = rewards.shape[1]
    return (rewards - rewards.mean(axis=1, keepdims=True)) * n / (n - 1)


probability, mean, square = yes_or_no(0.3)
truth = mean[1, 0]
print(f"the gradient is {truth:.4f}\n")
print("samples     plain   own mean   leave one out")
for n in (2, 4, 8):
    found = [my.exact_mean(way, probability, mean, n)[0] for way in (plain, own_mean, leave_one_out)]
    print(f"{n:5d}   " + "   ".join(f"{x:8.4f}" for x in found))
    assert abs(found[0] - truth) < 1e-12 and abs(found[2] - truth) < 1e-12
    assert abs(found[1] - truth * (1 - 1 / n)) < 1e-12

# %% [markdown]
# No sampling, no error bars. The own mean shortens the gradient by 1/n, for every agent, and the other two leave it as
# it is. This is what "unbiased" means, to twelve digits.

# %% [markdown]
# ## 3. The scatter of any estimate
#
# The variance needs one more thought. The squared length of a mean of n terms is a sum of n² products, divided by n²:
#
#     |1/n Σ Aᵢ gᵢ|²  =  1/n² · (n products of a term with itself + n (n − 1) products of two different terms).
#
# On average all products of the first kind are equal, and all of the second kind. So the variance is
#
#     E[A₁² |g₁|²] / n  +  (n − 1)/n · E[A₁ A₂ g₁·g₂]  −  |E[A₁ g₁]|².
#
# The first is the sum of section 2, with A₁² for A₁ and the square s(r₁) for m(r₁). In the second, two episodes are
# fixed. They are independent once their rewards are given, so the average of g₁·g₂ is m(r₁)·m(r₂), and the product of
# the other probabilities begins with r₃. You would expect the second to be |E[A₁ g₁]|². It is not, because A₁ and A₂
# are made from the same rewards.
#
# > **Exercise 13.3** (level 4, 35 minutes). Write `exact_variance(advantage, probability, mean, square, n)`. For one
# > sample and two samples of the plain kind, its docstring in `exercises.py` has the numbers. Work them out by hand
# > first.
#
# Now take the agent of lesson 12. It writes up to three tokens, numbered from 0 to 4, and token 0 ends its text. These
# are 85 different episodes. Token 2 is the wrong word: an episode without it gets the reward 1, all others get 0. The
# agent has 30 parameters.

# %%
twelve = exercises_of(12)
V, END, HORIZON = 5, 0, 3
episodes = twelve.all_episodes(V, END, HORIZON)
rewards = np.array([0.0 if 2 in episode else 1.0 for episode in episodes])
theta = np.random.default_rng(3).normal(0, 1, (V + 1, V))


def agent(shift):
    """probability, mean and square of the agent of lesson 12, with the logit of token 2 moved in all rows."""
    moved = theta.copy()
    moved[:, 2] += shift
    p = np.exp([twelve.log_prob(moved, episode) for episode in episodes])
    g = np.array([twelve.grad_log_prob(moved, episode) for episode in episodes]).reshape(len(episodes), -1)
    chosen = np.stack([p * (rewards == r) for r in (0, 1)])
    return chosen.sum(axis=1), chosen @ g, chosen @ (g * g).sum(axis=1)


ways = {"plain": plain, "own mean": own_mean, "leave one out": leave_one_out}
probability, mean, square = agent(0.0)
print(f"right with probability {probability[1]:.2f}; best constant baseline {my.best_baseline(square):.2f}\n")
print("8 samples        mean/gradient   variance   signal")
for name, way in ways.items():
    average = my.exact_mean(way, probability, mean, 8)
    variance = my.exact_variance(way, probability, mean, square, 8)
    length = np.linalg.norm(average)
    print(f"{name:15s}{length / np.linalg.norm(mean[1]):14.3f}{variance:12.4f}{length / np.sqrt(variance):9.3f}")

# %% [markdown]
# The *signal to noise*, "signal" in the table, is the length of the mean divided by the root of the variance. A larger
# step makes both larger, so it does not change with the learning rate. The own mean and leave-one-out have the same
# signal to noise: one is the other times a constant.
#
# **How many samples are worth their price?** The next figure shows the signal to noise of leave-one-out, for agents
# that are right with different probabilities.

# %%
shifts = np.linspace(-3, 4, 15)
agents = [agent(shift) for shift in shifts]
rates = [float(one[0][1]) for one in agents]


def signal_to_noise(way, one, n):
    """The length of the mean of the estimate, divided by the root of its variance."""
    return float(np.linalg.norm(my.exact_mean(way, *one[:2], n)) / np.sqrt(my.exact_variance(way, *one, n)))


signal = {n: [signal_to_noise(leave_one_out, one, n) for one in agents] for n in (2, 4, 8)}
middle = int(np.argmin(np.abs(np.array(rates) - 0.5)))
print(f"signal to noise near p = {rates[middle]:.2f}     2 samples  8 samples  how many times")
for name, way in (("plain", plain), ("leave one out", leave_one_out)):
    two, eight = (signal_to_noise(way, agents[middle], n) for n in (2, 8))
    print(f"{name:29s}{two:10.2f}{eight:11.2f}{eight / two:16.2f}")
    assert eight / two > 2.5 if name == "leave one out" else abs(eight / two - 2) < 1e-6
picture = Picture(
    "Signal to noise of leave-one-out against the probability of a right answer, for 2, 4 and 8 samples. It is highest "
    f"in the middle and falls to both ends. Near p = {rates[middle]:.2f} it is "
    + ", ".join(f"{signal[n][middle]:.2f} with {n}" for n in signal) + ".",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (n, values), colour, style in zip(signal.items(), COLOURS, STYLES, strict=False):
    axes.plot(rates, values, color=colour, linestyle=style, marker="o", markersize=3, label=f"{n} samples")
axes.set(xlabel="probability of a right answer", ylabel="signal to noise", ylim=(0, None), xlim=(0, 1))
axes.legend()
assert all(a < b < c for a, b, c in zip(signal[2], signal[4], signal[8], strict=True))
picture

# %% [markdown]
# Without a baseline, four times as many samples give exactly twice the signal, as with every average. With
# leave-one-out they give nearly three times as much. With 2 samples, the baseline of each is a single reward, which is
# 0 or 1 by chance. With 8 samples it is the mean of seven. So more samples also make a better baseline. With only 2,
# leave-one-out is even a little worse here than no baseline at all.
#
# And where nearly all answers are right, or nearly all wrong, even eight samples give hardly any. We come back to that
# in section 5.

# %% [markdown]
# ## 4. Divided by the scatter
#
# The widely used method GRPO, "group relative policy optimization" (Shao et al., 2024), also divides by the standard
# deviation of the group. A *group* is all samples of one problem. The idea is that all problems then speak with the
# same loudness.
#
# > **Exercise 13.4** (level 2, 15 minutes). Write `group_normalised(rewards)`. Mind groups in which all rewards are
# > equal: dividing by their standard deviation is 0 / 0.
#
# For a single problem this only changes the length. But training has many problems, and their gradients are added up.
# **Which problems does the division make louder?** The figure compares the length of the mean with the length of the
# true gradient.

# %%
loudness = {}
for name, way in (("leave one out", leave_one_out), ("group normalised", my.group_normalised)):
    loudness[name] = []
    for p in np.linspace(0.04, 0.96, 24):
        probability, mean, _ = yes_or_no(p)
        loudness[name].append(float(my.exact_mean(way, probability, mean, 8)[0] / mean[1, 0]))
at = np.linspace(0.04, 0.96, 24)
lowest = min(loudness["group normalised"])
picture = Picture(
    "Length of the mean estimate divided by the length of the gradient, against the probability of a right answer, for "
    f"8 samples. Leave-one-out is 1 everywhere. Group-normalised is {lowest:.2f} in the middle and rises to both ends, "
    f"to {max(loudness['group normalised']):.2f}.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(loudness.items(), COLOURS, STYLES, strict=False):
    axes.plot(at, values, color=colour, linestyle=style, label=name)
axes.set(xlabel="probability of a right answer", ylabel="mean / gradient", ylim=(0, None))
axes.legend()
assert lowest > 1.5 and max(loudness["group normalised"]) > 1.2 * lowest
picture

# %% [markdown]
# Everything becomes louder, and a smaller learning rate makes up for that. But the two ends become louder than the
# middle: problems that are nearly always solved, or nearly never. So the division climbs another hill than the expected
# reward. It gives hard problems more weight, and it gives more weight to problems that are solved already.

# %% [markdown]
# ## 5. When nothing can be learned
#
# If all samples of a problem are right, or all are wrong, every baseline of this lesson gives the advantage 0 to all of
# them. Such a problem costs as much as any other and teaches nothing. A problem with right and wrong samples is called
# **informative**.
#
# {predict 13.c}
#
# > **Exercise 13.5** (level 2, 10 minutes). Write `chance_informative(p, n)`.

# %%
print(f"p = 0.02, 16 samples: informative in {my.chance_informative(0.02, 16):.0%} of all cases\n")
reveal("13.c")
p = np.linspace(0, 1, 101)
chances = {n: [my.chance_informative(float(x), n) for x in p] for n in (2, 4, 8, 16)}
picture = Picture(
    "The chance that samples of a problem differ in reward, against the probability of a right answer, for 2, 4, 8 and "
    f"16 samples. In the middle it is {chances[2][50]:.2f} for 2 and nearly 1 for 16; at p = 0.02 it is "
    f"{chances[2][2]:.2f} for 2 and {chances[16][2]:.2f} for 16.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (n, values), colour, style in zip(chances.items(), COLOURS, STYLES, strict=False):
    axes.plot(p, values, color=colour, linestyle=style, label=f"{n} samples")
axes.set(xlabel="probability of a right answer", ylabel="chance that it is informative", ylim=(0, 1.05))
axes.legend()
picture

# %% [markdown]
# **What would you do with a model that solves 2% of its problems?** More samples help, and cost. Easier problems help
# more. And a model that solves nothing at all cannot be helped by reinforcement learning: it first has to be shown
# how. minirl prints the share of informative problems before it begins ("preflight"), and says so if there are next to
# none.

# %% [markdown]
# ## 6. Does it matter? The small agent learns
#
# So far we have looked at a single step. Training takes many, and each one starts where the last one ended. Let the
# small agent of lesson 12 learn by sampling: 8 episodes for each step, four ways to make advantages, five seeds each.
# We know its J exactly at every step, so the curves have no noise of measuring. All noise in them is the noise of
# learning. (The fourth way is leave-one-out times 2. You will see what it is for.)

# %%
STEPS, RATE = 100, 0.5


def learn(way, seed):
    """J after every step."""
    rng, own, heights = np.random.default_rng(seed), theta.copy(), []
    own[:, 2] += 2  # it begins by saying the wrong word often
    for _ in range(STEPS):
        p = np.exp([twelve.log_prob(own, episode) for episode in episodes])
        heights.append(float(p @ rewards))
        drawn = rng.choice(len(episodes), size=8, p=p / p.sum())
        A = way(rewards[drawn][None])[0]
        own = own + RATE * np.mean(
            [a * twelve.grad_log_prob(own, episodes[i]) for a, i in zip(A, drawn, strict=True)], axis=0
        )
    return heights


kinds = {"plain": plain, "leave one out": leave_one_out, "group normalised": my.group_normalised}
kinds["twice leave one out"] = lambda rewards: 2 * leave_one_out(rewards)
learned = {name: [learn(way, seed) for seed in range(5)] for name, way in kinds.items()}
picture = Picture(
    "The exact expected reward against the steps, five seeds for each of four ways. Mean over the seeds after "
    f"{STEPS} steps: "
    + ", ".join(f"{name} {np.mean([run[-1] for run in runs]):.3f}" for name, runs in learned.items()) + ".",
    9, 2.8,
)  # fmt: skip
for axes, (name, runs), colour in zip(picture.subplots(1, 4, sharey=True), learned.items(), COLOURS, strict=False):
    for run in runs:
        axes.plot(run, color=colour, linewidth=1)
    axes.set(title=name, xlabel="step", ylim=(0, 1.02))
picture

# %% [markdown]
# **Which of the four is the best?** One is tempted to look and to say it. Let us be careful instead. Two methods with
# the same seed begin alike and share some of their luck. So take the differences, seed by seed, and ask whether their
# mean is further from 0 than chance explains.
#
# The mean of n differences has a standard error, as in lesson 0b. For large n the true mean is within 1.96 standard
# errors in 95 of 100 cases. For small n the standard deviation is itself only guessed, from n numbers, and a larger
# factor is needed (Student, 1908): 4.30 for n = 3, 2.78 for n = 5, 2.26 for n = 10. It is called t.
#
# > **Exercise 13.6** (level 3, 25 minutes). Write `verdict(first, second, t)`.

# %%
T = {3: 4.303, 5: 2.776}
early = {name: [float(np.mean(run[:50])) for run in runs] for name, runs in learned.items()}
late = {name: [run[-1] for run in runs] for name, runs in learned.items()}
print(f"which is better?{'first 50 steps':>44s}{'at the end':>14s}")
for one, other in (
    ("leave one out", "plain"), ("group normalised", "leave one out"), ("group normalised", "twice leave one out"),
):  # fmt: skip
    said = {"first": one, "second": other, "not shown": "not shown"}
    words = [said[my.verdict(some[one], some[other], T[5])] for some in (early, late)]
    print(f"{one + ' against ' + other:46s}{words[0]:18s}{words[1]}")

# %% [markdown]
# The second line looks like a discovery: the division is *shown* to be better than leave-one-out. Before you believe
# it, ask what else is different. Section 4 said that the division makes the mean estimate about twice as long. So
# with the same learning rate it takes steps twice as long, and this agent has nothing against long steps. That is why
# the fourth way is there: leave-one-out, times 2. Against it, nothing is shown.
#
# So the runs compared two lengths of a step, and not two ideas. Many comparisons in papers are of this kind: a new
# method at a learning rate that suits it, and an old one at the same rate. The interval cannot tell you so. It says
# that a difference is no accident, and not where it comes from.
#
# And the first line? A baseline has the larger signal to noise where most answers are right (lesson 12). Here the agent
# begins with few right answers. Where it has many, there is little left to learn.

# %% [markdown]
# ## 7. Does it matter? The language model
#
# Now the model of lesson 12, which answers questions about tennis balls. Three ways to make advantages, three seeds,
# ten updates each. The division by the standard deviation comes from *your* function.
#
# {predict 13.d}

# %%
from minirl.lessons.roger import RogerTask, roger_model, roger_tokenizer
from minirl.optim import AdamW
from minirl.rl import RLConfig, rollout
from minirl.rl.reinforce import reinforce

task, tokenizer = RogerTask(), roger_tokenizer()
problems = task.by_split["shown"]
start = roger_model(tokenizer, task).state_dict()


def practised(kind, seed, updates=10):
    """The share of right answers after some updates, and the rewards on the way."""
    model, rng, curve = roger_model(tokenizer, task, steps=0), np.random.default_rng(seed), []
    model.load_state_dict(start)
    config = RLConfig(samples=8, temperature=1.0, max_new_tokens=40, advantage=kind)
    optimizer = AdamW(model.parameters(), lr=1e-3, weight_decay=0)
    for update in range(updates):
        asked = [problems[i] for i in rng.integers(0, len(problems), 16)]
        _, measures = reinforce(model, optimizer, tokenizer, task, asked, config, seed=(seed, update))
        curve.append(measures["reward"])
    answers = rollout(model, tokenizer, task, problems, 2, max_new_tokens=40, seed=9)
    return float(np.mean([episode.reward for episode in answers])), curve


with swapped("rl.group_normalised") as used:
    runs = {
        kind: [practised(kind, seed) for seed in range(3)] for kind in ("plain", "leave_one_out", "group_normalised")
    }
solved = {kind: [share for share, _ in some] for kind, some in runs.items()}
print(used, "\n")
for kind, shares in solved.items():
    print(f"{kind:17s} right after 10 updates, three seeds: " + "  ".join(f"{share:.0%}" for share in shares))
print()
for one, other in (("leave_one_out", "plain"), ("leave_one_out", "group_normalised")):
    apart = 100 * (np.array(solved[one]) - np.array(solved[other]))
    reach = T[3] * apart.std(ddof=1) / np.sqrt(3)
    said = my.verdict(solved[one], solved[other], T[3])
    print(f"{one} minus {other}: {apart.mean():+.0f} points, give or take {reach:.0f}: {said}")
print()
reveal("13.d")
assert used["rl.group_normalised"].calls == 30

# %% [markdown]
# **How far apart are the runs of one kind?** Compare this with the distance between the kinds.

# %%
picture = Picture(
    "Share of right answers after 10 updates, a point for each of three seeds and three kinds of advantages: "
    + "; ".join(f"{kind} {min(s):.2f} to {max(s):.2f}" for kind, s in solved.items()) + ".",
    6, 2.6,
)  # fmt: skip
axes = picture.subplots()
for row, (shares, colour) in enumerate(zip(solved.values(), COLOURS, strict=False)):
    axes.plot(shares, [row] * 3, "o", color=colour)
    axes.plot([np.mean(shares)], [row], "|", color=colour, markersize=22)
axes.set_yticks(range(3), list(solved))
axes.set(xlabel="share of right answers", ylim=(-0.6, 2.6))
axes.invert_yaxis()
picture

# %% [markdown]
# The runs of one kind lie apart by some points, and so do the kinds. That is all that these nine runs say. (Do not
# judge by whether the ranges overlap. The runs are pairs with the same seed, and the differences above use that.) How
# many would it take? If the differences scatter by s points from seed to seed, and the true difference is d, about n =
# (2.8 · s / d)² seeds are needed to see it in most cases. (Lesson 18 derives a number of this kind for two groups that
# are not paired. Each of them scatters by itself, so a factor 2 comes in there. Here s is the scatter of the
# differences already.) For s = 4 and d = 2 that is about 31 seeds of each kind. Small differences are expensive. So
# decide before you run which difference would matter to you, and do not look for smaller ones.
#
# ## You should know
#
# 1. The best constant baseline weighs the rewards with |g|². It is not the mean reward.
# 2. Rewards are 0 or 1, so the mean and the variance of any way to make advantages are sums of 2ⁿ terms.
# 3. The own reward in the mean shortens the gradient by 1/n. Dividing by the standard deviation gives the very easy and
#    the very hard problems more weight.
# 4. If all samples of a problem agree, it teaches nothing. The chance of that is pⁿ + (1 − p)ⁿ.
# 5. Two methods are compared by the differences over seeds. "Not shown" is a result.
#
# ## How this fails in practice
#
# - **The baseline sees its own sample.** With 2 samples the own mean halves the gradient. Nothing crashes; training is
#   slow, and somebody raises the learning rate.
# - **0 / 0.** A group with equal rewards is divided by a standard deviation of 0. To ask whether it is 0 does not help
#   with rewards other than 0 and 1. The mean of three times 0.1 is not quite 0.1. So the standard deviation is not
#   quite 0 either, and the remainder is blown up to 1. Compare the rewards themselves.
# - **Normalised over the batch.** The mean and the standard deviation are taken over the samples of all problems
#   together, and not over each group. Hard problems then get negative advantages throughout, easy ones positive ones.
#   The model learns which problems are easy.
# - **Nothing to learn.** The reward stays where it is, and so does everything else. Look at the share of informative
#   problems before you change the learning rate.
# - **The better seed.** Somebody compares the best of five runs of the new method with one run of the old one.
#
# ## The code that runs
#
# - `minirl/rl/advantage.py`: the kinds of this lesson, and the mean of the whole batch, with rounding taken care of.
# - `minirl/rl/exact.py`: your `exact_mean` and `exact_variance`, for tests and for lesson 12.
# - `minirl/rl/preflight.py`: what is informative, before a run begins.
# - [Which baseline, at which learning rate?](../docs/results.md#which-baseline-at-which-learning-rate) has minirl's own
#   experiment, with five seeds and longer runs. No baseline did at least as well there.
#
# ## Sources
#
# - Shao, Z. and others (2024). DeepSeekMath: pushing the limits of mathematical reasoning in open language models.
#   arXiv:2402.03300.
# - Student (1908). The probable error of a mean. *Biometrika* 6(1), 1–25.
#
# **Next:** lesson 14 puts all of your parts into the main job. Lesson 15 goes on here: a value function is a baseline
# that is learned.
