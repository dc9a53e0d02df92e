# %% [markdown]
# # Lesson 12. REINFORCE, exactly
#
# *About three hours. You need lesson 1 (states, actions, rewards) and lesson 3 (the gradient of softmax).*
#
# In lesson 1 a model got better at a question, and you only saw that it did. Now you will see why. We take an agent
# that is so small that nothing about it has to be guessed: every episode can be listed, every average can be computed,
# and every claim of this lesson can be checked to twelve digits. Then you take the same formulas to a language model.
#
# When you have finished this lesson, you can
#
# - derive the policy gradient from the definition of the expected return;
# - compute it exactly for a small agent, and test an estimate against the truth;
# - say what a baseline changes and what it does not, with exact numbers;
# - explain why the number printed as loss says nothing about progress.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 12.1` checks the first one, `check 12.1` for short.

# %% [markdown]
# ## Warm-up
#
# You watch a model being trained with reinforcement learning.
#
# {predict 12.a}
#
# The answer comes at the end, from a run of your own.

# %% [markdown]
# ## 1. A world that fits on a page
#
# Our agent knows five tokens, 0 to 4. Token 0 ends an episode, and after three tokens it is cut off. When it chooses,
# it looks only at the last token. So the whole agent is a table of logits θ (theta), with a row for each last token and
# one more row for the beginning: 6 rows of 5 numbers, 30 parameters in all.
#
# How many different episodes are there? Guess, and then let your function count.
#
# > **Exercise 12.1** (level 2, 15 minutes). Write `all_episodes(vocab_size, end, horizon)`.

# %%
import math

import numpy as np

from minirl.lessons import COLOURS, Picture, exercises_of, reveal, swapped

my = exercises_of(12)
V, END, HORIZON = 5, 0, 3
episodes = my.all_episodes(V, END, HORIZON)
print(f"{len(episodes)} episodes. The first five: {sorted(episodes)[:5]}")
assert len(episodes) == 85

# %% [markdown]
# There are 85: one that ends at once, 4 that end with the second token, 16 that end with the third, and 64 that are
# cut off. We pay a reward of 1 to every episode in which the agent never says 2. (Token 2 is the wrong word. In a real
# task the checker would say "the answer is right".)
#
# What is the probability of an episode, say (2, 3, 0)? The agent first draws 2, then 3 after 2, then 0 after 3. Each of
# these draws has a chance of its own, so the probabilities multiply:
#
#     p(2, 3, 0) = π(2 | beginning) · π(3 | 2) · π(0 | 3).
#
# Products of many numbers below 1 become tiny. For an answer of 1,000 tokens, the product is too small for any
# floating-point number. So we use the logarithm, which turns the product into a sum:
#
#     log p(τ) = Σ over the steps t of  log π(aₜ | sₜ).
#
# Here τ (tau) is the usual name for an episode.
#
# Where does log π(3 | 2) come from? Row 2 of the table, θ[2], holds the logits after token 2. Let us write z for this
# row. Softmax turns it into probabilities, and the logarithm of softmax is
#
#     log π(a) = z(a) − log Σ e^z(b)         where the sum goes over all tokens b.
#
# For the first action there is no token before, and z is the last row, θ[−1].
#
# This formula is right, but a computer cannot always use it. The largest floating-point number is about 10³⁰⁸, or
# e^709. For a logit of 1,000, e^1000 is larger than that, so the sum is infinite. It does not help to compute softmax
# in a safe way and then take its logarithm. For z = (1000, 0), the second probability is e^−1000, which is smaller than
# every floating-point number above 0. It becomes 0, and log 0 is −∞, where −1000 would be right.
#
# The way out is to *stay in logs*. Take the largest logit of the row, m, and move it out of the sum:
#
#     log π(a) = (z(a) − m) − log Σ e^(z(b) − m).
#
# Now no exponent is larger than 0, and one is equal to 0, so the sum lies between 1 and the number of tokens. No
# probability is ever formed. (Lesson 3 calls this log-sum-exp.)
#
# > **Exercise 12.2** (level 2, 15 minutes). Write `log_prob(theta, episode)`: go through the episode, remember the
# > token before, and add up log π of each action.

