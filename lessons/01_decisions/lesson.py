# %% [markdown]
# # Lesson 1. Language as a decision process
#
# *About 100 minutes. You need Python, a little NumPy and school mathematics. Lesson 0b brings back what is forgotten.*
#
# A language model writes text. Reinforcement learning is about agents that act in a world and are rewarded for it.
# This lesson shows that the first is a case of the second, and that the whole idea fits into six short functions. You
# write them. At the end, minirl trains a model with your functions, and you see the model get better.
#
# When you have finished this lesson, you can
#
# - say what the agent, the state, the action, the policy and the reward of a language model are;
# - turn logits into a policy, at any temperature, without overflow;
# - explain why the reward comes last, and what that means for the steps before it.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 1.1` checks the first one. From here on this text writes `check 1.1` for short.

# %% [markdown]
# ## Warm-up
#
# Here is the question that will follow us through the whole course:
#
# > Roger has 5 tennis balls. He buys 2 more cans of tennis balls. Each can has 3 tennis balls. How many tennis balls
# > does he have now?
#
# A small model answers it with two lines, about thirty tokens. (A *token* is a piece of text, such as a word or a
# digit.) It writes them one after the other. Before each token it gives every token that it knows a probability.
#
# {predict 1.a}
#
# `predict 1.a` in the terminal stores your guess, and how sure you are. Please do it before you read on: an answer that
# comes after a wrong guess is remembered better than an answer that is only read (Kornell, Hays and Bjork, 2009).

# %% [markdown]
# ## 1. A model that writes
#
# We need a model to watch. The next cell makes one and trains it for a few seconds. It has read 100 stories like
# Roger's, with other numbers, each with a worked answer. Roger's own numbers were not among them.
#
# How such a model works inside is the subject of a later lesson. Today we look at it from outside. The only thing we
# need to know is this: **you give it tokens, and it gives you one number for each token of its vocabulary.** These
# numbers are called *logits*. The larger a token's logit, the likelier the model finds it as the next one.

# %%
import numpy as np

from minirl.lessons import COLOURS, Picture, exercises_of, reveal, swapped
from minirl.lessons.roger import ROGER, RogerTask, roger_model, roger_tokenizer

my = exercises_of(1)  # your functions, once they pass their checks
task, tokenizer = RogerTask(), roger_tokenizer()
model = roger_model(tokenizer, task)

prompt = tuple(tokenizer.encode(ROGER.prompt))
print(ROGER.prompt)
print(f"\n{len(prompt)} tokens. The last four: {[tokenizer.decode([token]) for token in prompt[-4:]]}")
parameters = sum(parameter.size for parameter in model.parameters())
print(
    f"The model knows {tokenizer.vocab_size} tokens. It has {parameters:,} parameters, the numbers that training sets."
)

# %% [markdown]
# ## 2. States and actions
#
# Reinforcement learning has its own words for what happens here, and we will use them from now on.
#
# - The **agent** is whoever acts. Here it is the model itself.
# - An **action** is what the agent does. Here it is the next token. We write a₀ for the first action, a₁ for the
#   second.
# - A **state** is everything the agent knows when it acts. Here it is the text so far, as a sequence of tokens.
#
# The first state, s₀, is the prompt. Then the agent takes action a₀, and the state is the prompt followed by a₀. If
# the agent says " Roger" and then " has", we get
#
#     s₀ = Q: Roger has 5 tennis balls. ... Reasoning:
#     s₁ = Q: Roger has 5 tennis balls. ... Reasoning: Roger
#     s₂ = Q: Roger has 5 tennis balls. ... Reasoning: Roger has
#
# Two things are remarkable. The next state follows from the state and the action with certainty: there are no dice in
# this world. And a state holds everything that came before, so the agent never needs a memory of its own. What comes
# next depends on the present state and action alone. A world of this kind is called a *Markov decision process*, MDP
# for short.
#
# > **Exercise 1.1** (level 1, 5 minutes). Write `after(state, action)`, the state that follows. A state is a tuple of
# > tokens.

# %%
state = prompt
for word in (" Roger", " has"):
    (action,) = tokenizer.encode(word)
    state = my.after(state, action)
    print(f"s_{len(state) - len(prompt)} ends with {tokenizer.decode(state[-3:])!r}")

