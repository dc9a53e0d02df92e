# %% [markdown]
# # Lesson 8. The transformer, part by part
#
# *About two hours and forty minutes. You need NumPy, and lesson 1 for softmax and states. Lesson 3 helps, but is not
# needed: here we only compute forward.*
#
# You have used a language model as a box: tokens go in, logits come out. Today you open the box. What is inside is
# called a transformer (Vaswani et al., 2017). It has fewer parts than one might expect, and each takes a few lines. You
# write all of them, in plain NumPy, one token sequence at a time. Then you load the parameters of a trained model, its
# *weights*, into *your* functions, look inside it while it calculates, and let it write answers to Roger's problem.
#
# When you have finished this lesson, you can
#
# - write each part of a transformer in a few lines, and say what it is for;
# - explain how a token learns of the tokens before it, and of no others;
# - say how a model knows the order of words, and count its parameters.

# %% [markdown]
# ## Warm-up
#
# {predict 8.a}

# %% [markdown]
# ## 1. A stream for each token
#
# Inside a transformer, every token is a row of C numbers. In our small model C is 64. A text of T tokens is an array
# with T rows, x, of shape (T, C). (In lesson 1, T was the temperature. In this lesson it is the number of tokens.)
#
# At first the row of a token is looked up in a table, the **embedding**, which has one row for each token of the
# vocabulary. Then the rows pass through the layers. Each layer reads the rows, computes something, and **adds** it to
# them. So there is a stream of numbers for each token, from the table to the end, and the layers write into it. This is
# called the *residual stream*.
#
# At the end, the row of a token must say what comes next. It is multiplied by a matrix with one row for each token of
# the vocabulary. (Section 2 of lesson 3 says what a matrix product is.) The results are the logits.
#
# Since every layer adds, the numbers in the stream grow. So a layer does not read the stream itself, but a copy that
# has been brought to a standard size. Each row is divided by the root of its mean square, and each of its C numbers is
# multiplied by a learned factor of its own, the *gain*:
#
#     result_i  =  gain_i · x_i / √(mean of the C squares x_j² + eps).
#
# For the row (3, 4) the mean square is (9 + 16) / 2 = 12.5, and its root is about 3.54. What is *eps*? A row of zeros
# would be 0 / 0. So a tiny number such as 0.00001 is added under the root, which hardly changes any other row.
#
# > **Exercise 8.1** (level 1, 10 minutes). Write `rms_norm(x, gain, eps)`. Each row is divided by a number of its own.

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
# It works like asking around in a room. Each token makes three short rows of numbers from its own row:
#
# - a **query** q: what am I looking for?
# - a **key** k: what can be found here?
# - a **value** v: what do I tell whoever asks me?
#
# How does it make them? By three learned matrices. The query is the row of the token multiplied by the first matrix,
# the key is the row multiplied by the second, and the value by the third. All tokens use the same three matrices. In
# our model they lie on top of each other in one matrix, called `qkv`. You will meet it in section 5. Until then, q, k
# and v are simply given: three arrays with one row for each token, D numbers wide.
#
# Token t compares its query with the key of each token s, by a *scalar product* q_t · k_s: multiply number by number,
# and add up. The larger it is, the better the two fit. A softmax turns the scores into weights that add up to 1, and t
# gets the average of the values with these weights:
#
#     weight of s for t  =  softmax over s of (q_t · k_s / √D),         result_t  =  Σ over s of  weight · v_s.
#
# Why divide by √D? A scalar product is a sum of D terms. If each is about 1 in size and random in sign, the sum is
# about √D in size. Without the division, wide rows would have huge scores, and the softmax would put everything on
# one token.
#
# And one rule is sacred: **token t may see s only if s ≤ t.** A model is trained to predict the next token at every
# place at once. If a token could see the one after it, it would only have to copy. So the scores of later tokens are
# replaced by −∞ before the softmax, and e^(−∞) is 0. This is the *causal mask*. For three tokens whose scores are all
# 0 it does this (row t is the token that asks, column s is the token that is asked):
#
#     scores           masked             weights
#      0   0   0        0  −∞  −∞          1    0    0
#      0   0   0   →    0   0  −∞    →    1/2  1/2   0
#      0   0   0        0   0   0         1/3  1/3  1/3
#
# A token always sees itself. If it did not, token 0 would see nobody, and a softmax over nothing is 0 / 0.
#
# > **Exercise 8.2** (level 3, 25 minutes). Write `attention(q, k, v)`. The values may be wider or narrower than the
# > queries: section 6 needs that.

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
print(before[3].round(3), shuffled[3].round(3), "", sep="\n")
reveal("8.a")
assert np.allclose(before[:3], after[:3]) and np.allclose(before[3], shuffled[3])