# %%
theta = np.random.default_rng(3).normal(0, 1, (V + 1, V))
rewards = [0.0 if 2 in episode else 1.0 for episode in episodes]
probabilities = np.exp([my.log_prob(theta, episode) for episode in episodes])
print(f"p(2, 3, 0) = {math.exp(my.log_prob(theta, (2, 3, 0))):.5f}")
print(f"All 85 probabilities add up to {probabilities.sum():.12f}. {sum(rewards):.0f} episodes have reward 1.")
assert abs(probabilities.sum() - 1) < 1e-12

# %% [markdown]
# The goal is the **expected return**, the average reward if the agent played forever:
#
#     J(θ) = Σ over all episodes τ of  p(τ; θ) · R(τ).
#
# R(τ) is the reward of the episode. It does not depend on θ: the checker does not care who wrote the answer.
#
# > **Exercise 12.3** (level 2, 10 minutes). Write `expected_return(theta, episodes, rewards)`.

# %%
J = my.expected_return(theta, episodes, rewards)
rng = np.random.default_rng(0)
drawn = rng.choice(len(episodes), size=10_000, p=probabilities / probabilities.sum())
mean = np.mean([rewards[i] for i in drawn])
error = math.sqrt(J * (1 - J) / len(drawn))
print(f"J = {J:.6f} exactly. From 10,000 played episodes: {mean:.4f}, with a standard error of {error:.4f}.")
assert abs(mean - J) < 5 * error

# %% [markdown]
# Ten thousand episodes give two digits. The list of 85 gives all of them. This is the value of a small world: we know
# the truth.

# %% [markdown]
# ## 2. Uphill
#
# J is a hill over the space of the 30 parameters, and we want to walk up. So we need its gradient. The rewards do not
# depend on θ, only the probabilities do:
#
#     ∇J = Σ over τ of  ∇p(τ) · R(τ).
#
# (∇, nabla, stands for the gradient with respect to θ.) For 85 episodes, we could compute this. For a language model,
# we have to *sample* episodes instead of listing them. But look: sampling gives averages, that is, sums in which each
# episode is weighted with its probability p(τ). In this sum there is no p(τ). There is ∇p(τ).
#
# So we bring the p back in. Multiply and divide by it, and remember from school that the derivative of log p is the
# derivative of p, divided by p:
#
#     ∇p = p · (∇p / p) = p · ∇log p.
#
# Put this in:
#
#     ∇J = Σ over τ of  p(τ) · R(τ) · ∇log p(τ).
#
# Now it is an average: *play episodes, and average R(τ) · ∇log p(τ).* And as log p is a sum over the steps,
#
#     ∇J = average of  R(τ) · Σ over t of ∇log π(aₜ | sₜ).
#
# This is **REINFORCE** (Williams, 1992). ∇log π(a | s) is the direction that makes the action likelier. So the formula
# says: make the actions of rewarded episodes likelier, and that is uphill. No derivative of the checker is needed, nor
# of the drawing. The checker can be any program.
#
# {predict 12.b}
#
# What is ∇log π for our table? Take one action a, and the row z that it was drawn from. You computed the gradient of
# log π(a) = z(a) − log Σ e^z(b) in lesson 3: 1 at the action, minus the whole softmax of the row. For each token b of
# this row,
#
#     ∂ log π(a) / ∂z(b)  =  1 − π(b)  if b is a,  and  −π(b)  otherwise.
#
# All other rows get nothing. Let us do it by hand, with two tokens and a table of zeros, so that every π is ½. The
# episode is (1, 0). The action 1 was drawn from the last row, and adds (−½, +½) to it. The action 0 was drawn from row
# 1, and adds (+½, −½) to that:
#
#     row 0                   0    0
#     row 1                  +½   −½
#     row 2, the last one    −½   +½
#
# An episode that draws from the same row twice, such as (1, 1, 0), adds to it twice. And mind large logits again: here
# you do need π itself, so compute it as e^(z(b) − m) / Σ e^(z(c) − m). A probability that is too small and becomes 0
# does no harm in this formula.
#
# > **Exercise 12.4** (level 3, 30 minutes). Write `grad_log_prob(theta, episode)`. The loop is the one of 12.2. It does
# > not add up numbers, but adds to a row of the gradient.
#
# > **Exercise 12.5** (level 2, 15 minutes). Write `policy_gradient(theta, episodes, rewards)`, the exact gradient of J
# > by the formula above.
#
# Is the derivation right? You need not believe it. Move a parameter, and measure how J changes.

