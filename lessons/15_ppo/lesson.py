# %% [markdown]
# # Lesson 15. KL, clipping, PPO, learned rewards
#
# *About two hours and a half. You need lesson 12 (the policy gradient, and the small agent whose episodes can be
# listed) and lesson 13 (bias and variance). The interval of a share is from lesson 11.*
#
# REINFORCE plays a batch of answers, takes one step, and throws the answers away. It gives all tokens of an answer the
# same advantage. And it needs a checker that knows what is right. This lesson takes the three limits away, one after
# the other. Each time there is a price, and each time you measure it.
#
# When you have finished this lesson, you can
#
# - say what three estimates of KL are on average, and what each one's gradient descends;
# - explain which side of the clipping acts, and what several updates from one batch need it for;
# - turn a value function into an advantage for each action, and say what λ trades;
# - learn a reward from comparisons, and measure where it stops meaning what you wanted.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 15.1` checks the first one. From here on this text writes `check 15.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 15.a}
#
# Section 6 does it.

# %% [markdown]
# ## 1. How far has it moved?
#
# All of this lesson is about a policy that moves away from where it was. So we need a distance. The usual one between
# two policies π and π₀ is the **Kullback-Leibler divergence**, KL for short. (Lesson 14 computes it, too.)
#
#     KL(π || π₀) = Σ over all actions a of  π(a) · (log π(a) − log π₀(a)).
#
# It is 0 where the two agree, and positive everywhere else. Its unit is the nat: with a KL of 0.7 the log-probability
# of an action of π is on average 0.7 higher under π than under π₀, and e^0.7 is about 2. The two policies do not play
# the same part: the mean is taken over actions of π.
#
# For a language model the sum goes over all tokens of the vocabulary, at every position. Often one has only the action
# that was taken, with its two log-probabilities. Let q = π₀(a) / π(a). Three estimates of KL from a single action are
# in use (Schulman, 2020):
#
#     k1 = −log q        k2 = (log q)² / 2        k3 = q − log q − 1.
#
# The first is the definition, without the sum. The second is never negative. The third is k1 plus q − 1, and the mean
# of q − 1 is Σ π(a) · π₀(a)/π(a) − 1 = Σ π₀(a) − 1 = 0. So k3 has the same mean as k1.
#
# > **Exercise 15.1** (level 1, 5 minutes). Write `kl_estimate(log_q, kind)`.
#
# With five actions the mean over all actions is a sum of five terms. **Which of the three is right on average, and
# which scatters least?** We let π move from π₀ step by step to a policy that likes the opposite.

# %%
import math

import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped

my = exercises_of(15)
start = np.array([0.45, 0.3, 0.15, 0.07, 0.03])  # π₀
log_ref = np.log(start)


def on_the_way(share):
    """log π of a policy on the way from π₀ to its mirror image."""
    z = (1 - share) * log_ref + share * log_ref[::-1]
    return z - np.log(np.exp(z).sum())


print(f"{'':12s}{'k1':>8s}{'k2':>17s}{'k3':>17s}\n{'KL':>6s} " + "     mean scatter" * 3)
for share in (0.05, 0.2, 0.5, 1.0):
    log_pi = on_the_way(share)
    pi, log_q = np.exp(log_pi), log_ref - log_pi
    KL = float(pi @ (log_pi - log_ref))
    row, scatter = f"{KL:.4f} ", {}
    for kind in ("k1", "k2", "k3"):
        k = my.kl_estimate(log_q, kind)
        mean = float(pi @ k)
        scatter[kind] = math.sqrt(pi @ (k - mean) ** 2)
        row += f"{mean:9.4f}{scatter[kind]:8.3f}"
        assert kind == "k2" or abs(mean - KL) < 1e-12
    print(row)
    assert scatter["k3"] < scatter["k1"] if share < 1 else scatter["k3"] > scatter["k1"]

# %% [markdown]
# k1 and k3 are right on average, to twelve digits, and k2 is only nearly right, and only near π₀. *Scatter* is the
# standard deviation of a single estimate. Near π₀, k1 scatters by many times the KL itself, and k3 by about as much as
# the KL. Far from π₀ it is the other way round: an action that π hardly ever takes, and π₀ often, has a large q.
# minirl reports the mean of k3 as `kl_to_start`.
#
# ### What does it descend?
#
# Now use an estimate to *hold* a policy: add β · k to the loss, so that moving away costs something.
#
# {predict 15.b}
#
# Let us work it out. The engine differentiates k with respect to log π(a), and takes the action a as given. Call this
# derivative the slope. Over many actions, the mean of what it computes is
#
#     Σ over a of  π(a) · slope(a) · ∇log π(a).
#
# > **Exercise 15.2** (level 3, 25 minutes). Write `average_gradient(z, log_ref, kind)`, where z are the logits of π.
# > Work out the three slopes on paper first. For ∇log π see lesson 12: with respect to the logits it is 1 at the
# > action, minus all of π.
#
# We compare with the true slopes of KL(π || π₀), and of the opposite, KL(π₀ || π).


# %%
def divergence(first, second):
    """KL(first || second) of two policies, given by their log-probabilities."""
    return float(np.exp(first) @ (first - second))


def log_softmax(z):
    return z - z.max() - np.log(np.exp(z - z.max()).sum())


def slope_of(function, z):
    """The gradient of a function of the logits, by moving each of them a little."""
    steps = 1e-6 * np.eye(len(z))
    return np.array([(function(z + step) - function(z - step)) / 2e-6 for step in steps])


z = on_the_way(0.5)
forward = slope_of(lambda z: divergence(log_softmax(z), log_ref), z)
backward = slope_of(lambda z: divergence(log_ref, log_softmax(z)), z)
average = {kind: my.average_gradient(z, log_ref, kind) for kind in ("k1", "k2", "k3")}
for name, gradient in (*average.items(), ("slope of KL(π || π₀)", forward), ("slope of KL(π₀ || π)", backward)):
    print(f"{name:22s}" + "  ".join(f"{x:+.4f}" for x in gradient))