# %% [markdown]
# ## 3. Where a token stands
#
# So attention alone does not know the order. "2 cans of 3 balls" and "3 cans of 2 balls" would be the same to the last
# word. (The last token sees a set. With several layers some order comes through the mask: a token in the middle has
# seen only what stood before it.) We have to bring the places in.
#
# The idea used today is beautiful: **turn every query and every key by an angle that grows with the token's place.**
#
# First, how does one turn a row of D numbers? Read it as a list of D/2 points in the plane. Number i and number
# i + D/2 are the two coordinates of point i. In a row of four numbers (3, 5, 4, 6), point 0 is (3, 4) and point 1 is
# (5, 6). To turn a point (a, b) around the origin by an angle φ, school mathematics has the formula
#
#     (a, b)   becomes   (a cos φ − b sin φ,   b cos φ + a sin φ).
#
# Try it on (1, 0) with a quarter turn: the cosine is 0, the sine is 1, and the point moves to (0, 1). Angles are in
# radians here, as in `np.cos`: a full turn is 2π, about 6.28.
#
# Now let a point turn by ω (omega) for each place. The point of the query of token t is turned by t·ω, and the point
# of the key of token s by s·ω. What happens to their scalar product? Turn both of them back by s·ω. That changes
# nothing, because the scalar product of two points depends on their lengths and on the angle between them, and both
# stay the same when the whole plane turns. But now the key stands as it was made, and the query is turned by (t −
# s)·ω. So **only the difference t − s matters**: how far the two tokens are apart. That is what one wants. "The number
# just before me" means the same everywhere in a text.
#
# Each point turns with its own speed: ω is base^(−2i/D) for point i. For D = 4 and base = 100, the speeds are 1 and
# 100^(−1/2) = 0.1. Our model has D = 16 and base = 10,000. Its first point makes a full turn in about 6 places, and its
# last one in about 20,000. Together they are like the hands of a clock: the fast ones tell near places apart, the slow
# ones far places. This is called *rotary position embedding* (Su et al., 2021).
#
# > **Exercise 8.3** (level 3, 25 minutes). Write `rotate(x, base)`. Row t of x belongs to place t, and the first place
# > is 0.
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
# *feed-forward* part. It treats each token by itself: it widens the row from C to F numbers, bends it, and narrows it
# again. (In names and in code it is often called MLP, for multi-layer perceptron. Ours has the name `mlp`.)
#
# The bend is a **gate**. The row is widened twice, by two matrices, into "gate" and "up". Then
#
#     result = gate · sigmoid(gate) · up,           sigmoid(x) = 1 / (1 + e^(−x)).
#
# For a large gate, sigmoid is 1 and the content passes. For a very negative one, sigmoid is 0 and nothing passes. So
# the token decides, number by number, what to let through. The part gate · sigmoid(gate) is called SiLU, and the whole
# form SwiGLU.
#
# > **Exercise 8.4** (level 1, 10 minutes). Write `swiglu(gate, up)`.