# %% [markdown]
# ## 3. The policy
#
# How does the agent choose? It has a **policy**, written π (pi): π(a | s) is the probability that the agent takes
# action a in state s. Read the bar as "given". For one state, the policy is a list of probabilities, one for each
# token, that add up to 1. In code this is an array of shape (V,), where V is the number of tokens in the vocabulary.
#
# The model gives us logits, which are any numbers at all, often negative. We need probabilities. So we first make all
# of them positive with the exponential function, and then divide by the sum:
#
#     π(a | s) = e^z(a) / Σ e^z(b)         where z(a) is the logit of token a, and the sum Σ goes over all tokens b.
#
# This is called *softmax*. Why the exponential, of all functions that are positive? Look at the ratio of two
# probabilities. The sum cancels, and
#
#     π(a | s) / π(b | s) = e^z(a) / e^z(b) = e^(z(a) − z(b)).
#
# Only the *difference* of two logits matters. A token whose logit is larger by 1 is e ≈ 2.7 times as likely, wherever
# the two stand. And if you add 5 to all logits, nothing changes. Remember this: you will need it in a minute.
#
# There is one knob, the **temperature** T. The logits are divided by it before the exponential:
#
#     π(a | s) = softmax(z / T).
#
# With T = 1 we get the model's own probabilities. A high temperature brings the logits closer together, and the agent
# tries more. A low one pulls them apart, and the agent becomes more certain. At T = 0 a division is impossible, but
# the limit is clear: all probability goes to the likeliest token.
#
# {predict 1.b}
#
# > **Exercise 1.2** (level 2, 15 minutes). Write `policy(logits, temperature)`. Mind two things: temperature 0, and
# > logits such as 10,000, whose exponential is too large for any floating-point number. You know already how to avoid
# > it: adding the same number to all logits changes nothing, and a negative number can be added too.

# %%
print(my.policy(np.log([0.8, 0.2]), 1.0).round(2), "at temperature 1")
print(my.policy(np.log([0.8, 0.2]), 0.5).round(2), "at temperature 0.5\n")
reveal("1.b")

# %% [markdown]
# Now your function meets the real model. The next figure shows the five likeliest tokens in three states: at the very
# beginning, after "2 *", and after "5 + 6 = 1". **In which of them is the model uncertain?**

# %%
begun = {
    "s₀, the prompt": "",
    "after “... 2 *”": " Roger has 5. 2 *",
    "after “... 5 + 6 = 1”": " Roger has 5. 2 * 3 = 6. 5 + 6 = 1",
}


def logits_in(state):
    """What the model says about the next token: (V,) float64."""
    return model(state).data[0, -1].astype(np.float64)


def bars(axes, pi, title, colour):
    """The five likeliest tokens, the likeliest on top."""
    best = np.argsort(-pi)[:5]
    axes.barh(range(5), pi[best], color=colour)
    axes.set_yticks(range(5), [repr(tokenizer.decode([token])) for token in best.tolist()], family="monospace")
    axes.set(xlim=(0, 1), title=title, xlabel="π(a | s)")
    axes.invert_yaxis()


states = {name: prompt + tuple(tokenizer.encode(text)) for name, text in begun.items()}
policies = {name: my.policy(logits_in(state), 1.0) for name, state in states.items()}
unsure = max(policies, key=lambda name: -policies[name].max())
tops = [f"{name}: {policy.max():.0%}" for name, policy in policies.items()]
picture = Picture(f"Bars of the five likeliest tokens in three states. The likeliest has {'; '.join(tops)}.", 9, 2.4)
for axes, (name, policy) in zip(picture.subplots(1, 3), policies.items(), strict=True):
    bars(axes, policy, name, COLOURS[0])
assert policies["s₀, the prompt"].max() > 0.95
picture

# %% [markdown]
# The answers begin with the person's name, because every worked answer that the model has read begins so. Copying the
# number of cans and opening a multiplication are just as certain. But the digits of a result have to be *computed*,
# and there the model is unsure. (Digits are tokens of their own here: 11 is the token "1" twice.)
#
# Do not think that copying is always safe. After "Answer:" the model only has to repeat the number that it wrote a
# line above, and even there this small model is sometimes wrong. So an answer can be wrong although every step before
# it was right. Section 6 counts how often.