print()
reveal("15.b")
pi, k1 = np.exp(z), my.kl_estimate(log_ref - z, "k1")
paid = pi * (k1 - pi @ k1)  # the policy gradient of lesson 12, with k1 in the place of the reward
assert np.abs(average["k1"]).max() < 1e-12 and np.abs(paid - forward).max() < 1e-8
assert np.abs(average["k2"] - forward).max() < 1e-8 and np.abs(average["k3"] - backward).max() < 1e-8

# %% [markdown]
# This is worth a pause. k1 has the right *value*, and on average no gradient at all. k2 has a wrong value, and its
# gradient is exactly the one that you wanted. k3 has the right value, and descends the KL the other way round, with π₀
# in front. **What a term is on average, and what its gradient does on average, are two questions.** Several published
# programs have confused them (Tang and Munos, 2025). There is a good use for k1, though: pay −β · k1 as a part of the
# *reward*. Then the policy gradient differentiates its mean, and that is KL(π || π₀). (The cell asserts it, and minirl
# does it with `--rl.kl-place reward`.)
#
# Does it matter which way round? Let a policy earn 1 for the last action, which π₀ takes in 3 of 100 cases, and let it
# be held with β = 0.3.

# %%
held, beta, reward = {}, 0.3, np.array([0.0, 0, 0, 0, 1])
for kind in ("k1", "k2", "k3"):
    z = log_ref.copy()
    for _ in range(2000):
        pi = np.exp(log_softmax(z))
        z = z + 0.5 * (pi * (reward - pi @ reward) - beta * my.average_gradient(z, log_ref, kind))
    held[kind] = np.exp(log_softmax(z))
    print(f"held by {kind}:  " + "  ".join(f"{p:.3f}" for p in held[kind]))
tilted = start * np.exp(reward / beta)
assert np.abs(held["k2"] - tilted / tilted.sum()).max() < 1e-6 and held["k1"][-1] > 0.99
assert held["k3"][-1] > held["k2"][-1] + 0.2

# %% [markdown]
# k1 holds nothing. With k2 the policy ends where theory says that the best policy under KL(π || π₀) is: at π₀ ·
# e^(R/β), divided so that it adds up to 1. With k3 and the same β it goes much further. Neither is wrong, but a β that
# was good for one is not good for the other. minirl's KL term in the loss, and GRPO's (Shao and others, 2024), is k3.

# %% [markdown]
# ## 2. More than one step from a batch
#
# Sampling is the expensive part of reinforcement learning: every token of an answer is a pass through the model. So
# why throw the answers away after a single update? Because they come from the old policy, π_old, and after one update
# the policy is a different one. The gradient needs a mean over actions of π *as it is now*.
#
# There is an exact way to correct this. Multiply the weight of each action by the **ratio**
#
#     ρ = π(a) / π_old(a).
#
# The mean over π_old of ρ · f(a) is Σ π_old(a) · π(a)/π_old(a) · f(a) = Σ π(a) · f(a): it is the mean over π. So in
# the gradient the weight of an action is ρ · A in place of A. (To be exact, this is so for a single action. For a
# whole answer one would need the product of the ratios of all its tokens, which soon is huge or tiny. PPO takes each
# token's own ratio. That is a good approximation while π is near π_old.)
#
# In theory we could now go on forever with the same batch. But suppose an action had the probability 0.001 and came up
# by chance. After some updates it has 0.1, and counts a hundredfold. A few such actions then decide the direction, and
# nobody has tried what lies there.
#
# **PPO**, "proximal policy optimization" (Schulman and others, 2017), stops in time. It ascends
#
#     min( ρ · A,  clip(ρ, 1 − ε, 1 + ε) · A )            with ε = 0.2, say.
#
# clip(x, low, high) is x, or the nearer end where x is outside. In words: an action that became better by more than ε
# earns nothing more. Where the clipped product is the smaller one, it is a constant, and its gradient is 0. Everywhere
# else the gradient is that of ρ · A. Since ∇ρ = ρ · ∇log π, this is ρ · A · ∇log π. So all of PPO's clipping is,
# again, a weight in the loss of lesson 12.
#
# > **Exercise 15.3** (level 2, 15 minutes). Write `clipped_weights(ratio, A, eps)`. Which side acts for A < 0? Draw
# > both products first.

# %%
rho = np.linspace(0.4, 1.6, 240)  # none of them exactly 0.8 or 1.2
picture = Picture(
    "The clipped objective and its weight against the ratio, for A = 1 and A = −1. For A = 1 the objective rises to "
    "1.2 and is flat beyond a ratio of 1.2, where the weight is 0. For A = −1 it is flat at −0.8 below a ratio of 0.8, "
    "where the weight is 0, and falls beyond. Outside of these parts the weight is the ratio times A.",
    8.5, 3,
)  # fmt: skip
for axes, A in zip(picture.subplots(1, 2), (1.0, -1.0), strict=True):
    near = np.minimum(rho * A, np.clip(rho, 0.8, 1.2) * A)
    weight = my.clipped_weights(rho, np.full(len(rho), A), 0.2)
    axes.plot(rho, rho * A, color="#9aa5b1", linestyle=":", label="ρ A")
    axes.plot(rho, near, color=COLOURS[0], label="the smaller product")
    axes.plot(rho, weight, color=COLOURS[1], linestyle="--", label="weight of ∇log π")
    axes.axvspan(*((1.2, 1.6) if A > 0 else (0.4, 0.8)), color="#e4e7eb")
    axes.set(title=f"A = {A:+.0f}", xlabel="ratio ρ")
    axes.legend(fontsize=8)
    assert ((weight == 0) == ((rho > 1.2) if A > 0 else (rho < 0.8))).all()
picture