# %% [markdown]
# ## 5. A layer, and a model
#
# Put together, a layer is
#
#     x = x + attention half(norm(x))
#     x = x + feed-forward half(norm(x))
#
# One idea is still missing. A token often needs several things at once: the number before it, and the operator, and
# who the story is about. One average cannot give all three. So attention is done several times side by side, in
# **heads**. Each head has its own small queries, keys and values, and so its own weights. In our model a query has 64
# numbers, and there are 4 heads. The query is cut into 4 parts of 16 numbers, and each head gets one part. Keys and
# values are cut in the same way. Each head does attention with its parts, and returns 16 numbers for each token. The
# results of the 4 heads are put side by side, which makes 64 again, and one more matrix mixes them, the *projection*.
#
# Let us follow one small example through a layer: T = 3 tokens, C = 8 numbers, H = 2 heads, so D = C / H = 4 numbers in
# a head, and F = 5. A matrix is stored with one row for each output, so it is always `x @ W.T`.
#
# | step | shape | |
# |---|---|---|
# | x | (3, 8) | |
# | the norm of it | (3, 8) | `rms_norm` with the gain `attention_norm.weight` |
# | times `attention.qkv.weight`, which is (24, 8) | (3, 24) | columns 0 to 7 queries, 8 to 15 keys, 16 to 23 values |
# | q, k, v of head 0 | (3, 4) each | columns 0 to 3, 8 to 11, 16 to 19 |
# | q, k, v of head 1 | (3, 4) each | columns 4 to 7, 12 to 15, 20 to 23 |
# | in each head: rotate q and k | (3, 4) | after the cut, because the speeds depend on D; v is not rotated |
# | in each head: attention | (3, 4) | |
# | the two results side by side | (3, 8) | `np.concatenate([...], axis=1)` |
# | times `attention.projection.weight`, (8, 8) | (3, 8) | |
# | **x plus that** | (3, 8) | the new x |
# | the norm of the new x | (3, 8) | `rms_norm` with the gain `mlp_norm.weight` |
# | times `mlp.up.weight`, which is (10, 8) | (3, 10) | columns 0 to 4 are gates, 5 to 9 are ups |
# | `swiglu` of these two | (3, 5) | |
# | times `mlp.projection.weight`, (8, 5) | (3, 8) | |
# | **the new x plus that** | (3, 8) | the result |
#
# The next cell makes this very example, with weights of one decimal place. You can make it yourself: `example_layer` is
# in your exercises.py too.

# %%
p, config, x = my.example_layer(tokens=3, heads=2)
print(f"x: {x.shape}   C = {config.d_model}, H = {config.n_head}, D = {config.head_size}, F = {config.ff_size}")
for name, weight in p.items():
    print(f"{name:30} {weight.shape}")
result = my.block(p, config, x)
print("\nthe result of the layer:", result.shape)
print(result.round(2))
assert result.shape == x.shape

# %% [markdown]
# > **Exercise 8.5** (level 3, 30 minutes). Write `block(p, config, x)`. Take it step by step, and print shapes as you
# > go. The check compares with minirl's own layer: first the attention half alone, with one token, with one head, with
# > several; then the feed-forward half; then both.
#
# A model is a table, some layers and an output matrix. The row of each token is looked up in the table. It passes
# through all layers, one after the other. It is normed one last time, and multiplied by the output matrix. That matrix
# is called `head.weight`, because it sits on top of the model. It has nothing to do with the heads of attention.
#
# > **Exercise 8.6** (level 3, 20 minutes). Write `gpt(p, config, ids)`. A list of token numbers such as `ids` can be
# > the index of a table: `table[ids]` has one row for each. In p, the names of layer 0 begin with "blocks.0.", and
# > `inside(p, "blocks.0.")` gives them without it.
#
# That is all. There is nothing else in a transformer.
#
# Now load weights. The next cell trains a model for a few seconds on 100 stories like Roger's, with other numbers. Then
# it puts the weights into your functions. The text breaks off where a result is due: "Roger has 5. 2 * 3 = ".