# %%
gradient = my.policy_gradient(theta, episodes, rewards)
print("parameter        REINFORCE    measured")
for index in [(V, 2), (V, 0), (1, 2), (3, 0)]:
    measured = []
    for sign in (1, -1):
        moved = theta.copy()
        moved[index] += sign * 1e-5
        measured.append(my.expected_return(moved, episodes, rewards))
    slope = (measured[0] - measured[1]) / 2e-5
    where = "at the beginning" if index[0] == V else f"after {index[0]}"
    print(f"say {index[1]} {where:17s} {gradient[index]:+.8f}  {slope:+.8f}")
    assert abs(gradient[index] - slope) < 1e-8
print()
reveal("12.b")

# %% [markdown]
# Eight digits agree. Now let the agent climb. Each step goes a little in the direction of the exact gradient.

# %%
climbing, heights = theta.copy(), []
for _ in range(60):
    heights.append(my.expected_return(climbing, episodes, rewards))
    climbing += 1.0 * my.policy_gradient(climbing, episodes, rewards)
likeliest = max(episodes, key=lambda episode: my.log_prob(climbing, episode))
print(f"J rises from {heights[0]:.3f} to {heights[-1]:.3f}. The likeliest episode is now {likeliest}.")
assert heights[-1] > 0.9 and all(np.diff(heights) > 0)

# %% [markdown]
# ## 3. From the sum to a sample
#
# A language model has to make do with a few episodes. So we estimate: play n of them, and take the mean of R · ∇log p.
# **How good is that?** The next figure shows the hill J over two of the 30 parameters. The thick arrow is the true
# gradient. Each thin arrow is an estimate from 16 episodes.

# %%
first, second = (V, 2), (V, 0)  # say 2 at the beginning; end at once
axis = np.linspace(-2.5, 2.5, 19)
hill = np.empty((len(axis), len(axis)))
for i, up in enumerate(axis):
    for j, right in enumerate(axis):
        moved = theta.copy()
        moved[first] += right
        moved[second] += up
        hill[i, j] = my.expected_return(moved, episodes, rewards)

gradients = np.array([my.grad_log_prob(theta, episode) for episode in episodes])
R = np.array(rewards)


def estimate(rng, n, advantage):
    """The mean of advantage * grad log p over n sampled episodes."""
    chosen = rng.choice(len(episodes), size=n, p=probabilities / probabilities.sum())
    return np.mean(advantage(R[chosen][None])[0][:, None, None] * gradients[chosen], axis=0)


def plain(rewards):
    """No baseline."""
    return rewards


rng = np.random.default_rng(1)
sampled = np.array([estimate(rng, 16, plain) for _ in range(40)])
LENGTH = 12
spread = sampled.std(axis=0)
picture = Picture(
    f"Lines of equal J over two parameters rise to the upper left. The true gradient points there. Forty estimates "
    f"from 16 episodes each scatter around it: their standard deviation is {spread[first]:.2f} and "
    f"{spread[second]:.2f}, where the gradient is {gradient[first]:.2f} and {gradient[second]:.2f}.",
    6, 4,
)  # fmt: skip
axes = picture.subplots()
lines = axes.contour(axis, axis, hill, levels=8, colors="#9aa5b1", linewidths=1)
axes.clabel(lines, fontsize=8)
for one in sampled:
    axes.plot([0, LENGTH * one[first]], [0, LENGTH * one[second]], color=COLOURS[1], linewidth=0.8, alpha=0.7)
arrow = {"arrowstyle": "-|>", "color": COLOURS[0], "linewidth": 3}
axes.annotate("", xy=(LENGTH * gradient[first], LENGTH * gradient[second]), xytext=(0, 0), arrowprops=arrow)
axes.set(xlabel="logit of 2 at the beginning, moved by", ylabel="logit of the end, moved by")
picture

# %% [markdown]
# On average the thin arrows are the thick one; this is what "unbiased" means. But a single one can point far to the
# side, and some of these even point downhill. An update with a bad arrow makes the model worse, and the next update has
# to repair it. Less scatter would be worth a lot.