# %% [markdown]
# The grey part is where an action no longer counts. A good action (left) is let go once it has become 20% likelier. A
# bad one (right) is let go once it has become 20% less likely. The other two corners are *not* clipped, and that is
# the point of the minimum: a good action that became less likely by accident is still brought back, and a bad one that
# became likelier is pushed down with a weight that grows.
#
# At the first update of a batch every ratio is 1, so nothing is clipped and the weight is A. The first update of PPO
# is an update of REINFORCE. Let us see this in the model of lesson 12, which answers questions about tennis balls.

# %%
from minirl.lessons.roger import RogerTask, roger_model, roger_tokenizer
from minirl.optim import AdamW
from minirl.rl import RLConfig, rollout
from minirl.rl.reinforce import reinforce

task, tokenizer = RogerTask(), roger_tokenizer()
problems = task.by_split["shown"]
fine_tuned = roger_model(tokenizer, task).state_dict()


def fresh():
    """The fine-tuned model, before any practice."""
    model = roger_model(tokenizer, task, steps=0)
    model.load_state_dict(fine_tuned)
    return model


def share_solved(model):
    """The share of right answers to the 100 problems, two samples each."""
    found = rollout(model, tokenizer, task, problems, 2, max_new_tokens=40, seed=9)
    return float(np.mean([episode.reward for episode in found]))


def practised(seed, batches, rate=3e-4, **settings):
    """A model that has practised: 8 problems with 8 answers in each batch. And the measures of each batch."""
    model, rng, measures = fresh(), np.random.default_rng(seed), []
    config = RLConfig(samples=8, temperature=1.0, max_new_tokens=40, stop_kl=1e9, **settings)  # 1e9: never stop
    optimizer = AdamW(model.parameters(), lr=rate, weight_decay=0)
    for batch in range(batches):
        asked = [problems[i] for i in rng.integers(0, len(problems), 8)]
        measures.append(reinforce(model, optimizer, tokenizer, task, asked, config, seed=(seed, batch))[1])
    return model, measures


with swapped("rl.clipped_weights") as used:
    first = {clip: practised(0, 1, clip=clip)[1][0] for clip in (0.0, 0.2)}
print(used, "\n")
for clip, measure in first.items():
    print(f"clip {clip}:  loss {measure['loss']:+.6f}   length of the gradient {measure['grad_norm']:.6f}")
assert used["rl.clipped_weights"].share == 1 and first[0.2]["clipped"] == 0
assert abs(first[0.2]["grad_norm"] / first[0.0]["grad_norm"] - 1) < 1e-3

# %% [markdown]
# The same, up to rounding. Now the question is what several updates from one batch are good for.
#
# {predict 15.c}
#
# Ten batches, four seeds, and 1, 4 or 8 updates from each batch. "Off" means ε = 10⁹, which no ratio ever reaches, so
# the weight is ρ · A whatever happens.

# %%
OFF = 1e9
WAYS = {
    "1 update": {"updates": 1, "clip": 0.2}, "4, clipped": {"updates": 4, "clip": 0.2},
    "8, clipped": {"updates": 8, "clip": 0.2}, "4, off": {"updates": 4, "clip": OFF},
    "8, off": {"updates": 8, "clip": OFF},
}  # fmt: skip
solved, distance = {}, {}
with swapped("rl.clipped_weights", "rl.kl_estimate") as used:
    for name, settings in WAYS.items():
        runs = [practised(seed, 10, **settings) for seed in range(4)]
        solved[name] = [share_solved(model) for model, _ in runs]
        distance[name] = [float(np.mean([m.get("kl_of_step", 0.0) for m in measures])) for _, measures in runs]
print(used, "\n")
before = share_solved(fresh())
print(f"solved before: {before:.0%}\n\n{'':12s}solved after 10 batches, four seeds    KL of a batch's updates")
for name in WAYS:
    told = "   ".join(f"{share:.0%}" for share in solved[name])
    print(f"{name:12s}{told:>30s}{np.mean(distance[name]):25.4f}")
thirteen = exercises_of(13)
print("\nwhich is better, by the differences over the seeds (lesson 13)?")
for one, other in (("1 update", "8, off"), ("8, clipped", "8, off"), ("8, clipped", "1 update")):
    verdict = thirteen.verdict(solved[one], solved[other], 3.182)  # t for four seeds
    print(f"    {one + ' against ' + other:28s}{ {'first': one, 'second': other}.get(verdict, verdict) }")
print()
reveal("15.c")
mean = {name: np.mean(shares) for name, shares in solved.items()}
assert np.mean(distance["8, off"]) > 10 * np.mean(distance["1 update"])
assert mean["8, off"] < mean["1 update"] - 0.1 and mean["8, clipped"] > mean["8, off"] + 0.1
assert used["rl.clipped_weights"].share == 1 and used["rl.kl_estimate"].share == 1

# %%
picture = Picture(
    "Two panels with a point for each of four seeds and five ways. Left, the share of solved problems: "
    + "; ".join(f"{name} {min(s):.2f} to {max(s):.2f}" for name, s in solved.items())
    + f". A line marks {before:.2f}, before practice. Right, the KL between the policies before and after the updates "
    "of a batch, on a logarithmic scale: "
    + "; ".join(f"{name} {np.mean(d):.4f}" for name, d in distance.items()) + ".",
    9, 2.8,
)  # fmt: skip
left, right = picture.subplots(1, 2)
for row, name in enumerate(WAYS):
    colour, marker = (COLOURS[1], "s") if "off" in name else (COLOURS[0], "o")
    left.plot(solved[name], [row] * 4, marker, color=colour)
    right.plot(distance[name], [row] * 4, marker, color=colour)
left.axvline(before, color="#9aa5b1", linestyle="--")
left.set(xlabel="share of solved problems")
right.set(xlabel="KL of the updates of one batch, nats a token", xscale="log")
for axes in (left, right):
    axes.set_yticks(range(len(WAYS)), list(WAYS))
    axes.invert_yaxis()
picture

