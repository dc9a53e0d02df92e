# %% [markdown]
# # Lesson 8. The transformer, part by part
#
# *About two and a half hours. You need NumPy, and lesson 1 for softmax and states. Lesson 3 helps, but is not needed:
# here we only compute forward.*
#
# You have used a language model as a box: tokens go in, logits come out. Today you open the box. What is inside is
# called a transformer (Vaswani et al., 2017). It has fewer parts than one might expect, and each takes a few lines.
# You write all of them, in plain NumPy, one token sequence at a time. Then you load the weights of a trained model
# into *your* functions, and let them solve Roger's problem.
#
# When you have finished this lesson, you can
#
# - write each part of a transformer in a few lines, and say what it is for;
# - explain how a token learns of the tokens before it, and of no others;
# - say how a model knows the order of words, and count its parameters.

# %% [markdown]
# ## Warm-up
#
# Take a transformer with a single layer that has no information about positions. You give it a prompt. Then you
# shuffle all words of the prompt except the last one.
#
# **What happens to its prediction of the next word?**
#
# - (a) It changes: other words in other places make another sentence.
# - (b) It stays exactly the same.
# - (c) It becomes random.
#
# `predict 8.a` stores your guess.

# %% [markdown]
# ## 1. A stream for each token
#
# Inside a transformer, every token is a row of numbers: C of them, 64 in our small model. At first the row is looked
# up in a table, one row for each token of the vocabulary. Then the rows pass through the layers. Each layer reads the
# rows, computes something, and **adds** it to them. So there is a stream of numbers for each token, from the table to
# the end, and the layers write into it. This is called the *residual stream*.
#
# At the end, the row of a token must say what comes next. It is multiplied by a matrix with one row for each token of
# the vocabulary. The results are the logits.
#
# Since every layer adds, the numbers in the stream grow. So a layer does not read the stream itself, but a copy that
# has been brought to a standard size: each row is divided by the root of its mean square, and multiplied by a learned
# *gain*.
#
# > **Exercise 8.1** (level 1, 10 minutes). Write `rms_norm(x, gain, eps)`.

# %%
import numpy as np

from minirl.lessons import COLOURS, Picture, exercises_of, reveal, swapped

my = exercises_of(8)
x = np.array([[3.0, 4.0], [300.0, 400.0]])
print("Two rows of very different size, normed:\n", my.rms_norm(x, np.ones(2), 1e-5).round(4))

# %% [markdown]
# ## 2. Attention: asking the tokens before
#
# So far each token is alone with itself. But " =" cannot know what comes next, unless it learns that "5 + 6" stands
# before it. There is a single place in a transformer where tokens learn of each other: **attention**.
#
# It works like asking around in a room. Each token makes three short rows of numbers from its own:
#
# - a **query** q: what am I looking for?
# - a **key** k: what can be found here?
# - a **value** v: what do I tell whoever asks me?
#
# Token t compares its query with the key of each token s, by a scalar product q_t · k_s. The larger it is, the better
# the two fit. A softmax turns the scores into weights that add up to 1, and t gets the average of the values with
# these weights:
#
#     weight of s for t  =  softmax over s of (q_t · k_s / √D),         result_t  =  Σ over s of  weight · v_s.
#
# Why divide by √D? A scalar product is a sum of D terms. If each is about 1 in size and random in sign, the sum is
# about √D in size. Without the division, wide heads would have huge scores, and the softmax would put everything on
# one token.
#
# And one rule is sacred: **token t may see s only if s ≤ t.** A model is trained to predict the next token at every
# place at once. If a token could see the one after it, it would only have to copy. So the scores of later tokens are
# replaced by −∞ before the softmax, and e^(−∞) is 0. This is the *causal mask*.
#
# > **Exercise 8.2** (level 3, 25 minutes). Write `attention(q, k, v)`.

# %%
rng = np.random.default_rng(0)
q, k, v = rng.normal(size=(3, 4, 8))
before = my.attention(q, k, v)
k2, v2 = k.copy(), v.copy()
k2[3], v2[3] = 100, 100  # the last token changes completely
after = my.attention(q, k2, v2)
print("Which rows change when the last token does?", (np.abs(after - before).max(axis=1) > 1e-12).tolist())