# %% [markdown]
# ## 4. Better than the others?
#
# Here is a thought. A reward of 1 says little by itself. If the problem is easy, everybody gets 1. What is interesting
# is the surprise: *was this episode better than one could expect?* So subtract from the reward what was to be
# expected, the **baseline** b, and use the **advantage** A = R − b in place of R.
#
# May we do that? The average changes by b · average of ∇log p. And
#
#     average of ∇log p = Σ p · ∇log p = Σ ∇p = ∇ Σ p = ∇ 1 = 0.
#
# Read it slowly, it is the most useful line of this lesson. All probabilities add up to 1, so the sum cannot change,
# so its gradient is 0. Subtracting b therefore changes nothing on average, **as long as b does not depend on the
# episode itself**. Only then may it be taken out of the average.
#
# What is a good b? For a language model, we answer each problem several times. The mean reward of *the other* samples
# says how hard the problem is, and knows nothing of this one. This is called **leave-one-out**.
#
# {predict 12.c}
#
# It would be simpler to subtract the mean of *all* samples, its own one included. Many programs do, and the widely used
# method GRPO (Shao et al., 2024) also divides by the standard deviation of the *group*, which is all samples of one
# problem.
#
# {predict 12.d}
#
# > **Exercise 12.6** (level 2, 15 minutes). Write `leave_one_out(rewards)`. Each row holds the rewards of one problem.
# > For rewards 1, 0, 0 the others' means are 0, ½, ½, so the advantages are 1, −½, −½.

# %%
print(my.leave_one_out(np.array([[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]])).round(3), "\n")
reveal("12.c")

# %% [markdown]
# And what does the own reward in the mean do? We need not sample to find out. The advantages depend on the 8 rewards
# alone, and 8 rewards of 0 or 1 can come out in 2⁸ = 256 ways. minirl sums over all of them (`minirl/rl/exact.py`), and
# gives the average and the variance of the estimate *exactly*. We look at three numbers for each way to compute
# advantages:
#
# - **bias**: how far the average is from the true gradient, relative to its length;
# - **cosine**: 1 if the average has the direction of the gradient;
# - **signal**: the length of the average divided by the standard deviation. Larger is better, whatever the scale.

# %%
from minirl.rl.advantage import group_normalised
from minirl.rl.exact import exact_moments, one_episode


def own_mean(rewards):
    """Minus the mean of all samples, its own one included."""
    return rewards - rewards.mean(axis=1, keepdims=True)


summary = one_episode(probabilities / probabilities.sum(), gradients.reshape(len(episodes), -1), rewards)
kinds = {"plain": plain, "leave-one-out": my.leave_one_out, "own mean": own_mean, "normalised": group_normalised}
found = {name: exact_moments(kind, summary, 8) for name, kind in kinds.items()}
print(f"{'':15s}{'bias':>10s}{'cosine':>10s}{'signal':>10s}")
for name, moments in found.items():
    print(f"{name:15s}{moments.bias:10.1e}{moments.cosine:10.6f}{moments.signal:10.3f}")
print()
reveal("12.d")
assert found["plain"].bias < 1e-12 and found["leave-one-out"].bias < 1e-12
assert abs(found["own mean"].bias - 1 / 8) < 1e-12 and found["own mean"].cosine > 1 - 1e-12

# %% [markdown]
# Three things are worth seeing here. The bias of leave-one-out is zero up to rounding, as the derivation says. The own
# mean shortens the gradient by exactly 1/8, and a larger step makes up for it. And the normalised advantages have a
# large bias, but for *one* problem it is a matter of length again. For several problems it is not: each is stretched
# by another factor, so hard and easy problems get more weight than they have in J.
#
# **When does a baseline help most?** The figure shows the signal for agents that are right with probability p. To make
# such agents, the logit of token 2 is moved in all rows.

# %%
rates, signals = [], {"plain": [], "leave-one-out": []}
for shift in np.linspace(-3, 5, 14):
    moved = theta.copy()
    moved[:, 2] += shift
    p = np.exp([my.log_prob(moved, episode) for episode in episodes])
    g = np.array([my.grad_log_prob(moved, episode) for episode in episodes]).reshape(len(episodes), -1)
    one = one_episode(p / p.sum(), g, rewards)
    rates.append(float(one.probability[1]))
    for name in signals:
        signals[name].append(exact_moments(kinds[name], one, 8).signal)