# %% [markdown]
# Without clipping, eight updates carry the policy tens of times as far as one, and it unlearns what it could. With
# clipping the same eight updates do far less harm. Do they do any *good*? Here it is not shown, and if anything they
# come out behind a single update. Perhaps one step of this size learns what so small a batch says. A second update
# costs time, too. In [minirl's own comparison](../docs/rewards.md#the-ladder-of-methods), where every method had the
# same time, two clipped updates were behind a single one with each of three seeds. On long answers, where sampling
# costs more, they were not behind any more, with a third fewer steps (one seed). The more sampling costs, the more a
# second update is worth.
#
# Clipping does not bound the KL, as the right panel shows. It only takes away the *reason* to move further, action by
# action, and the other actions pull on. So programs also stop the updates of a batch where the KL has become too large
# (`--rl.stop-kl`). It is measured with k3, here by your function.

# %% [markdown]
# Here is minirl's own clipping, from the file that has just run with yours in its place, and the KL term after it.

# %%
import inspect

from minirl.rl import loss

print(inspect.getsource(loss.token_weights).split('"""')[2])

# %% [markdown]
# ## 3. An advantage for each action
#
# An answer goes wrong in its second sentence. REINFORCE then punishes the first sentence too. It has one number for
# the whole answer.
#
# Suppose somebody could say at each point of the answer what reward is to be expected. This is the **value function**
# V(s) of a state s: the mean reward of all ways in which the policy may go on from there, each with its probability.
# (So V is a function here, and not the size of the vocabulary.) Then the advantage of an action is how much it changed
# what is to be expected:
#
#     δ(t) = r(t) + γ · V(s(t+1)) − V(s(t)),             with V = 0 after the end.
#
# r(t) is the reward that is paid at this action; mostly it is 0 until the end. γ (gamma) makes later rewards count
# less; with answers that end it is usually 1. For example:
#
#     state        the prompt   after sentence 1   after sentence 2, the end
#     V               0.4             0.8
#     reward                           0                  0
#     δ                              +0.4               −0.8
#
# Sentence 1 was good, and sentence 2 spoiled it. All δ of an answer together are the reward, minus V of the prompt:
# the values in between cancel.
#
# But nobody knows V. It is learned, and at first it is wrong. Then δ is wrong as well. Compare instead what really
# came in the end with what was expected: A(t) = R − V(s(t)). Here the later values do not occur, so their errors do
# not either. The price is that everything that happened later, good luck and bad, is counted for this action.
#
# **Generalized advantage estimation** (Schulman and others, 2016) goes from one to the other with a number λ (lambda):
#
#     A(t) = δ(t) + γλ · δ(t+1) + (γλ)² · δ(t+2) + ...           which is  A(t) = δ(t) + γλ · A(t+1).
#
# λ = 0 is δ alone, and is called TD, for temporal difference. λ = 1 is the return minus V, also called Monte Carlo.
# The second form of the formula is how it is computed: from the end to the beginning.
#
# One more thing, for lesson 17. A model may call a tool, and the tool's result then stands in its answer. These tokens
# are *forced*: the model did not choose them. They take no time, so the action before the result is followed by the
# action after it.
#
# > **Exercise 15.4** (level 3, 25 minutes). Write `gae(rewards, values, chosen, gamma, lam)`.

# %%
values, rewards = np.array([0.4, 0.8]), np.array([0.0, 0.0])
for lam in (0.0, 0.5, 1.0):
    print(f"λ = {lam}:  ", my.gae(rewards, values, np.array([True, True]), 1.0, lam).round(3).tolist())
chosen = np.array([True, False, False, False, True])
with_result = my.gae(np.zeros(5), np.array([0.4, 7, 7, 7, 0.8]), chosen, 1.0, 0.5)
print("with the result of a tool in between, λ = 0.5:  ", with_result.round(3).tolist())
assert np.allclose(with_result[chosen], my.gae(rewards, values, np.array([True, True]), 1.0, 0.5))

# %% [markdown]
# {predict 15.d}
#
# Lesson 12's small agent knows the answer. Its 85 episodes can be listed, so V of every state can be computed, and the
# mean and the scatter of any estimate as well. The estimate from one episode is the sum of A(t) · ∇log π(a(t) | s(t))
# over its actions. *Bias* is how far its mean is from the gradient, relative to the gradient's length. *Scatter* is
# the root of its variance, on the same scale.

# %%
twelve = exercises_of(12)
episodes = twelve.all_episodes(5, 0, 3)
theta = np.random.default_rng(3).normal(0, 1, (6, 5))
R = np.array([0.0 if 2 in episode else 1.0 for episode in episodes])
p = np.exp([twelve.log_prob(theta, episode) for episode in episodes])


def after(state):
    """Which of the episodes begin like this."""
    return np.array([episode[: len(state)] == state for episode in episodes])


states = sorted({episode[:t] for episode in episodes for t in range(len(episode))})
true_V = {state: float(p @ (R * after(state)) / (p @ after(state))) for state in states}
noise = np.random.default_rng(0)
kinds = {
    "V = 0": dict.fromkeys(states, 0.0),
    "the true V": true_V,
    "the true V, with errors": {state: V + float(noise.normal(0, 0.3)) for state, V in true_V.items()},
    "random numbers": {state: float(noise.normal()) for state in states},
}
pushes = [  # for each episode ∇log π of each of its actions
    np.array([twelve.grad_log_prob(theta, e[: t + 1]) - twelve.grad_log_prob(theta, e[:t]) for t in range(len(e))])
    for e in episodes
]
gradient = np.array(twelve.policy_gradient(theta, episodes, R.tolist()))


