# %% [markdown]
# # Lesson 10. Sampling and the KV cache
#
# *About two hours and ten minutes. You need lesson 8 (the parts of a transformer) and lesson 1 (policy and
# temperature).*
#
# A model has been trained, and now it is to write. Two questions are left. *Which* token should be taken, when the
# policy offers several? And how can it be found *fast*? The first question has knobs, and people turn them without
# knowing what they do. The second has an answer that makes long texts possible at all: never compute anything twice.
#
# When you have finished this lesson, you can
#
# - say what temperature, top-k and top-p do to a policy, and in which order;
# - write a cache that gives the same numbers as no cache, with a fraction of the work;
# - count the operations of a token, with and without a cache;
# - explain why writing many texts at once is hardly slower than writing one.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 10.1` checks the first one. From here on this text writes `check 10.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 10.a}
#
# Section 4 counts it.

# %% [markdown]
# ## 1. Cutting off the tail
#
# A policy gives *every* token a probability above 0, also the 300 that make no sense at some place. Each of them is
# unlikely. Together they are not: with 300 tokens of 0.0001 each, a senseless one comes up in 3% of all draws. So
# 1 − 0.97³⁰ = 60% of the answers of thirty tokens have at least one. It would be good to cut the tail off.
#
# The simplest way is **top-k**: keep the k most likely tokens, set the others to 0, and divide by what is left, so that
# the sum is 1 again.
#
# > **Exercise 10.1** (level 2, 10 minutes). Write `top_k(pi, k)`.
#
# But which k? After "2 * 3 = " one token makes sense, and k = 10 keeps nine bad ones. At the beginning of a story a
# thousand make sense, and k = 10 throws nearly all of them away. What one wants is "enough": keep the most likely
# tokens until their probabilities add up to p, such as 0.9. This is **top-p**, or nucleus sampling (Holtzman and
# others, 2020). Where the model is sure, one token is enough. Where it is not, many are kept.
#
# {predict 10.b}
#
# > **Exercise 10.2** (level 3, 20 minutes). Write `top_p(pi, p)`. The token that crosses p belongs to the set.

# %%
import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped

my = exercises_of(10)
print("left after top-p with 0.9:", my.top_p(np.array([0.5, 0.3, 0.15, 0.05]), 0.9).round(3), "\n")
reveal("10.b")

# %% [markdown]
# **What do the three knobs do to one and the same policy?** The figure shows ten tokens, the most likely one on the
# left.

# %%
logits = np.array([2.2, 1.9, 1.2, 0.9, 0.4, 0.1, -0.4, -0.8, -1.3, -2.0])


def softmax(z):
    """The probabilities of logits."""
    weights = np.exp(z - z.max())
    return weights / weights.sum()


shapes = {
    "as it is": softmax(logits),
    "temperature 0.5": softmax(logits / 0.5),
    "top-k, k = 2": my.top_k(softmax(logits), 2),
    "top-p, p = 0.8": my.top_p(softmax(logits), 0.8),
}
picture = Picture(
    "Ten probabilities, four times. "
    + "; ".join(f"{name}: the largest is {pi.max():.2f}, {int((pi > 0).sum())} above 0" for name, pi in shapes.items())
    + ".",
    9, 2.4,
)  # fmt: skip
for axes, (name, pi), colour in zip(picture.subplots(1, 4, sharey=True), shapes.items(), COLOURS, strict=False):
    axes.bar(range(10), pi, color=colour)
    axes.set(title=name, xticks=[], xlabel="token")
picture

# %% [markdown]
# The temperature leaves all tokens possible, and moves probability to the front. The cuts leave the shape of what they
# keep, and make it larger. They can be used together, and then the order matters: temperature first, then top-k, then
# top-p. A cut has to see the policy that the temperature has made.