gain = np.array(signals["leave-one-out"]) / np.array(signals["plain"])
picture = Picture(
    f"Signal to noise of an estimate from 8 episodes against the probability of being right, for no baseline and for "
    f"leave-one-out. At p = {rates[-1]:.2f} both are about the same. At p = {rates[0]:.2f} leave-one-out has "
    f"{gain[0]:.1f} times the signal.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
axes.plot(rates, signals["leave-one-out"], "-o", color=COLOURS[0], markersize=4, label="leave-one-out")
axes.plot(rates, signals["plain"], "--s", color=COLOURS[1], markersize=4, label="no baseline")
axes.set(xlabel="probability of a right answer", ylabel="signal to noise", ylim=(0, None))
axes.legend()
assert gain[0] > 2 and abs(gain[-1] - 1) < 0.05
picture

# %% [markdown]
# If nearly all answers are wrong, a reward of 1 is a surprise anyway, and there is nothing to subtract. If nearly all
# are right, plain REINFORCE pushes up everything that happens, with large random arrows that cancel only on average.
# The baseline removes them. And at both ends the signal vanishes: **whoever is always right or always wrong learns
# nothing.**
#
# Is a baseline always better, then? No theorem says so, and you have a machine to ask. Take another reward: 1 for
# episodes in which the agent says 3 and ends by itself. And take an agent that has nearly learned one of them, (3, 0).

# %%
other = theta.copy()
other[:, 3] += 1
other[V, 3] += 2.5
other[3, 0] += 3.4
other[3, 3] -= 1
p = np.exp([my.log_prob(other, episode) for episode in episodes])
g = np.array([my.grad_log_prob(other, episode) for episode in episodes]).reshape(len(episodes), -1)
one = one_episode(p / p.sum(), g, [1.0 if 3 in episode and episode[-1] == END else 0.0 for episode in episodes])
print(f"right with probability {one.probability[1]:.2f}")
for name in signals:
    print(f"{name:15s} signal {exact_moments(kinds[name], one, 8).signal:.3f}")
assert exact_moments(plain, one, 8).signal > exact_moments(my.leave_one_out, one, 8).signal

# %% [markdown]
# Here the plain estimate is the better one! All rewarded episodes are nearly the same, so their arrows agree, and
# there is no noise to remove. The negative pushes on rare wrong episodes only add some. In a language model's long
# answers, most tokens do not matter, and the first case is the usual one. But "usual" is a word that one should
# measure.

# %% [markdown]
# ## 5. How mistakes look from outside
#
# You own a rare thing: the true gradient. So you can say of any mistake what it does to the direction. The next cell
# computes the *average* estimate of five programs, exactly, and the cosine between it and the truth.
#
# - **sign**: the advantage has the wrong sign.
# - **shifted**: each action is attributed to the row of the action itself, one place too late.
# - **only the last**: only the last action of each episode gets the reward, because the reward came after it.
# - **temperature**: the agent acts with softmax(θ / 0.5), but the gradient is taken of softmax(θ).
# - **imitation**: rewarded episodes are all weighted alike, however likely they are, as if they were examples in a
#   book.

# %%


def average(weights, directions):
    """The sum of weight times direction over all episodes."""
    return np.tensordot(np.asarray(weights), np.asarray(directions), axes=1)


def shifted(episode):
    """grad log p with each action in its own row."""
    out = np.zeros_like(theta)
    for token in episode:
        pi = np.exp(theta[token] - theta[token].max())
        out[token] -= pi / pi.sum()
        out[token, token] += 1
    return out


def only_last(episode):
    """grad log pi of the last action alone."""
    return my.grad_log_prob(theta, episode) - my.grad_log_prob(theta, episode[:-1])


sharp = np.exp([my.log_prob(theta / 0.5, episode) for episode in episodes])
truth_sharp = my.policy_gradient(theta / 0.5, episodes, rewards)
wrong = {
    "sign": (average(-probabilities * R, gradients), gradient),
    "shifted": (average(probabilities * R, [shifted(episode) for episode in episodes]), gradient),
    "only the last": (average(probabilities * R, [only_last(episode) for episode in episodes]), gradient),
    "temperature": (average(sharp * R, gradients), truth_sharp),
    "imitation": (average(R / R.sum(), gradients), gradient),
}
cosines = {
    name: float((mean * truth).sum() / np.linalg.norm(mean) / np.linalg.norm(truth))
    for name, (mean, truth) in wrong.items()
}
picture = Picture(
    "Cosines between the average estimate of five mistaken programs and the true gradient: "
    + ", ".join(f"{name} {cosine:.2f}" for name, cosine in cosines.items()) + ". A right program has 1.",
    6.5, 2.6,
)  # fmt: skip
axes = picture.subplots()
axes.barh(range(5), list(cosines.values()), color=[COLOURS[1] if c < 0 else COLOURS[0] for c in cosines.values()])
axes.set_yticks(range(5), list(cosines))
for row, cosine in enumerate(cosines.values()):
    axes.text(max(cosine, 0) + 0.02, row, f"{cosine:.2f}", va="center")
axes.axvline(1, color="#52606d", linestyle="--", linewidth=1)
axes.set(xlim=(-1.1, 1.2), xlabel="cosine to the true gradient")
axes.invert_yaxis()
assert cosines["sign"] < -0.99 and all(cosine < 0.9 for cosine in cosines.values())
assert cosines["only the last"] > 0.4 and cosines["temperature"] > 0.4
picture

# %% [markdown]
# The wrong sign is found at once: the reward falls. The shifted actions and the imitation point across the slope, so
# their program learns nothing, and one would look for the mistake. But two of them go uphill, at an angle. Their
# reward rises, only less than it could. Such mistakes live long. **A curve that rises is no proof. A comparison with
# the truth is.**

# %% [markdown]
# ## 6. The same loss as always
#
# How does one tell an engine that computes gradients of a *loss* to do all this? Take
#
#     loss = − Σ over all tokens t of  wₜ · log π(aₜ | sₜ)         with wₜ = A / N.
#
# A is the advantage of the episode that the token belongs to, and N is the number of actions in the batch. The gradient
# of this loss points exactly against our estimate of ∇J, so going down on it is going up on J. Only its length differs.
# The estimate divides by the number of episodes, and the loss divides by the number of actions. This makes the whole
# gradient shorter by one factor, the mean length of an episode, and the learning rate makes up for it.
#
# Compare it with the cross-entropy of lesson 3. That is the same sum, with wₜ = 1/N. **Learning from a book and
# learning from a reward differ in one factor for each token.** In the book every token is right. In an episode a token
# is as right as the episode was better than expected. minirl has a single function for both, `linear_cross_entropy`.
#
# And the prompt? Its tokens are part of the text, but the agent did not choose them. They get the weight 0.
#
# > **Exercise 12.7** (level 2, 15 minutes). Write `token_weights(advantages, is_action, N)`.

# %%
print(my.token_weights(np.array([0.5, 0.5, 0.5, -1.0, -1.0]), np.array([False, True, True, False, True]), 3).round(3))

# %% [markdown]
# ## 7. Your formulas train a language model
#
# Now the model of lesson 1. It has learned from 100 worked problems and solves about half of them. We let it practise
# on these: 40 updates, each with 16 problems and 8 samples of each. The advantages come from *your* `leave_one_out`,
# the weights of the loss from *your* `token_weights`.

# %%
from minirl.lessons.roger import RogerTask, roger_model, roger_tokenizer
from minirl.optim import AdamW
from minirl.rl import RLConfig, rollout
from minirl.rl.reinforce import reinforce

task, tokenizer = RogerTask(), roger_tokenizer()
model = roger_model(tokenizer, task)
problems = task.by_split["shown"]


def share_solved(samples=4):
    """The share of right answers to the 100 problems."""
    found = rollout(model, tokenizer, task, problems, samples, max_new_tokens=40, seed=9)
    return float(np.mean([episode.reward for episode in found]))


before = share_solved()
config = RLConfig(samples=8, temperature=1.0, max_new_tokens=40, advantage="leave_one_out")
optimizer, rng, curve, losses = AdamW(model.parameters(), lr=1e-3, weight_decay=0), np.random.default_rng(0), [], []
with swapped("rl.leave_one_out", "rl.token_weights") as used:
    for update in range(40):
        asked = [problems[i] for i in rng.integers(0, len(problems), 16)]
        _, measures = reinforce(model, optimizer, tokenizer, task, asked, config, seed=(0, update))
        curve.append(measures["reward"])
        losses.append(measures["loss"])
after = share_solved()

print(used)
print(f"\nright answers: {before:.1%} before, {after:.1%} after (400 samples; standard error about 2.5 points)\n")
reveal("12.a")
assert after > before + 0.08 and used["rl.token_weights"].share == 1

# %% [markdown]
# **What did the loss do while the reward rose?** Both curves are from the run that you have just seen.

# %%
rise = np.corrcoef(range(40), curve)[0, 1]
picture = Picture(
    f"Left: the mean reward of each update rises from {np.mean(curve[:5]):.2f} (first five) to "
    f"{np.mean(curve[-5:]):.2f} (last five). Right: the loss stays between {min(losses):.3f} and {max(losses):.3f}, "
    "and shows no trend of its own.",
    8.5, 2.6,
)  # fmt: skip
left, right = picture.subplots(1, 2)
left.plot(curve, color=COLOURS[0])
left.set(xlabel="update", ylabel="mean reward", ylim=(0, 1))
right.plot(losses, "--", color=COLOURS[1])
right.set(xlabel="update", ylabel="loss", ylim=(-0.03, 0.03))
picture

# %% [markdown]
# ## You should know
#
# 1. ∇J = average of R · Σ ∇log π(aₜ | sₜ). The trick is ∇p = p ∇log p; it turns a sum into an average.
# 2. A baseline that does not depend on its own episode leaves the average as it is, because probabilities add up to 1.
# 3. It usually takes away noise, most of all where most episodes are right. Groups that are all right or all wrong
#    teach nothing.
# 4. The loss of REINFORCE is the loss of pretraining with other weights. Its gradient is right, and its value is
#    meaningless.
# 5. A rising reward does not prove that a program is right. A comparison with an exact gradient does.
#
# ## How this fails in practice
#
# - **Weights on the prompt.** With leave-one-out, the pushes on the prompt cancel within a group, so the mistake
#   hides. With another advantage it does not. `python -m minirl.bugs "prompt trained on"` has a relative of it.
# - **The temperature is forgotten.** The agent acts with softmax(z / T), and the loss uses softmax(z). You saw how the
#   arrow bends; `python -m minirl.bugs "no temperature"` shows the run.
# - **A mean of means.** Parts of a batch are averaged for themselves, so that tokens of short answers count more.
#   `python -m minirl.bugs "mean of means"`.
# - **Nothing to learn.** If all samples of nearly all problems agree, the advantages are 0. Measure it before a long
#   run: the training of minirl first prints the share of problems whose samples differ in reward.
# - **Good luck.** 40 updates with one seed are one draw. Runs with other seeds end elsewhere, often far away;
#   [minirl's results](../docs/results.md) have eight.
#
# ## The code that runs
#
# - `minirl/rl/plain.py`: REINFORCE in thirty lines. You can now say what each is for.
# - `minirl/rl/advantage.py`: your leave-one-out and its relatives. `minirl/rl/exact.py`: the sums over all rewards.
# - `minirl/rl/loss.py`: the weights, with two options: a limit on how far a token moves in one update, and a pull to
#   the old policy.
# - `tests/rl/test_gradient.py`: 85 episodes of a small *transformer*, and a statistical test that minirl's estimate is
#   unbiased. It also plants mistakes like those of section 5, to show that it finds them.
#
# ## Sources
#
# - Shao, Z. and others (2024). DeepSeekMath: pushing the limits of mathematical reasoning in open language models.
#   arXiv:2402.03300. This is where GRPO comes from.
# - Williams, R. J. (1992). Simple statistical gradient-following algorithms for connectionist reinforcement learning.
#   *Machine Learning* 8, 229–256.
#
# **Next:** lesson 13 asks which baseline is the best one, and lesson 14 puts all of your parts into the main job. Or
# open `python -m minirl.bugs --mystery 1`, and find out from the curves alone which mistake is in there.