def bias_and_scatter(V, lam):
    """Of the estimate from one episode, relative to the length of the gradient; exact."""
    estimates = []
    for episode, reward, push in zip(episodes, R, pushes, strict=True):
        paid = np.zeros(len(episode))
        paid[-1] = reward
        told = np.array([V[episode[:t]] for t in range(len(episode))])
        A = my.gae(paid, told, np.full(len(episode), True), 1.0, lam)
        estimates.append(np.tensordot(A, push, axes=1))
    estimates = np.array(estimates)
    mean = np.tensordot(p, estimates, axes=1)
    apart = ((estimates - mean) ** 2).sum(axis=(1, 2))
    length = np.linalg.norm(gradient)
    return float(np.linalg.norm(mean - gradient) / length), float(np.sqrt(p @ apart) / length)


print(f"{'':26s}{'λ = 0':>18s}{'λ = 0.5':>18s}{'λ = 1':>18s}\n{'':26s}" + "     bias  scatter" * 3)
found = {name: [bias_and_scatter(V, lam) for lam in (0.0, 0.5, 1.0)] for name, V in kinds.items()}
for name, row in found.items():
    print(f"{name:26s}" + "".join(f"{bias:9.3f}{scatter:9.2f}" for bias, scatter in row))
print()
reveal("15.d")
assert all(row[2][0] < 1e-12 for row in found.values()) and found["the true V"][0][0] < 1e-12
assert found["random numbers"][0][0] > 0.5
assert found["the true V"][0][1] < found["the true V"][2][1] < found["V = 0"][2][1] < found["random numbers"][2][1]

# %% [markdown]
# The last column has no bias, whatever V is. For the true V no λ has any, and λ = 0 scatters least: it does not count
# later luck for an earlier action. For a V with errors one has to choose. (With V = 0 and λ = 0 only the last action
# gets the reward. Lesson 12 had this as a mistake.) The figure shows the choice.

# %%
shares = np.linspace(0, 1, 21)
curves = {
    name: np.array([bias_and_scatter(kinds[name], lam) for lam in shares])
    for name in ("the true V", "the true V, with errors", "V = 0")
}
picture = Picture(
    "Bias and scatter of an estimate from one episode against λ, relative to the length of the gradient. "
    + "; ".join(f"{name}: bias {c[0, 0]:.2f} at 0, {c[10, 0]:.2f} at 0.5 and {c[-1, 0]:.2f} at 1, scatter "
                f"{c[0, 1]:.1f}, {c[10, 1]:.1f} and {c[-1, 1]:.1f}" for name, c in curves.items()) + ".",
    8.5, 2.8,
)  # fmt: skip
left, right = picture.subplots(1, 2)
for (name, curve), colour, style in zip(curves.items(), COLOURS, STYLES, strict=False):
    left.plot(shares, curve[:, 0], color=colour, linestyle=style, label=name)
    right.plot(shares, curve[:, 1], color=colour, linestyle=style, label=name)
left.set(xlabel="λ", ylabel="bias")
right.set(xlabel="λ", ylabel="scatter", ylim=(0, None))
right.legend(fontsize=8)
picture

# %% [markdown]
# ## 4. The value function learns
#
# Where does V come from? From the same episodes. Each state s(t) that was visited has a *return* G(t), what came in
# from there on, and V should predict it. So V is fitted by least squares:
#
#     loss = ½ Σ (V(s(t)) − G(t))².
#
# The mean of G over all ways to go on is the value. And least squares finds means, as in lesson 0b.
#
# > **Exercise 15.5** (level 1, 5 minutes). Write `value_loss(values, returns)`, with its gradient.
#
# The simplest V is linear in what the model computes anyway: V = w · h + b, where h is the hidden state after the last
# layer (lesson 8). But h depends on all of the policy's parameters. If the gradient of this loss went on into them,
# the model would be changed so that its states predict rewards better. That is not what the policy gradient asked for.
# **How large would that pull be?** We compute both gradients of the policy's parameters, once with h and once with
# `h.detach()`, which passes no gradient on.

# %%
from minirl.rl import PPOConfig
from minirl.rl.batch import make_batch
from minirl.rl.loss import policy_loss
from minirl.rl.value import HeadValue
from minirl.rl.value import value_loss as minirl_value_loss

model = fresh()
asked = rollout(model, tokenizer, task, problems[:8], 8, max_new_tokens=40, seed=3)
paid = np.array([episode.reward for episode in asked])
batch = make_batch(asked, paid - paid.mean())
acted = np.flatnonzero(batch.targets >= 0)
targets = make_batch(asked, paid).advantages[acted]
critic = HeadValue(model, 1e-2)
critic.head.weight.data[...] = np.random.default_rng(0).normal(0, 0.1, critic.head.weight.shape)


def pull(loss):
    """The length of the gradient of the policy's parameters."""
    model.zero_grad()
    loss.backward()
    return math.sqrt(sum(float((x.grad**2).sum()) for x in model.parameters() if x.grad is not None))


def error(h):
    return minirl_value_loss(critic.head(h[acted]).reshape(-1), targets, targets, 0.0) * (1 / len(acted))


with swapped("rl.value_loss") as used:
    policy = pull(policy_loss(model, batch, len(acted), RLConfig())[0])
    attached = pull(error(critic.states(model, batch)))
    detached = pull(error(critic.states(model, batch).detach()))
print(used, "\n")
print(f"pull on the policy's parameters: policy gradient {policy:.3f}")
print(f"value loss: attached {attached:.3f}, detached {detached:.3f}")
assert detached == 0 and attached > policy and used["rl.value_loss"].share == 1

# %% [markdown]
# Attached, the value loss would pull harder than the reward. (In large systems both often share a model on purpose,
# with a small weight on the value loss. Then the weight is one more thing to tune.) minirl detaches.
#
# Now all parts together: PPO with your weights, your advantages and your value loss. In its first steps only V learns,
# so that it knows something when the policy begins to move.

# %%
from minirl.rl.ppo import PPO