order = [2, 0, 1, 3]  # the first three change places, the last one stays
shuffled = my.attention(q[order], k[order], v[order])
print("The last token's result, before and after a shuffle of the others:")
print(before[3].round(6), "\n", shuffled[3].round(6), "\n")
reveal("8.a")
assert np.allclose(before[:3], after[:3]) and np.allclose(before[3], shuffled[3])

# %% [markdown]
# ## 3. Where a token stands
#
# So attention alone does not know the order. "2 cans of 3" and "3 cans of 2" would be the same to it. (The last token
# sees a set. With several layers some order comes through the mask: a token in the middle has seen only what stood
# before it.) We have to bring the places in.
#
# The idea used today is beautiful. Take a query and a key as a list of points in the plane: number i and number i +
# D/2 are the two coordinates of point i. Before comparing, **turn every point by an angle that grows with the token's
# place**: the query of token t by t times some angle, the key of token s by s times the same angle. What does the
# scalar product of the two see? If both points are turned by the same angle, it does not change. So only the
# *difference* t − s matters: how far the two tokens are apart. That is what one wants. "The number just before me"
# means the same everywhere in a text.
#
# Each point turns with its own speed, base^(−2i/D) per place. The first point makes a full turn in about 6 places, and
# the last one hardly moves within the whole text. Together they are like the hands of a clock: the fast ones tell near
# places apart, the slow ones far places. This is called *rotary position embedding* (Su et al., 2021).
#
# > **Exercise 8.3** (level 3, 25 minutes). Write `rotate(x, base)`.
#
# **Does only the distance count?** The next figure takes one query and one key. It puts the query at place 10 and then
# at place 40, and the key at all places before, and draws their scalar product against the distance.

# %%
rng = np.random.default_rng(1)
query, key, T = rng.normal(size=16), rng.normal(size=16), 41
turned_queries, turned_keys = my.rotate(np.tile(query, (T, 1)), 100.0), my.rotate(np.tile(key, (T, 1)), 100.0)
near = [turned_queries[10] @ turned_keys[10 - d] for d in range(11)]
far = [turned_queries[40] @ turned_keys[40 - d] for d in range(41)]
picture = Picture(
    "Scalar product of a rotated query and key against their distance. The points for a query at place 10 lie exactly "
    "on the line for a query at place 40: only the distance counts. The line goes up and down without a period.",
    6.5, 2.8,
)  # fmt: skip
axes = picture.subplots()
axes.plot(range(41), far, color=COLOURS[0], label="query at place 40")
axes.plot(range(11), near, "o", color=COLOURS[1], label="query at place 10")
axes.set(xlabel="distance between query and key", ylabel="q · k")
axes.legend()
assert np.allclose(near, far[:11])
picture

# %% [markdown]
# ## 4. Thinking alone
#
# Attention moves information from token to token. What to *make* of it is the job of the second half of a layer, the
# feed-forward part. It treats each token by itself: it widens the row from C to F numbers, bends it, and narrows it
# again.
#
# The bend is a **gate**. The row is widened twice, into "gate" and "up". Then
#
#     result = gate · sigmoid(gate) · up,           sigmoid(x) = 1 / (1 + e^(−x)).
#
# For a large gate, sigmoid is 1 and the content passes. For a very negative one, sigmoid is 0 and nothing passes. So
# the token decides, number by number, what to let through. This form is called SwiGLU.
#
# > **Exercise 8.4** (level 1, 10 minutes). Write `swiglu(gate, up)`.

# %% [markdown]
# ## 5. A layer, and a model
#
# Put together, a layer is
#
#     x = x + attention(norm(x))
#     x = x + feed_forward(norm(x))
#
# One detail is left. A token often needs several things at once: the number before it, and the operator, and who the
# story is about. One average cannot give all three. So attention is done several times side by side, in **heads**. The
# row of 64 numbers of each query, key and value is cut into 4 parts of 16, and each head works with its own part. The
# results are put side by side again and mixed by one more matrix, the *projection*.
#
# > **Exercise 8.5** (level 3, 30 minutes). Write `block(p, config, x)`. Take it step by step, and print shapes as you
# > go. The check compares with minirl's own layer, with one head first.
#
# > **Exercise 8.6** (level 3, 20 minutes). Write `gpt(p, config, ids)`: the table, the layers, a last norm, and the
# > output matrix.
#
# That is all. There is nothing else in a transformer.