# %% [markdown]
# ## 4. Drawing an action
#
# The policy is a list of probabilities, and the agent has to do one thing. So it draws. This is the only place in the
# whole process where chance plays a part.
#
# How does a computer draw from a list of probabilities? Lay them end to end on a line from 0 to 1, each as long as it
# is likely. Take a random number u between 0 and 1, and see into which piece it falls. With probabilities 0.25 and
# 0.75, the number u = 0.3 falls into the second piece, which reaches from 0.25 to 1.
#
# > **Exercise 1.3** (level 2, 15 minutes). Write `draw(pi, u)`. The difficulty is at the edges. A token of probability
# > 0 must never be drawn, also when u is exactly 0. And the probabilities may add up to 0.9999999 because of rounding,
# > so u may lie beyond the end of the line.
#
# Your function needs no random numbers of its own: u is given. That is on purpose. With the same u it always does the
# same, so it can be tested, and whoever wants to repeat an experiment stores the seed of the random numbers.

# %%
rng = np.random.default_rng(0)
pi = my.policy(logits_in(states["after “... 5 + 6 = 1”"]), 1.0)
drawn = [tokenizer.decode([my.draw(pi, rng.random())]) for _ in range(20)]
print("twenty draws after '5 + 6 = 1':", " ".join(drawn))

# %% [markdown]
# Twenty draws from one state, and not all are the same. Let us now answer the warm-up question. The next cell lets the
# agent write one answer with your three functions. For each step it notes the probability of the likeliest token.

# %%
end = tokenizer.special_tokens["<|end|>"]
rng = np.random.default_rng(0)
state, certainty, tokens = prompt, [], []
while len(tokens) < 40 and (not tokens or tokens[-1] != end):
    pi = my.policy(logits_in(state), 1.0)
    action = my.draw(pi, rng.random())
    certainty.append(pi.max())
    tokens.append(action)
    state = my.after(state, action)

choices = sum(p < 0.9 for p in certainty)
words = [tokenizer.decode([token]).replace("\n", "↵").replace(" ", "·") for token in tokens]
picture = Picture(
    f"The probability of the likeliest token in each of {len(tokens)} steps of an answer. It is nearly 1 in most steps "
    f"and below 0.9 in {choices} of them, at digits.",
    9, 2.6,
)  # fmt: skip
axes = picture.subplots()
for step, p in enumerate(certainty):
    axes.bar(step, p, color=COLOURS[0] if p >= 0.9 else COLOURS[1], hatch="" if p >= 0.9 else "///", edgecolor="white")
axes.axhline(0.9, color="#52606d", linewidth=1, linestyle="--")
axes.set_xticks(range(len(words)), words, family="monospace", fontsize=8, rotation=60)
axes.set(ylim=(0, 1.05), ylabel="likeliest token", xlabel="the token that was drawn, step by step (· is a space)")
print(tokenizer.decode(tokens))
print(f"\n{choices} choices in {len(tokens)} steps.\n")
reveal("1.a")
assert choices < 5
picture

# %% [markdown]
# ## 5. The environment
#
# So far the agent talks to itself. Something has to say when it is done, and whether the answer is any good. This is
# the **environment**. For a language model it is no more than a small program. It does three things with an action:
#
# 1. It appends the action to the state.
# 2. It decides whether the episode is over. (An *episode* is everything from the prompt to the end.) The agent ends
#    the episode itself with a special token, the end token. If it never does, the environment cuts it off after a
#    number of actions.
# 3. It pays a **reward** r. This is 1 when the answer is right and 0 when it is wrong. And it is 0 in every step
#    before the last one, because there is no answer yet.
#
# Point 3 deserves a second look. When the agent wrote a wrong digit in step 20, nobody told it. The reward comes ten
# steps later, and it is one number for all thirty steps. *Which* step was to blame is not said. This is the difficulty
# of reinforcement learning, in one sentence: the judgement is late, and it is about everything at once.
#
# Should an episode that was cut off get a reward if its text looks right? No. "Answer: 1" looks right when the answer
# is 1, but it can also be the beginning of 18.
#
# > **Exercise 1.4** (level 2, 15 minutes). Write `step(state, action, rules)`. It returns the next state, the reward,
# > and whether the episode is over. The `rules` say how long the prompt is, which token is the end, where the limit
# > is, and how to check an answer.


# %%
def is_correct(actions):
    """The checker: does the text of these actions give the right answer?"""
    return task.checker.check(ROGER, tokenizer.decode(actions, skip_special=True))