model, rng, measures = fresh(), np.random.default_rng(0), []
config = PPOConfig(
    method="ppo", samples=8, temperature=1.0, max_new_tokens=40, updates=2, clip=0.2, gae_lambda=0.95, value="head",
    value_learning_rate=1e-2, value_updates=8, value_warmup=3,
)  # fmt: skip
optimizer, ppo = AdamW(model.parameters(), lr=3e-4, weight_decay=0), PPO(HeadValue(model, 1e-2))
with swapped("rl.clipped_weights", "rl.gae", "rl.value_loss") as used:
    for step in range(18):
        asked = [problems[i] for i in rng.integers(0, len(problems), 16)]
        made = reinforce(model, optimizer, tokenizer, task, asked, config, seed=(7, step), update=ppo)
        measures.append(made[1])
after_ppo = share_solved(model)
by_value, by_others = (
    float(np.mean([m[name] for m in measures[9:]])) for name in ("explained_variance", "explained_by_problem")
)
print(used, "\n")
print(f"solved: {before:.0%} before, {after_ppo:.0%} after 18 steps")
rewards = np.array([m["reward"] for m in measures])
print("rewards, in means of 3 steps:", "  ".join(f"{mean:.2f}" for mean in rewards.reshape(-1, 3).mean(axis=1)))
print("in the last 9 steps, the variance of the returns that is explained")
print(f"    by the value function:                         {by_value:.0%}")
print(f"    by the mean of the problem's other answers:    {by_others:.0%}")
assert all(used[name].share == 1 for name in ("rl.clipped_weights", "rl.gae", "rl.value_loss"))
assert after_ppo > before and by_others > max(by_value, 0.05)

# %% [markdown]
# It learns, and your functions did all of the work. But look at the last two lines. The *explained variance*, 1 −
# Var(G − V) / Var(G), says how much of the differences in return V predicts. A constant V would explain 0%. This V is
# worse than a constant! At the size of the main job a linear V knows hardly more than a constant either, and many more
# answers do not change that ([measured](../docs/rewards.md#value-functions)): the hidden states of a policy tell what
# comes next, and not whether it is right. Why does the policy learn all the same? You have seen it in section 3: with
# λ near 1 a bad V does not bend the gradient. It only makes it noisier.
#
# The mean reward of the problem's other answers predicts more, and needs no value function. It is the baseline of
# leave-one-out, and this is why GRPO does without V. A value function is worth its price where each problem is
# answered only once, or where answers are long and their parts of different worth.

# %% [markdown]
# ## 5. A reward from comparisons
#
# For sums a checker knows what is right. Who checks a summary, or a joke? People find it hard to give a grade, and
# easy to say *which of two* answers is better. From such comparisons a reward can be learned. The model for it is that
# of Bradley and Terry (1952). Each answer has a reward r, and the better one wins with the probability
#
#     P = σ(r(better) − r(worse)),             σ(x) = 1 / (1 + e^−x),
#
# so that equal rewards win equally often, and a difference of 2 wins in 88 of 100 cases. The rewards are learned like
# everything else in this course: make what was seen likely. The loss of a pair is −log P.
#
# > **Exercise 15.6** (level 2, 15 minutes). Write `bradley_terry(chosen, rejected, weights)`: the loss, and its
# > gradient with respect to the better rewards. That for the worse ones is the opposite.

# %%
print("difference   chance   loss   gradient")
for apart in (-3.0, 0.0, 2.0, 6.0):
    loss, push = my.bradley_terry(np.array([apart]), np.array([0.0]), np.ones(1))
    print(f"{apart:10.0f}{math.exp(-loss):9.2f}{loss:7.2f}{push[0]:11.3f}")
better, worse, weights = np.array([1.0, 0.2]), np.array([0.5, 0.9]), np.array([0.5, 0.5])
moved = np.array([100.0, -3.0])  # something else for each prompt
same = my.bradley_terry(better + moved, worse + moved, weights)[0]
assert abs(same - my.bradley_terry(better, worse, weights)[0]) < 1e-9

# %% [markdown]
# A surprising verdict moves the rewards far, an expected one hardly. And only *differences* count: adding a constant
# to both answers of a prompt, here 100 or −3, changes nothing. So a learned reward says nothing about which prompt was
# answered better. With a baseline for each prompt, this does no harm.
#
# Now a whole reward model: a transformer whose output matrix, its *head*, gives one number in place of logits. It is
# read after the answer's last token. We take Roger's story with larger numbers: 30 balls at most, and 9 cans of 9
# balls at most. A model has been taught with 900 problems. It answers 750 others, eight times each, a little wildly at
# temperature 1.3, so that the answers differ. In place of people, minirl's own judge compares them: its grade is 1 for
# the right answer, plus the share of sound equations (`minirl/rl/quality.py`). This is the **gold** that is wanted.
# Two reward models learn from the pairs, one from the pairs of 40 problems, and the other from all of them.

# %%
from functools import partial

from minirl.lessons.roger import larger_problems, taught_model
from minirl.model import GPT
from minirl.preferences.baselines import accuracy, length, surface_judge
from minirl.rl.bradley_terry import FitConfig, fit_preferences
from minirl.rl.pairs import graded_pairs
from minirl.rl.quality import grade
from minirl.rl.reward_model import RewardModel
from minirl.train.sft import solved as worked

gold_of = partial(grade, task)
taught, unseen = larger_problems()
writer = taught_model(tokenizer, worked(tokenizer, taught[:900]), steps=600)


def answers(some, samples, seed):
    return rollout(writer, tokenizer, task, some, samples, temperature=1.3, max_new_tokens=45, seed=seed)


def compared(some, samples):
    """For each problem the pairs of different answers, the better one first."""
    parts = [some[i : i + samples] for i in range(0, len(some), samples)]
    return [list(graded_pairs(part, samples, gold_of)) for part in parts]


by_problem = compared(answers(taught[900:1650], 8, seed=3), 8)
held_out = [pair for pairs in compared(answers(unseen[80:], 4, seed=5), 4) for pair in pairs]
judges = {}
with swapped("rl.bradley_terry") as used:
    for n in (40, 750):
        trunk = GPT(writer.config)
        trunk.load_state_dict(writer.state_dict())
        judges[n] = RewardModel(trunk, tokenizer, seed=1)
        pairs = [pair for found in by_problem[:n] for pair in found]
        fit_preferences(judges[n], pairs, FitConfig(epochs=3, learning_rate=1e-3))