# %%
from minirl.lessons.roger import ROGER, RogerTask, roger_model, roger_tokenizer

task, tokenizer = RogerTask(), roger_tokenizer()
model = roger_model(tokenizer, task)
weights = {name: parameter.data.astype(np.float64) for name, parameter in model.named_parameters()}
prompt = tokenizer.encode(ROGER.prompt)


def chances(ids):
    """The probability of every token as the next one after each of `ids`, (T, V), by your transformer."""
    logits = my.gpt(weights, model.config, ids)
    scores = np.exp(logits - logits.max(axis=1, keepdims=True))
    return scores / scores.sum(axis=1, keepdims=True)


def next_token(written):
    """The likeliest token after the prompt and what is written, and its probability."""
    last = chances([*prompt, *tokenizer.encode(written)])[-1]
    return f"{tokenizer.decode([int(last.argmax())])!r}, with probability {last.max():.3f}"


ids = [*prompt, *tokenizer.encode(" Roger has 5. 2 * 3 = ")]
yours, theirs = my.gpt(weights, model.config, ids), model(ids).data[0]
print(f"{len(ids)} tokens; logits of shape {yours.shape}")
far = np.abs(yours - theirs).max()
print(f"largest difference between {my.whose('gpt')} logits and minirl's: {far:.1e}")
print(f"after 'Roger has 5. 2 * 3 = ' comes {next_token(' Roger has 5. 2 * 3 = ')}")
assert far < 1e-3

# %% [markdown]
# ## 6. Where does it take the numbers from?
#
# You have trained weights, and you own the code that uses them. So you can look inside, and you can try things out.
#
# The model has just finished "2 * 3 = ". Two numbers 2 and two numbers 3 stand before it: one of each in the story
# ("2 more cans", "Each can has 3"), and one of each in its own calculation.
#
# {predict 8.b}
#
# First we look. The next figure shows the first layer, and the last token, which is the space after "=". (In our
# tokenizer the space before a number is a token of its own.) For each head it draws with which weights this token looks
# at the six numbers before it, and what is left for all other tokens together. There is a trick in it: where the values
# are the rows of an identity matrix (1 on the diagonal, 0 elsewhere), the result of attention is the table of weights
# itself. So v has 58 columns there, one for each token.

# %%
p, C, D = my.inside(weights, "blocks.0."), model.config.d_model, model.config.head_size
x = weights["token_embedding.weight"][ids]
qkv = my.rms_norm(x, p["attention_norm.weight"], model.config.norm_eps) @ p["attention.qkv.weight"].T
looks = []
for head in range(model.config.n_head):
    q, k = (my.rotate(qkv[:, at + head * D : at + (head + 1) * D], model.config.rope_base) for at in (0, C))
    looks.append(my.attention(q, k, np.eye(len(ids)))[-1])
looks = np.array(looks)  # (heads, T): the weights of the last token

numbers = [place for place, token in enumerate(ids) if tokenizer.decode([token]).isdigit()]
where = ["in the story" if place < len(prompt) else "as written" for place in numbers]
labels = [f"{tokenizer.decode([ids[place]])} {words}" for place, words in zip(numbers, where, strict=True)]
shares = np.column_stack([looks[:, numbers], 1 - looks[:, numbers].sum(axis=1)])
story = looks[:, [place for place in numbers if place < len(prompt)]].sum(axis=1)
picture = Picture(
    "How the token after '2 * 3 =' shares its attention in the four heads of the first layer. Numbers of the story get "
    + ", ".join(f"{share:.2f} in head {head}" for head, share in enumerate(story, start=1))
    + f"; the numbers in the calculation get at most {looks[:, numbers[3:]].max():.2f} each.",
    9, 2.6,
)  # fmt: skip
for head, axes in enumerate(picture.subplots(1, 4, sharey=True)):
    axes.barh([*labels, "all others"], shares[head], color=[*[COLOURS[0]] * 3, *[COLOURS[1]] * 3, "#9aa5b1"])
    axes.set(xlim=(0, 1), title=f"head {head + 1}", xlabel="share of attention")
    if head == 0:
        axes.invert_yaxis()  # of all four