# %%
from minirl.lessons.roger import ROGER, RogerTask, roger_model, roger_tokenizer

task, tokenizer = RogerTask(), roger_tokenizer()
model = roger_model(tokenizer, task)
weights = {name: parameter.data.astype(np.float64) for name, parameter in model.named_parameters()}
ids = tokenizer.encode(ROGER.prompt + " Roger has 5. 2 * 3 =")
yours, theirs = my.gpt(weights, model.config, ids), model(ids).data[0]
print(f"{len(ids)} tokens; logits of shape {yours.shape}")
print(f"largest difference between your logits and minirl's: {np.abs(yours - theirs).max():.1e}")
print(f"both think that the next token is {tokenizer.decode([int(yours[-1].argmax())])!r}")
assert np.abs(yours - theirs).max() < 1e-3

# %% [markdown]
# ## 6. What do the heads look at?
#
# You have trained weights, and you own the code that uses them. So you can look inside. **From where does the model
# take the numbers when it writes "2 * 3 ="?** The next figure shows, for each head of the second layer, the weights
# with which the last token looks at the tokens before it. Only the ten largest are drawn.

# %%


def looks(layer, tokens):
    """The attention weights of the last token in each head of a layer, (heads, T), by the learner's functions."""
    config, x = model.config, weights["token_embedding.weight"][list(tokens)]
    for number in range(layer):
        x = my.block(my.inside(weights, f"blocks.{number}."), config, x)
    p, C, D = my.inside(weights, f"blocks.{layer}."), config.d_model, config.head_size
    qkv = my.rms_norm(x, p["attention_norm.weight"], config.norm_eps) @ p["attention.qkv.weight"].T
    found = []
    for head in range(config.n_head):
        q, k = (my.rotate(qkv[:, at + head * D : at + (head + 1) * D], config.rope_base) for at in (0, C))
        found.append(my.attention(q, k, np.eye(len(tokens)))[-1])  # with these values the result is the weights
    return np.array(found)


seen = [*tokenizer.encode(ROGER.prompt), *tokenizer.encode(" Roger has 5. 2 * 3 = ")]
found = looks(1, seen)
texts = [tokenizer.decode([token]).replace("\n", "↵").replace(" ", "·") for token in seen]
strongest = [
    f"head {head + 1} most at {texts[int(row.argmax())]!r}, token {int(row.argmax())}, with {row.max():.2f}"
    for head, row in enumerate(found)
]
picture = Picture(f"Where the last token looks in the second layer: {'; '.join(strongest)}.", 9, 3)
for head, axes in enumerate(picture.subplots(1, 4)):
    best = np.sort(np.argsort(-found[head])[:10])
    axes.barh(range(10), found[head][best], color=COLOURS[head], hatch=("", "//", "..", "xx")[head], edgecolor="white")
    axes.set_yticks(range(10), [f"{texts[i]} ({i})" for i in best], fontsize=8, family="monospace")
    axes.set(xlim=(0, 1), title=f"head {head + 1}")
    axes.invert_yaxis()
assert np.allclose(found.sum(axis=1), 1)
print("The last token stands after:", tokenizer.decode(seen[-12:]))
picture

# %% [markdown]
# The number in brackets is the place of a token. Do not read too much into such pictures. A weight says from where
# information was taken, and not what was done with it. But you see that different heads look at different things.

# %% [markdown]
# ## 7. Counting
#
# **Predict** (`predict 8.b`). Our model has the width 64, two layers, a feed-forward width of 192 and a vocabulary of
# 320. Which part has the most parameters? (a) Attention. (b) The feed-forward parts. (c) The table of tokens and the
#      output matrix together.
#
# > **Exercise 8.7** (level 2, 15 minutes). Write `n_parameters(vocab_size, n_layer, d_model, d_ff)`.