print(used)

# %% [markdown]
# Is a reward model any good? It should be right in pairs of problems that it has not seen. We put the interval of
# lesson 11 around the share. (It is too narrow here, as several pairs belong to one problem.) And two judges that
# understand nothing stand beside it: one likes the longer answer, the other counts words, digits and other things on
# the surface.

# %%
eleven = exercises_of(11)
everyone = {
    "the longer answer": length,
    "counts of words and digits": surface_judge(pairs),
    "reward model, 40 problems": judges[40].one,
    "reward model, 750 problems": judges[750].one,
}
right_in = {name: accuracy(judge, held_out) for name, judge in everyone.items()}
for name, share in right_in.items():
    low, high = eleven.wilson(round(share * len(held_out)), len(held_out))
    print(f"{name:28s} right in {share:.0%} of {len(held_out)} pairs ({low:.0%} to {high:.0%})")
assert used["rl.bradley_terry"].share == 1 and 0.55 < right_in["reward model, 750 problems"] < 0.8

# %% [markdown]
# More pairs make a better reward model. With pairs of 750 problems it is right in about three of four pairs. Compare
# it with the counts, though, and with their interval: it knows little that is not on the surface. That is not rare. In
# one published set of comparisons by people, [the longer answer alone](../docs/rewards.md#preferences) is right in two
# thirds of the pairs. An accuracy without such rows beside it says little.

# %% [markdown]
# ## 6. Followed too far
#
# The reward model is a stand-in, a **proxy**, for what we want. What happens when it is optimised? The simplest way to
# optimise anything is *best of n*: draw n answers and keep the one that the proxy likes best. Nothing is trained, and
# n says how hard we try. It has a KL as well: the chosen answers differ from the policy's by at most log n − (n − 1)/n
# nats (Beirami and others, 2024).
#
# We have 64 answers to each of 80 problems. For n = 4 one could take the first four. But all ways to draw 4 of the 64
# say more, and there is no need to go through all 635,376 of them. Ask instead how likely it is that the highest proxy
# of a draw is at most s. All n answers then come from those with a proxy of at most s. If there are c of these, the
# chance is
#
#     C(c, n) / C(N, n),              C(c, n) = `math.comb(c, n)`.
#
# (Lesson 18 finds pass@k in the same way.)
#
# > **Exercise 15.7** (level 4, 30 minutes). Write `best_of(n, proxy, gold)`.

# %%
from minirl.rewards.overoptimise import kl

MOST = 64
tested = answers(unseen[:80], MOST, seed=4)
gold = np.array([gold_of(e.problem, e.text, e.finished) for e in tested]).reshape(-1, MOST)
right = np.array([e.reward for e in tested]).reshape(-1, MOST)
ns, said, meant, correct = [1, 2, 4, 8, 16, 32, 64], {}, {}, {}
for size, judge in judges.items():
    prompts, texts = [e.problem.prompt for e in tested], [e.text for e in tested]
    judge.normalise(prompts, texts)  # of these answers the mean is 0 and the standard deviation 1
    proxy = judge.score(prompts, texts).reshape(-1, MOST)
    for into, what in ((said, proxy), (meant, gold), (correct, right)):
        into[size] = [float(np.mean([my.best_of(n, a, b) for a, b in zip(proxy, what, strict=True)])) for n in ns]
print(f"best of{'pairs of 40 problems':>25s}{'pairs of 750 problems':>30s}")
print(f"{'':7s}" + "   ".join(["      proxy   gold   right"] * 2))
for i, n in enumerate(ns):
    print(f"{n:5d}  " + "   ".join(f"{abs(said[s][i]):11.2f}{meant[s][i]:7.2f}{correct[s][i]:8.0%}" for s in judges))
print()
reveal("15.a")
for size in judges:
    assert all(np.diff(said[size]) > 0) and meant[size][-1] < meant[size][0] - 0.1 and correct[size][-1] < 0.3
assert max(meant[750]) > meant[750][0] and math.comb(MOST, 4) == 635_376

# %%
picture = Picture(
    "What the reward model says (left) and gold (right) of the best of n answers, against the KL of best of n. Left, "
    "both curves rise all the way. Right: with pairs of 750 problems gold goes from "
    f"{meant[750][0]:.2f} for a single answer to {max(meant[750]):.2f} at the best and {meant[750][-1]:.2f} for the "
    f"best of 64; with pairs of 40 problems from {meant[40][0]:.2f} to {max(meant[40]):.2f} and {meant[40][-1]:.2f}.",
    8.5, 3,
)  # fmt: skip
panels = picture.subplots(1, 2)
for axes, curves, title in zip(panels, (said, meant), ("what the reward model says", "gold, of 2"), strict=True):
    for size, colour, style in zip(judges, (COLOURS[1], COLOURS[0]), ("--", "-"), strict=True):
        axes.plot([kl(n) for n in ns], curves[size], color=colour, linestyle=style, marker="o", markersize=4,
                  label=f"pairs of {size} problems")  # fmt: skip
    axes.set(title=title, xlabel="KL of best of n, nats")
    axes.legend(fontsize=8)
panels[1].axhline(meant[750][0], color="#9aa5b1", linestyle=":")
picture

# %% [markdown]
# The proxy rises all the way: that is what was optimised. Gold rises a little at first, turns, and falls far below a
# single answer. Nothing on the left gives it away. This is **over-optimisation** (Gao and others, 2023), and it is no
# fault of these small reward models alone: [larger ones](../docs/rewards.md#what-was-measured) turn as well, later
# with more pairs.
#
# Why so much harm from a judge that is usually right? In pairs it meets typical answers. Best of 64 looks for the most
# extreme of 64, and the mistakes of the judge are among the extremes. **What does it like?** Look at some favourites,
# and at the last digit of their answers.