rules = my.Rules(len(prompt), end, 40, is_correct)
for text in ("\nAnswer: 11", "\nAnswer: 12"):
    *before, last = tokenizer.encode(text)
    state, reward, done = my.step(prompt + tuple(before), last, rules)
    print(f"{text.strip()!r}, last digit written: reward {reward}, over: {done}")
    state, reward, done = my.step(state, end, rules)
    print(f"{text.strip()!r}, then the end token:  reward {reward}, over: {done}")

# %% [markdown]
# ## 6. One episode
#
# You have all the parts. Now put them together: reset, act, step, act, step, until the episode is over.
#
# From here on, two objects hold the parts. The agent has one method, and the environment has two:
#
# - `environment.reset(problem)` returns the first state, s₀. The environment remembers it.
# - `agent.act(state, rng)` returns an action for this state. It is your policy and your draw in one.
# - `environment.step(action)` returns (next state, reward, whether the episode is over). It is your step. It needs the
#   action alone, since the environment remembers the state that it returned last.
#
# The agent remembers nothing. In each round you have to hand it the state that the environment returned last.
#
# What do we want to keep of an episode? For each action a line of three: the state *in which* it was chosen, the
# action, and the reward that came back. Suppose that the prompt is (7, 8), and the agent says 3 and then 0, the end
# token. If the answer (3, 0) is right, the episode is
#
#     [((7, 8),    3, 0.0),
#      ((7, 8, 3), 0, 1.0)]
#
# There is one trap in these few lines. An action belongs to the state in which it was chosen, not to the state that it
# leads to. Mixing them up raises no error, and the model then learns to say a word *after* it has said it. Such silent
# errors are the hard ones in this field. `python -m minirl.bugs` has eight more.
#
# > **Exercise 1.5** (level 3, 20 minutes). Write `play(agent, environment, problem, rng)`. It returns the list of
# > (state, action, reward), one for each action. It takes about eight lines, with one loop.
#
# Is your loop right? minirl has the same loop, in the file `minirl/rl/mdp.py`. If both get the same random numbers,
# they must write the same answers, token for token. The word `swapped` puts your functions into minirl: inside the
# `with` block, minirl's own agent and environment use *your* code. It also counts how often.

# %%
from minirl.rl import Agent, Environment, mdp

agent, environment = Agent(model, tokenizer), Environment(tokenizer, task, max_new_tokens=40)
seeds = range(8)
theirs = [mdp.play(agent, environment, ROGER, np.random.default_rng(seed)) for seed in seeds]
with swapped("rl.after", "rl.policy", "rl.draw", "rl.step", "rl.play") as used:
    yours = [mdp.play(agent, environment, ROGER, np.random.default_rng(seed)) for seed in seeds]

for one, other in zip(yours, theirs, strict=True):
    assert one.actions.tolist() == other.actions.tolist() and one.reward == other.reward
print(f"{len(seeds)} episodes, {sum(len(episode.actions) for episode in yours)} tokens, all the same as minirl's.\n")
print(used)

# %% [markdown]
# Read the last lines. They do not only say that your functions were called, they say how much of the work they did. A
# function that is swapped in but never called changes nothing, and nothing crashes. You will meet this check in every
# lesson.
#
# Each line begins with the name of a *seam*, a place in minirl where your function can go in. Then it counts the work
# that was done there: new states, actions, episodes. For `rl.policy` it counts *readings of the model*, that is, how
# often minirl asked the model for its logits. There are two readings for each action. The first one draws the action.
# The second one looks up the probability of the action that was drawn, which minirl stores with the episode. The calls
# that "were checked" were compared with minirl's own result.
#
# Now 200 episodes of Roger's question. minirl has a faster way to sample them, many at a time: `rollout`. The sum of
# the rewards of an episode is called its **return**. **What do 200 returns look like?** Picture it before you look.

# %%
from minirl.rl import rollout

episodes = rollout(model, tokenizer, task, [ROGER], 200, max_new_tokens=40, seed=1)
returns = np.array([episode.reward for episode in episodes])
right = int(returns.sum())
picture = Picture(
    f"200 returns: {200 - right} of them are 0 and {right} are 1, and there is nothing between. Their mean, "
    f"{returns.mean():.2f}, is a value that no episode has.",
    6, 2.4,
)  # fmt: skip
axes = picture.subplots()
axes.bar([0, 1], [200 - right, right], width=0.12, color=COLOURS[0])
axes.axvline(returns.mean(), color=COLOURS[1], linestyle="--")
axes.text(returns.mean() + 0.02, 150, f"mean {returns.mean():.2f}", color=COLOURS[1])
axes.set(xticks=[0, 1], xlim=(-0.2, 1.2), xlabel="return of an episode", ylabel="episodes")
before = returns.mean()
assert 0 < before < 1, "This model never answers the question rightly, or always: there is nothing to learn from."
picture