# %%
V, layers, C, F = 320, 2, 64, 192
counts = {"attention": layers * 4 * C * C, "feed-forward": layers * 3 * C * F, "table and output": 2 * V * C}
counts["norms"] = my.n_parameters(V, layers, C, F) - sum(counts.values())
total = sum(parameter.size for parameter in model.parameters())
print("by your formula:", my.n_parameters(V, layers, C, F), "  in the model:", total, "\n")
reveal("8.b")
assert my.n_parameters(V, layers, C, F) == total
picture = Picture(
    f"Parameters by part, of {total:,} in all: " + ", ".join(f"{n} {count:,}" for n, count in counts.items()) + ".",
    6.5, 2,
)  # fmt: skip
axes = picture.subplots()
axes.barh(list(counts), list(counts.values()), color=COLOURS[0])
for row, count in enumerate(counts.values()):
    axes.text(count + 800, row, f"{count:,}", va="center")
axes.set(xlabel="parameters", xlim=(0, 90_000))
axes.invert_yaxis()
picture

# %% [markdown]
# The same formula tells you the size of large models. With a width of 4,096, a feed-forward width of 11,008, 32 layers
# and a vocabulary of 32,000, it gives 6.7 billion: this is Llama 7B. Its parts are exactly those that you have
# written.

# %%
print(f"{my.n_parameters(32_000, 32, 4096, 11_008):,}")
assert my.n_parameters(32_000, 32, 4096, 11_008) == 6_738_415_616

# %% [markdown]
# ## 8. Your transformer acts
#
# Now let it write. minirl's agent asks its model for logits before every action. We put your `gpt` in its place: from
# here on each token of the answer is chosen by *your* transformer. With the same random numbers, minirl's own must
# write the same.

# %%
from minirl.rl import Agent, Environment, play

agent, environment = Agent(model, tokenizer), Environment(tokenizer, task, max_new_tokens=40)
theirs = [play(agent, environment, ROGER, np.random.default_rng(seed)) for seed in range(4)]
with swapped("model.gpt") as used:
    yours = [play(agent, environment, ROGER, np.random.default_rng(seed)) for seed in range(4)]
print(used, "\n")
for one, other in zip(yours, theirs, strict=True):
    assert one.actions.tolist() == other.actions.tolist()
    print(f"reward {one.reward:g}: {one.text.strip()!r}")
assert used["model.gpt"].share == 1

# %% [markdown]
# ## You should know
#
# 1. Each token has a stream of C numbers. Layers read a normed copy and add to the stream.
# 2. Attention is the only place where tokens learn of each other: a weighted average of values, with weights from
#    queries and keys, and never from a later token.
# 3. A set has no order. Rotating queries and keys by their places makes the score depend on the distance.
# 4. The feed-forward part treats each token alone, and has most of the parameters.
# 5. Heads are cuts of the same rows, side by side.
#
# ## How this fails in practice
#
# - **The mask is off by one.** If tokens see one place ahead, the training loss drops to nearly nothing, and the model
#   writes nonsense. A loss that is too good is a symptom.
# - **Heads mixed by a reshape.** The shapes fit and the model even trains, but weights from elsewhere make no sense.
#   Compare logits with a model that is known to be right, as you did.
# - **Another pairing of the rotation.** Two conventions are in use, neighbours or halves. A checkpoint of one read by
#   the other speaks almost correctly, and worse with every token.
# - **A position that is one too high** when tokens are generated one by one. `python -m minirl.bugs "cache position"`.
#
# ## The code that runs
#
# - `minirl/model/plain.py`: the same functions with gradients, for GPT-2's design too.
# - `minirl/model/transformer.py`: many documents at once, with fused kernels, and a cache when it generates.
# - `minirl/functional/attention.py` and `csrc/attention.c`: attention without ever storing the table of scores.
# - `tests/model/test_transformer.py`: how minirl's tests hold the two together.
#
# **Next:** lesson 12 changes the weights of this very model, from nothing but right and wrong.