assert np.allclose(looks.sum(axis=1), 1) and len(numbers) == 6
picture

# %% [markdown]
# In our run, two of the four heads look for the numbers of the *story*, the 2 and the 3. (Processors round differently,
# so your model may differ.) In this layer, no head cares much for the calculation right before "=". But do not read too
# much into such pictures. A weight says from where information was taken, and not what was done with it. To know that,
# change something and see what happens.

# %%
for calculation in ("2 * 3", "4 * 3", "2 * 5", "5 * 5"):
    print(f"Roger has 5. {calculation} = ", "  next token:", next_token(f" Roger has 5. {calculation} = "))
print()
reveal("8.b")

# %% [markdown]
# The model does not calculate from what it has written. "2 * 3 = 6" looks like a step of reasoning, but the 6 comes
# from somewhere else. The right line alone would never have told you. You know it because you looked inside, and
# because you changed one thing.

# %% [markdown]
# ## 7. Counting
#
# {predict 8.c}
#
# > **Exercise 8.7** (level 2, 15 minutes). Write `n_parameters(vocab_size, n_layer, d_model, d_ff)`. Go through the
# > list of weights in section 5, and do not forget what is in no layer.

# %%
V, layers, C, F = 320, 2, 64, 192
counts = {"attention": layers * 4 * C * C, "feed-forward": layers * 3 * C * F, "table and output": 2 * V * C}
counts["norms"] = my.n_parameters(V, layers, C, F) - sum(counts.values())
total = sum(parameter.size for parameter in model.parameters())
print(f"by {my.whose('n_parameters')} formula: {my.n_parameters(V, layers, C, F):,}   in the model: {total:,}\n")
reveal("8.c")
assert my.n_parameters(V, layers, C, F) == total
picture = Picture(
    f"Parameters by part, of {total:,} in all: " + ", ".join(f"{n} {count:,}" for n, count in counts.items()) + ".",
    6.5, 2,
)  # fmt: skip
axes = picture.subplots()
axes.barh(list(counts), list(counts.values()), color=COLOURS[0])
for row, count in enumerate(counts.values()):
    axes.text(count + 800, row, f"{count:,}", va="center")
axes.set(xlabel="parameters", xlim=(0, 90_000), xticks=range(0, 90_000, 20_000))
axes.xaxis.set_major_formatter("{x:,.0f}")
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
# Now let it write. What can you expect of it? It is small and has learned for a few seconds, so do not expect a good
# pupil. You can ask it how sure it is: give it the right answer to Roger's problem, and read off the probability of
# each token after those before it. By lesson 1, the product of them is the probability that it writes exactly this.

# %%
answer = tokenizer.encode(ROGER.completion.removesuffix("<|end|>"))
after = chances([*prompt, *answer])[len(prompt) - 1 : -1]  # row t: what comes after the prompt and t tokens
sure = after[np.arange(len(answer)), answer]
print(f"The right answer has {len(answer)} tokens. The model writes them all with probability {sure.prod():.2f}.")
print("It is less than 95% sure of")
for t in np.flatnonzero(sure < 0.95):
    print(f"    {tokenizer.decode([answer[t]])!r} after {tokenizer.decode(answer[:t])!r}: {sure[t]:.2f}")

solved = [problem.completion.split(". ") for problem in task.by_split["shown"]]
products, sums = ({steps[place] for steps in solved} for place in (1, 2))
print(f"\nIn the {len(solved)} stories that it learned from,")
for what, found in (("products", products), ("sums", sums)):
    print(f"{len(found)} {what} occur, each {len(solved) / len(found):.1f} times on average")