# %% [markdown]
# Two bars. There are no half-right answers. The model is never "nearly there": each episode is right or wrong, and
# what can improve is how often it is right.
#
# **Where do the wrong answers go wrong?** The sum 5 + 6 has to be computed, and then its result has to be copied to the
# answer.

# %%
right_sum = [episode for episode in episodes if "5 + 6 = 11." in episode.text]
miscopied = [episode for episode in right_sum if episode.reward == 0]
copies = sorted({episode.text.rpartition(":")[2].strip() for episode in miscopied})
lucky = right - (len(right_sum) - len(miscopied))
print(
    f"{200 - right} answers are wrong. In {len(miscopied)} of them the sum was right, and was copied wrongly: {copies}"
)
print(f"{right} answers are right. In {lucky} of them the sum was wrong.")

# %% [markdown]
# Both kinds of error get the same reward, 0: the checker reads the answer alone, and cannot say whether the model
# computed badly or copied badly. Which of the two is the weak point is a matter of chance. The same training rounds a
# little differently on another processor, and ends in another model. We ran this lesson twice, each time with another
# set of the processor's instructions (lesson 5 says what these are). With `MINIRL_ISA=avx2` there were 8 wrong copies
# among 166 wrong answers, and with `MINIRL_ISA=avx512` 91 among 163.

# %% [markdown]
# ## 7. The goal, in one number
#
# What do we want from the agent? More reward, on average. This average is called the **expected return**, and we write
# J for it. For an agent that takes a single action, it is easy to write down. Each action a comes up with probability
# π(a), and pays r(a):
#
#     J = Σ π(a) · r(a)         where the sum goes over all actions a.
#
# For example, think of two slot machines. The agent pulls the left lever with probability 0.25, which pays 1, and the
# right one with 0.75, which pays nothing. Then J = 0.25 · 1 + 0.75 · 0 = 0.25.
#
# > **Exercise 1.6** (level 2, 10 minutes). Write `expected_reward(pi, rewards)`.
#
# A language model takes thirty actions, and so there are far too many episodes to sum over. But we can average over a
# sample, as we did with the 200 episodes. Such an average is uncertain. Returns of 0 and 1 with mean p have the
# standard deviation √(p(1 − p)). So over n episodes the *standard error* of the average is √(p(1 − p)/n): the true mean
# is within two standard errors in about 95 of 100 cases.


# %%
def mean_with_error(returns):
    """The mean of 0/1 returns and its standard error."""
    p = np.mean(returns)
    return p, np.sqrt(p * (1 - p) / len(returns))


print(f"two slot machines: J = {my.expected_reward(np.array([0.25, 0.75]), np.array([1.0, 0.0])):.2f}")
print("Roger's question:  J = {:.2f} ± {:.2f}, from 200 episodes".format(*mean_with_error(returns)))

# %% [markdown]
# ## 8. Your functions learn
#
# How the agent gets better is the subject of a later lesson. The idea fits into one sentence: *play some episodes, and
# make the actions of those that did better than the others a little likelier.* minirl does this in the function
# `plain_reinforce`, about thirty lines that you will write yourself later. It plays its episodes with `play`, `act`
# and `step`. So if we swap your functions in, the model learns from what *your* code plays.
#
# We let it practise Roger's question alone, with 16 episodes for each update. It stops when at least 29 of the 32
# episodes of two updates in a row are right. How many updates that takes depends on how well it began.
#
# {predict 1.c}

# %%
from minirl.optim import AdamW
from minirl.rl.plain import plain_reinforce

others = task.by_split["shown"]


def solved_share(problems, samples=4):
    """The share of right answers, each problem answered `samples` times."""
    episodes = rollout(model, tokenizer, task, problems, samples, max_new_tokens=40, seed=2)
    return float(np.mean([episode.reward for episode in episodes]))