# %% [markdown]
# ## 2. Drawing for many rows
#
# A model usually writes many texts at a time, one in each *row* of an array. Each row has a policy of its own, and it
# needs a random number of its own. (Give all rows the same number, and all answers to one question begin alike. The
# program runs, and reinforcement learning then learns next to nothing.)
#
# Drawing works as in lesson 1: the probabilities lie end to end on a line from 0 to 1, and the random number u points
# to one of them.
#
# > **Exercise 10.3** (level 3, 25 minutes). Write `sample(logits, u, temperature, k, p)`.
#
# How does one test a function that draws? Not by looking at a few draws. Draw often, and compare how often each token
# came up with how often it should. The difference has a known size: if a token is drawn with probability π, then among
# n draws its number is off by about √(n π (1 − π)). (Here π is this probability, as in lesson 1, and not 3.14.) Square
# each difference, divide by n π, and add up over the tokens. This number is called **chi-square**. For V tokens it is
# about V − 1, give or take √(2 (V − 1)). For ten tokens these are 9 and 4.2. A right function stays below 9 + 2 · 4.2
# = 17.4 in 96 of 100 such tests. It gets above 30 once in two thousand, so there the cell below stops.

# %%
n = 20_000
drawn = np.array(my.sample(np.tile(logits, (n, 1)), np.random.default_rng(0).random(n), 1.0, 0, 1.0))
times = np.bincount(drawn, minlength=10)
expected = n * softmax(logits)
chi_square = float(((times - expected) ** 2 / expected).sum())
print(f"chi-square {chi_square:.1f}; expected about 9, give or take {np.sqrt(2 * 9):.1f}")
assert chi_square < 30
cut = np.array(my.sample(np.tile(logits, (n, 1)), np.random.default_rng(1).random(n), 0.5, 4, 0.8))
print("with temperature 0.5, k = 4 and p = 0.8 only these tokens come up:", sorted(set(cut.tolist())))

# %% [markdown]
# **Do the knobs matter?** We let the model of lesson 1 answer 27 problems that it was not trained on, 8 times each, and
# turn the temperature. All tokens are drawn by *your* function, swapped into minirl.
#
# {predict 10.c}

# %%
from minirl.lessons.roger import RogerTask, roger_model, roger_tokenizer
from minirl.rl import rollout

task, tokenizer = RogerTask(), roger_tokenizer()
model = roger_model(tokenizer, task)
problems = task.by_split["train"]
temperatures = [0.3, 0.6, 1.0, 1.5, 2.0]
right, ended = [], []
with swapped("generate.sample") as used:
    for temperature in temperatures:
        found = rollout(model, tokenizer, task, problems, 8, max_new_tokens=40, temperature=temperature, seed=1)
        right.append(float(np.mean([episode.reward for episode in found])))
        ended.append(float(np.mean([episode.finished for episode in found])))
print(used, "\n")
for temperature, share, end in zip(temperatures, right, ended, strict=True):
    print(f"temperature {temperature}: {share:4.0%} right, {end:4.0%} end by themselves")