# %% [markdown]
# The model has learned the form of an answer, and it copies numbers from the story. It knows the products by heart,
# because it has seen each of them again and again. Most sums it has seen once, twice or never, and so the second
# digit of the sum is little more than a guess.
#
# So expect answers that begin in perfect form, and then often a wrong sum. Some go off the rails: after a wrong token
# the text is like nothing that the model has learned from, so it does not know how to go on. (Where your processor
# rounds differently than ours, you have another model, and other numbers.)
#
# minirl's agent asks its model for logits before every action. We put your `gpt` in its place: from here on each token
# of the answer is chosen by *your* transformer. With the same random numbers, minirl's own must write the same.

# %%
from minirl.rl import Agent, Environment, play

agent, environment = Agent(model, tokenizer), Environment(tokenizer, task, max_new_tokens=40)
theirs = [play(agent, environment, ROGER, np.random.default_rng(seed)) for seed in range(8, 13)]
with swapped("model.gpt") as used:
    yours = [play(agent, environment, ROGER, np.random.default_rng(seed)) for seed in range(8, 13)]
print(used, "\n")
for one, other in zip(yours, theirs, strict=True):
    assert one.actions.tolist() == other.actions.tolist()
    print(f"reward {one.reward:g}: {one.text.strip()!r}")
assert used["model.gpt"].share == 1

# %% [markdown]
# In our run, the last answer is worth a second look. It says "2 * 2 = 6" and gets the full reward, because the checker
# reads the final number alone. From section 6 you know why a wrong step does not mislead this model: its 6 never came
# from there.
#
# That is what a model knows when it has only copied worked examples. Lesson 12 starts from this very model, and makes
# it better with nothing but these rewards.

# %% [markdown]
# ## You should know
#
# 1. Each token has a stream of C numbers. Layers read a normed copy and add to the stream.
# 2. Attention is the only place where tokens learn of each other: a weighted average of values, with weights from
#    queries and keys, and never from a later token.
# 3. A set has no order. Rotating queries and keys by their places makes the score depend on the distance.
# 4. The feed-forward part treats each token alone, and is the largest part of the model.
# 5. Heads are cuts of the same rows, side by side. Each has its own weights.
#
# ## How this fails in practice
#
# - **The mask is off by one.** If tokens see one place ahead, the training loss drops to nearly nothing, and the model
#   writes nonsense. A loss that is too good is a symptom.
# - **Heads mixed by a reshape.** The shapes fit and the model even trains, but weights from elsewhere make no sense.
#   Compare logits with a model that is known to be right, as you did.
# - **Another pairing of the rotation.** Two conventions are in use, neighbours or halves. A *checkpoint* is a file with
#   the weights of a model. If it was made with one convention and is read with the other, the model speaks almost
#   correctly, and worse with every token.
# - **A position that is one too high** when tokens are generated one by one. `python -m minirl.bugs "cache position"`.
#
# ## The code that runs
#
# - `minirl/model/plain.py`: the same functions with gradients, for GPT-2's design too.
# - `minirl/model/transformer.py`: many documents at once, with kernels that do several operations in one pass, and a
#   cache when it generates.
# - `minirl/functional/attention.py` and `csrc/attention.c`: attention without ever storing the table of scores.
# - `tests/model/test_transformer.py`: how minirl's tests hold the two together.
#
# ## Sources
#
# - Su, J., Lu, Y., Pan, S., Wen, B. and Liu, Y. (2021). RoFormer: enhanced transformer with rotary position embedding.
#   arXiv:2104.09864.
# - Vaswani, A. and seven others (2017). Attention is all you need. *Advances in Neural Information Processing Systems*
#   30; arXiv:1706.03762.
#
# **Next:** lesson 9 trains such a model from nothing, by pretraining. Lesson 12 goes on with the model of this lesson.
# Lesson 6 makes its attention fast, and lesson 10 lets it write fast.