state = states["after “... 5 + 6 = 1”"]
pi_before, others_before = my.policy(logits_in(state), 1.0), solved_share(others)
optimizer, rng, curve = AdamW(model.parameters(), lr=1e-3, weight_decay=0), np.random.default_rng(0), []
with swapped("rl.after", "rl.policy", "rl.draw", "rl.step", "rl.play") as used:
    while sum(curve[-2:]) * 16 < 29 and len(curve) < 60:
        curve.append(plain_reinforce(agent, optimizer, environment, [ROGER], 16, rng))
pi_after, others_after = my.policy(logits_in(state), 1.0), solved_share(others)
after = solved_share([ROGER], 200)

print(used)
print(f"\n{len(curve)} updates")
print(f"Roger's question:   {before:.0%} right before, {after:.0%} after")
print(f"the other problems: {others_before:.0%} right before, {others_after:.0%} after\n")
reveal("1.c")
assert after > 0.7 and after > before + 0.3
assert others_after < others_before - 0.05

# %% [markdown]
# The next figure answers two questions. **How did the reward rise?** On the left is the mean reward of the 16 episodes
# of each update. **And what has changed in the model?** In the middle and on the right is its policy after "5 + 6 = 1",
# the state in which it was so unsure, before and after the training.

# %%
picture = Picture(
    f"Left: the mean reward of 16 episodes rises from {curve[0]:.2f} to {curve[-1]:.2f} within {len(curve)} updates. "
    f"Right: the largest probability after '5 + 6 = 1' was {pi_before.max():.2f} and is {pi_after.max():.2f}.",
    9, 2.6,
)  # fmt: skip
left, middle, last = picture.subplots(1, 3)
left.plot(range(1, len(curve) + 1), curve, color=COLOURS[0], marker="o", markersize=4)
left.set(ylim=(0, 1.05), xlabel="update", ylabel="mean reward")
bars(middle, pi_before, "before", COLOURS[1])
bars(last, pi_after, "after", COLOURS[2])
picture

# %% [markdown]
# Look at the middle and the right part together. Nobody told the model that this digit was the one that mattered. It
# was paid for whole episodes, right or wrong. But the tokens that all episodes share cannot make a difference between
# good and bad episodes, and so the pushes on them cancel. What is left is the push on the tokens in which good and bad
# episodes differ. That is how a late judgement finds the step that it was about.

# %% [markdown]
# ## You should know
#
# 1. The agent is the language model, the action is the next token, and the state is the text so far.
# 2. The policy π(a | s) is softmax(logits / T). Only differences of logits matter, so the largest may be subtracted.
# 3. Drawing the action is the only random thing. The next state follows from state and action.
# 4. The reward is 0 until the last action, and then 1 or 0 for the whole episode.
# 5. The goal is the expected return J. From n episodes it is known only up to its standard error.
#
# ## How this fails in practice
#
# - **It learns what you pay for.** You have just seen it: the reward spoke of one question, and the others were
#   forgotten. Real training uses many problems at once, stays near the model it began with, and measures what must not
#   be lost.
# - **Answers that are cut off.** If the limit on actions is too low, right answers get reward 0, and the model learns
#   to be brief instead of right. Look at how many episodes end by themselves before you look at the reward.
# - **The end token is no action.** If training leaves out the end token, the model never learns to stop. Nothing
#   crashes. `python -m minirl.bugs "masked end"` shows what it looks like.
# - **One seed.** This run had one. Nothing tells you yet how a run with another seed would go. Never trust a single
#   run.
#
# ## The code that runs
#
# - `minirl/rl/mdp.py` has `State.after`, `Agent.policy`, `Agent.act`, `Environment.step` and `play`: your five
#   functions as methods.
# - `minirl/rl/rollout.py` does the same for hundreds of episodes at a time. A test holds the two together, token for
#   token.
# - `minirl/rl/plain.py` is the training loop that has just used your functions. Its method is called REINFORCE, and
#   lesson 12 derives it.
#
# ## Sources
#
# - Kornell, N., Hays, M. J. and Bjork, R. A. (2009). Unsuccessful retrieval attempts enhance subsequent learning.
#   *Journal of Experimental Psychology: Learning, Memory, and Cognition* 35(4), 989–998.
#
# **Next:** lesson 2. The model has changed its parameters so that good episodes became likelier. For that it needed to
# know in which direction to change each of its parameters. You will build the machine that finds out.