# %%
import textwrap
from collections import Counter

from minirl.tasks.task import answer_text

ends = np.array([(answer_text(e.text) or " ").strip()[-1:] for e in tested]).reshape(-1, MOST)
for size, judge in judges.items():
    proxy = judge.score(prompts, texts).reshape(-1, MOST)
    favourites = ends[range(len(proxy)), proxy.argmax(axis=1)]
    digit, times = Counter(favourites.tolist()).most_common(1)[0]
    among_all = float((ends == digit).mean())
    told = f"{times / len(proxy):.0%} of the favourites end in {digit}, and {among_all:.0%} of all answers"
    print(f"pairs of {size} problems: {told}")
    assert times / len(proxy) > 1.5 * among_all
for i in (0, 1, 2):
    best = int(proxy[i].argmax())
    text = " ".join(tested[i * MOST + best].text.split())
    print(f"\nproxy {proxy[i][best]:+.2f}, gold {gold[i][best]:.2f}; of all 64 answers {right[i].mean():.0%} are right")
    print(textwrap.fill(tested[i * MOST].problem.question.partition(" How many")[0], 80))
    print(text)

# %% [markdown]
# So a last digit counts for something here, and nobody asked for it. Answers with this digit may have won a little
# more often among the pairs that the judge has seen. With two answers to choose from, such a liking hardly matters.
# Among 64 there is nearly always one that has all that the judge likes, and it wins, whatever the sum is.
#
# What helps is to stop early. But where is the turn? The left panel does not show it. Somebody has to measure gold now
# and then, on a few problems, and that is expensive, or we would not have needed the proxy. A KL term helps as well:
# it limits how hard is tried. And more pairs help, perhaps most of all pairs of such answers as the search finds.
#
# **Try it** (open). Make the best of 64 better than a single answer. Two ideas: let both reward models judge, and take
# the smaller of their two scores; or fit a third one, with pairs of the favourites of the first, judged by gold. Write
# down what you expect before you run it, and then judge yourself by this:
#
# - 1 point: the new curve of gold stands beside the old one, for the same answers.
# - 2 points: it does so for three seeds of the reward models, and you say what is shown and what is not.
# - 3 points: you name what your idea costs, and how it would be exploited in turn.

# %% [markdown]
# ## You should know
#
# 1. k1 and k3 have the mean KL(π || π₀). As a loss, k1 has no gradient on average, k2 descends KL(π || π₀), and k3
#    descends KL(π₀ || π).
# 2. Several updates from a batch need the ratio ρ, and clipping. A good action is let go once it is likelier by ε, a
#    bad one once it is less likely by ε; the other two corners count.
# 3. GAE with λ = 1 has no bias, whatever V is. λ = 0 has the bias of V, and less scatter.
# 4. A reward from comparisons knows differences within a prompt, and nothing else.
# 5. A proxy that is optimised stops being one. The proxy's own curve does not show when.
#
# ## How this fails in practice
#
# - **A KL term that holds nothing.** k1 in the loss costs time and adds noise. The printed KL is right, and grows.
# - **The wrong side is clipped.** Actions outside are dropped on both sides, so a good action that fell is never
#   brought back. Nothing crashes, so nobody looks.
# - **The value past the end.** An episode that was cut off is continued with V of a state that does not exist. The
#   advantage of the last actions is then wrong by all of V.
# - **The value loss moves the policy.** Nobody detached h. The value function gets better, and the policy pays for it.
# - **Paid rises, and nobody reads the answers.** With a learned reward, measure what was wanted as well, and [compare
#   the two](../docs/metrics.md).
#
# ## The code that runs
#
# - `minirl/rl/loss.py`: `token_weights` is your clipping, and the KL term with the slope of k3. `ratio_of` keeps a
#   ratio finite.
# - `minirl/rl/gae.py`: your advantages. `episode_gae` takes the results of tools out before, and puts them back.
# - `minirl/rl/value.py`: three value functions; two of them learn with your loss.
# - `minirl/rl/ppo.py`: `PPO.__call__` reads from top to bottom as this lesson does: rewards, values, advantages, the
#   value function learns, and then the update of REINFORCE with one advantage for each action.
# - `minirl/rl/bradley_terry.py` and `minirl/rl/reward_model.py`: your loss, with ties, and the model that learns by
#   it.
# - `minirl/rl/dpo.py`: a way without a reward model. The pairs themselves become weights of the policy's tokens.
# - [Rewards beyond 0 and 1](../docs/rewards.md) has all of this at the size of the main job, with three seeds: `python
#   -m minirl.train --preset preferences`.
#
# ## Sources
#
# - Beirami, A. and others (2024). Theoretical guarantees on the best-of-n alignment policy. arXiv:2401.01879.
# - Bradley, R. A. and Terry, M. E. (1952). Rank analysis of incomplete block designs: I. The method of paired
#   comparisons. *Biometrika* 39, 324–345.
# - Gao, L., Schulman, J. and Hilton, J. (2023). Scaling laws for reward model overoptimization. *ICML 2023*;
#   arXiv:2210.10760.
# - Schulman, J. (2020). Approximating KL divergence. joschu.net/blog/kl-approx.html.
# - Schulman, J. and others (2016). High-dimensional continuous control using generalized advantage estimation. *ICLR
#   2016*; arXiv:1506.02438.
# - Schulman, J. and others (2017). Proximal policy optimization algorithms. arXiv:1707.06347.
# - Shao, Z. and others (2024). DeepSeekMath: pushing the limits of mathematical reasoning in open language models.
#   arXiv:2402.03300.
# - Tang, Y. and Munos, R. (2025). On a few pitfalls in KL divergence gradient estimation for RL. arXiv:2506.09477.
#
# **Next:** lesson 16 leaves the model as it is, and asks how to get the best answers out of it.