print()
reveal("10.c")
picture = Picture(
    "Share of right answers, and share of answers that end by themselves, against the temperature. Right: "
    + ", ".join(f"{share:.2f} at {t}" for t, share in zip(temperatures, right, strict=True)) + ".",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(temperatures, ended, "--s", color=COLOURS[1], markersize=4, label="end by themselves")
axes.plot(temperatures, right, "-o", color=COLOURS[0], markersize=4, label="right")
axes.set(xlabel="temperature", ylabel="share of answers", ylim=(0, 1.05))
axes.legend()
assert used["generate.sample"].share == 1 and right[0] > right[-1] + 0.05
picture

# %% [markdown]
# At temperature 2 most answers are spoiled somewhere, and some never end. Between 0.3 and 1 the differences are
# small, and 27 problems are too few to tell them apart.
#
# For arithmetic with one right answer a low temperature does no harm. For stories it does: the model repeats itself.
# And in reinforcement learning the temperature stays at 1 for another reason. The gradient belongs to the policy that
# was drawn from. If you cut the tail off while sampling, and the loss uses the whole policy, the two do not fit
# together.

# %% [markdown]
# ## 3. Nothing twice
#
# Now the second question. To write token 100, the model of lesson 8 reads all 99 tokens before it, and computes
# queries, keys and values for each of them, in every layer. But it did that for token 99 already, and for token 98.
# What has changed since?
#
# Nothing! That is the gift of the causal mask. Token 5 sees the tokens 0 to 5 and no others. Whatever comes later, the
# numbers computed for it stay the same, in every layer. So its key and its value stay the same, too. Of an old token,
# only its keys and values are ever asked for again: later tokens compare their queries with its key, and collect its
# value. So keep these two, for each layer, and compute everything for the new token alone. This is the **KV cache**.
#
# First the attention of a single token. It is a row of lesson 8's attention, and even simpler: no mask is needed,
# because the later tokens do not exist yet.
#
# > **Exercise 10.4** (level 2, 10 minutes). Write `attend(q, keys, values)`.
#
# And then a whole step. Let us follow one token through a layer. x is now C numbers, for this one token.
#
# | step | shape | |
# |---|---|---|
# | x | (C,) | |
# | norm, times `attention.qkv.weight` | (3 C,) | the query, the key and the value of this token |
# | turn query and key by the place of the token | (C,) each | `rotate_at` does it, head by head |
# | put key and value below the others | (t + 1, C) each | **the new cache of this layer** |
# | in each head: `attend` | (D,) each | columns of one head of query, keys and values |
# | side by side, times the projection, plus x | (C,) | |
# | norm, times `mlp.up.weight` | (2 F,) | first F gates, then F ups |
# | `swiglu(gates, ups)`, times the projection, plus x | (C,) | the feed-forward half, as in lesson 8 |
#
# Where does the place of the token come from? Its place is the number of tokens before it, and these are in the cache.
#
# > **Exercise 10.5** (level 4, 40 minutes). Write `step(p, config, token, cache)`. It returns the logits and the new
# > cache. The check compares the logits of every token with a model that has no cache, and looks at the cache, too.

# %%
from minirl.lessons.roger import ROGER

weights = {name: parameter.data.astype(np.float64) for name, parameter in model.named_parameters()}
prompt = tokenizer.encode(ROGER.prompt)
answer = tokenizer.encode(ROGER.completion.removesuffix("<|end|>"))
cache, rows = my.empty_cache(model.config), []
for token in [*prompt, *answer]:
    logits_now, cache = my.step(weights, model.config, token, cache)
    rows.append(logits_now)
theirs = model([*prompt, *answer]).data[0]
print(f"{len(rows)} tokens, one by one. Largest difference from minirl's logits, computed all at once:", end=" ")
print(f"{np.abs(np.array(rows) - theirs).max():.1e}")
held = sum(keys.size + values.size for keys, values in cache)
print(f"the cache holds {held:,} numbers: keys and values (2) x {len(cache)} layers x {len(rows)} tokens x "
      f"{model.config.d_model} numbers")  # fmt: skip
assert np.abs(np.array(rows) - theirs).max() < 1e-3

# %% [markdown]
# The same numbers, up to rounding. If they were not the same, the model would write worse with every token, and
# nothing would crash. This is why the check looks at *every* token. Suppose that a program reads the prompt correctly,
# and gives each token that it writes afterwards a place that is one too high. The first tokens are right, and the
# fault shows only later.
#
# What if *every* token gets a place that is one too high? Then all logits are right! Attention turns queries and keys
# by their places, and only the difference of two places remains, as lesson 8 says. Such a program writes the same
# texts. It fails when it goes on with a cache that other code has filled. So the check compares the keys in the cache
# as well.

# %% [markdown]
# ## 4. What does a token cost?
#
# A product of a matrix with M rows and K columns and a vector takes M · K multiplications and about as many additions,
# 2 M K operations. The matrices of a layer have 4 C² + 3 C F numbers, with C and F as in lesson 8. So each token takes
# 2 · (4 C² + 3 C F) operations in each layer for them. In attention, the token with the number t compares its query
# with t keys, which takes 2 t C operations in all heads together, and averages t values, which takes 2 t C more.
#
# > **Exercise 10.6** (level 2, 15 minutes). Write `operations(n_layer, d_model, d_ff, vocab_size, tokens, cached)`.
#
# **How does the cost of the next token grow with the length of the text?** The figure counts for a model about as large
# as GPT-2 small: 12 layers, width 768.

# %%
SIZE = 12, 768, 2048, 50_257
lengths = [1, 10, 30, 100, 300, 1000, 3000, 10_000]
costs = {
    name: [my.operations(*SIZE, t, cached) for t in lengths] for name, cached in (("without", False), ("with", True))
}
total = [sum(my.operations(1, 768, 2048, 0, t, cached) for t in range(1, 1001)) for cached in (False, True)]
print(f"1,000 tokens take {total[0] / total[1]:.0f} times as many operations without a cache\n")
reveal("10.a")
picture = Picture(
    "Operations for the next token against the length of the text, both logarithmic. With a cache it is "
    f"{costs['with'][0]:.1e} for the first token and {costs['with'][5]:.1e} after 1,000. Without, it grows in "
    f"proportion, to {costs['without'][5]:.1e}.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(costs.items(), COLOURS[1::-1], STYLES[1::-1], strict=False):
    axes.loglog(lengths, values, color=colour, linestyle=style, marker="o", markersize=3, label=f"{name} a cache")
axes.set(xlabel="tokens so far", ylabel="operations for the next token")
axes.legend()
assert 300 < total[0] / total[1] < 700
picture

# %% [markdown]
# Why 484 times, where 500,500 / 1,000 tokens are about 500? The matrices do 500 times as much work. Attention does less
# than that: in a text that is read again, the early tokens look back at a few others only. It has 334 times as much.
#
# With the cache the line is nearly flat. It rises at the end, where attention becomes the larger part. Counting is one
# thing, and a clock another. **Does the clock agree?** Your functions and your model, one token at a time.

# %%
import time

eight = exercises_of(8)
ids = ([*prompt, *answer] * 2)[:120]


def milliseconds(work, repeats=5):
    """The least processor time of several runs."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return 1000 * min(spent)


spent, at, cache = {"with": [], "without": []}, list(range(9, 120, 10)), my.empty_cache(model.config)
for place, token in enumerate(ids):
    if place in at:
        step, whole = (
            (my.step, weights, model.config, token, cache),
            (eight.gpt, weights, model.config, ids[: place + 1]),
        )
        for name, (function, *arguments) in (("with", step), ("without", whole)):
            spent[name].append(milliseconds(lambda f=function, given=arguments: f(*given)))
    _, cache = my.step(weights, model.config, token, cache)
print(f"after {at[-1]} tokens: {spent['with'][-1]:.2f} ms with, {spent['without'][-1]:.2f} ms without a cache")
picture = Picture(
    "Milliseconds for the next token against the number of tokens, on the machine that ran this notebook. With a cache "
    f"it goes from {spent['with'][0]:.2f} to {spent['with'][-1]:.2f}, without from {spent['without'][0]:.2f} to "
    f"{spent['without'][-1]:.2f}.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(spent.items(), COLOURS, STYLES, strict=False):
    axes.plot(at, values, color=colour, linestyle=style, marker="o", markersize=3, label=f"{name} a cache")
axes.set(xlabel="tokens so far", ylabel="milliseconds", ylim=(0, None))
axes.legend()
picture

# %% [markdown]
# With the cache the time hardly changes. Without it, the time grows with the text, as the count said. (Only roughly: a
# product of two matrices does more operations in a second than a product of a matrix and a vector. Section 5 says why.)

# %% [markdown]
# ## 5. Many rows at once
#
# Look at a step of a *large* model from the side of the memory. To compute one token, *all* weights of the model have
# to be read, each once, and each takes part in one multiplication and one addition. They do not fit into the
# processor, and reading a number from memory takes much longer than multiplying it. So most of the time the arithmetic
# waits.
#
# When a prompt is read ("prefill"), the T tokens pass through the layers together. Each weight is read once and used
# T times. And when many texts are written at the same time, each weight is read once and used for every row. In both
# cases the arithmetic has something to do.
#
# Our model is small, and its weights stay in the processor's own memory, its cache. (This is a cache as in lesson 4,
# not the KV cache.) Another cost takes their place. For each step, Python calls dozens of functions, one after the
# other, whether they work on one row or on many. Both costs are paid once for each step, and not for each row. **How
# many tokens a second does minirl write, if it writes several texts at once?**

# %%
counts = [1, 2, 4, 8, 16, 32, 64]
speed = []
for rows_at_once in counts:
    best = 0.0
    for attempt in range(3):
        start = time.process_time()
        found = rollout(model, tokenizer, task, [ROGER], rows_at_once, max_new_tokens=40, seed=attempt)
        spent = time.process_time() - start
        best = max(best, sum(len(episode.actions) for episode in found) / spent)
    speed.append(best)
for rows_at_once, rate in zip(counts, speed, strict=True):
    if rows_at_once in (1, 8, 64):
        print(f"{rows_at_once:3d} at once: {rate:8,.0f} tokens a second of processor time")
picture = Picture(
    "Tokens a second of processor time against the number of texts written at once, both logarithmic, on the machine "
    f"that ran this notebook: {speed[0]:,.0f} for one text, {speed[3]:,.0f} for 8, {speed[-1]:,.0f} for 64.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.loglog(counts, speed, "-o", color=COLOURS[0], markersize=4)
axes.set(xlabel="texts at once", ylabel="tokens a second")
assert speed[-1] > 3 * speed[0]
picture

# %% [markdown]
# Writing 64 texts takes far less than 64 times as long as writing one. So whoever has many questions should ask them
# together. In our small model the main reason is Python's work for each step, which all rows share. So this figure
# shows what is gained, and it is no evidence of what the memory costs. In a large model the reading of the weights
# gives a curve like this one.
#
# This is also why reinforcement learning is possible at all on a laptop: hundreds of episodes are played at a time.
#
# ## You should know
#
# 1. Temperature changes all probabilities; top-k and top-p cut off the unlikely ones. In this order.
# 2. Top-p keeps the token that crosses p. Where the model is sure, it keeps one.
# 3. With a causal mask an old token's keys and values never change. Keep them, for each layer.
# 4. With a cache the next token costs about the same wherever it stands. Without, its cost grows with the text.
# 5. In a large model a single text leaves the arithmetic waiting for the weights. Many rows, or a long prompt, keep it
#    busy.
#
# ## How this fails in practice
#
# - **A place that is one too high.** The prompt has the right places, and what is written after it is one too high. The
#   texts look fine at first and get worse. `python -m minirl.bugs "cache position"` shows what it does to a training.
# - **Rows that are left over.** A text has ended, and a new one gets its row of the cache. The keys of the old text are
#   still in it.
# - **One random number for all.** All samples of a problem are alike, so they agree in their rewards, and nothing is
#   learned.
# - **Cuts while learning.** With top-p at 0.9, the tokens that are drawn are not drawn from the policy whose gradient
#   is taken.
# - **A cache that does not fit.** It takes 2 · layers · C numbers for each token of each row. For a large model and a
#   long text it is larger than the model.
#
# ## The code that runs
#
# - `minirl/kernels/sampling/reference.py`: your `sample`, for whole arrays, with the order of the cuts.
# - `minirl/model/cache.py`: keys and values of many rows, with room that is made in advance.
# - `minirl/generate/engine.py`: many rows, of which some end before others, and whose places are used again.
# - `minirl/rl/mdp.py` does without a cache, and the tests hold it and `minirl/rl/rollout.py` together, token for token.
#
# ## Sources
#
# - Holtzman, A. and others (2020). The curious case of neural text degeneration. *ICLR 2020*; arXiv:1904.09751.
#
# **Next:** lesson 11 teaches a model to answer. What it then writes, it writes with the parts of this lesson. Lesson 16
# goes on here: it draws many answers to one question, chooses among them, and searches for likely ones.
