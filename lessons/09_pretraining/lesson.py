# %% [markdown]
# # Lesson 9. Pretraining
#
# *About two and a half hours. You need lesson 3 (the cross-entropy and its gradient) and lesson 8 (the transformer).*
#
# You have a transformer, and you can compute the gradient of its loss. **Pretraining** is the first and longest part of
# its education: it reads plain text, and learns to predict the next token. What is missing for it is the part that
# learns: what to read in which portions, what to do with a gradient, and how long a step should be. Most of it fits
# into short functions, and nearly each of them has a mistake that many people have made. At the end, your functions
# pretrain a model, and you find out how much it has understood and how much it has only memorised.
#
# When you have finished this lesson, you can
#
# - write AdamW and say what each of its terms is for;
# - cut a batch into parts without changing its gradient;
# - judge a loss: against simple models that count, in bits per byte, and on text that was not trained on.

# %% [markdown]
# ## Warm-up
#
# An *optimizer* makes a step of the parameters out of a gradient. The optimizer that nearly everybody uses is called
# Adam. Section 3 explains it, and this question can be guessed without knowing it.
#
# {predict 9.a}

# %% [markdown]
# ## 1. Every text is a thousand exercises
#
# Where do the right answers come from, if nobody has written any? From the text itself. Cover its end, and ask: what
# comes next? A text of 1,000 tokens contains 999 such questions. All of them can be asked at once, because a token
# sees only itself and the tokens before it. It sees nothing of what it has to say.
#
# > **Exercise 9.1** (level 1, 5 minutes). Write `inputs_and_targets(ids)`. It is one line, and a popular place for
# > mistakes.
#
# Our text is so small that training takes seconds. minirl comes with 361 short texts about science, each a question
# and an explanation: "What is a galaxy? A galaxy is a huge group of stars, gas and dust held together by gravity." The
# model will read 300 of them. The other 61 are **held out**: it never reads them, and so they can tell us at the end
# what it makes of a text that is new to it.
#
# Between two texts stands the token `<|end|>`. It has no characters. It says that one text is over and another one
# begins. So a model can learn where to stop, and how a text begins.

# %%
import json
from collections import Counter

import numpy as np

from minirl.data.document import encode_document
from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.storage import shipped
from minirl.tokenizer import Tokenizer

my = exercises_of(9)
lines = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
texts = [f"{fact['question']} {fact['reasoning']}" for fact in map(json.loads, lines)]
order = np.random.default_rng(0).permutation(len(texts))
kept, held_out = [texts[i] for i in order[:300]], [texts[i] for i in order[300:]]
tokenizer = Tokenizer.train(kept, 400)
END = tokenizer.special_tokens["<|end|>"]
documents, unread_documents = (
    [encode_document(tokenizer, [("<|end|>", 1.0), (f"{text}<|end|>", 1.0)]) for text in some]
    for some in (kept, held_out)
)  # each with an <|end|> before and after it, and each token counts 1 in the loss
seen, wanted = my.inputs_and_targets(documents[0].ids)
print(f"{len(kept)} texts to read, {len(held_out)} held out. The first one: {kept[0]}")
for place in (0, 1, 2, 3, -1):
    one, other = tokenizer.decode([int(seen[place])]), tokenizer.decode([int(wanted[place])])
    print(f"  {'at the end, ' if place < 0 else ''}after {one!r} comes {other!r}")

# %% [markdown]
# ## 2. How good is a loss of 2?
#
# The loss of a language model is the mean of −log π(next token), with the natural logarithm. Its unit is the **nat**.
# A token that the model was certain of costs 0 nats. A token to which it gave the probability 1/2 costs log 2 = 0.69
# nats, and one with the probability 1/400 costs log 400 = 5.99 nats.
#
# Is a mean of 2 good? That depends on what simple models reach. We take three that need no training:
#
# - **uniform**: each of the V tokens of the vocabulary is equally likely. The loss is log V.
# - **unigram**: each token is as likely as it is frequent. This model knows that "the" is common.
# - **bigram**: it counts which token follows which. It knows that "New" is often followed by "York".
#
# In symbols, the bigram model says p(b | a), the probability that b comes next when a was the last token: of all pairs
# of neighbours that begin with a, the share that goes on with b. Take the text *a b a c*. It has three pairs: *ab*,
# *ba*, *ac*. Two of them begin with a, and one of these two goes on with b, so p(b | a) = 1/2. In the same way, we find
# p(a | b) = 1 and p(c | a) = 1/2. The loss is the mean over the three pairs: (log 2 + log 1 + log 2) / 3 = 0.46.
#
# > **Exercise 9.2** (level 3, 30 minutes). Write `bigram_loss(ids, vocab_size)`.
#
# A loss per token has a weakness. Take another tokenizer, with longer tokens. It cuts the same text into fewer tokens,
# and each of them is harder to guess. So the loss per token is higher, and the model may be just as good. To compare,
# one counts the **bits per byte**: the surprise of the whole text in bits, divided by the bytes of the text. A bit is
# the surprise of one fair coin, log 2 nats.
#
# > **Exercise 9.3** (level 2, 10 minutes). Write `bits_per_byte(losses, n_bytes)`.

# %%
from minirl.train.pretrain import token_byte_counts

V, byte_counts = tokenizer.vocab_size, token_byte_counts(tokenizer)
stream, unread_stream = (
    np.concatenate([[END], *(document.ids[1:] for document in some)]) for some in (documents, unread_documents)
)  # all texts, with an <|end|> between two of them
share = np.bincount(stream[1:], minlength=V) / len(stream[1:])


def bits(loss, tokens):
    """A mean loss in nats per token, as bits per byte of these tokens. An <|end|> has no bytes, but a loss."""
    return my.bits_per_byte(np.full(len(tokens), loss), int(byte_counts[tokens].sum()))


floors = {
    "uniform": float(np.log(V)),
    "unigram": float(-np.log(share[stream[1:]]).mean()),
    "bigram": my.bigram_loss(stream, V),
}
for name, loss in floors.items():
    print(f"{name:8s} {loss:.2f} nats per token, {bits(loss, stream[1:]):.2f} bits per byte")
print(f"{len(stream):,} tokens for {byte_counts[stream].sum():,} bytes")
assert floors["uniform"] > floors["unigram"] > floors["bigram"] and f"{floors['bigram']:.2f}" == "2.59"

# %% [markdown]
# **Is that the number to beat?** Not yet. The bigram model was judged on the very text on which it was counted. Its
# table has 400 × 400 = 160,000 cells, many more than the text has pairs. So it is a memory, too: every pair that it is
# asked about has been counted, at this very place at least. Let us judge it on the 61 texts that were held out.

# %%
pairs = [*zip(stream[:-1].tolist(), stream[1:].tolist(), strict=True)]
unread_pairs = [*zip(unread_stream[:-1].tolist(), unread_stream[1:].tolist(), strict=True)]
times, begun = Counter(pairs), Counter(first for first, _ in pairs)


def mixed_loss(some_pairs, part):
    """The mean loss of p = part * bigram + (1 - part) * unigram, both counted on the 300 texts."""
    p = [part * times[a, b] / begun[a] + (1 - part) * share[b] for a, b in some_pairs]
    with np.errstate(divide="ignore"):
        return float(-np.log(p).mean())


never = np.mean([pair not in times for pair in unread_pairs])
print(f"{len(times):,} of {V * V:,} cells are filled, {[*times.values()].count(1):,} of them by a single pair.")
print(f"{never:.0%} of the pairs in the held-out texts are not among them.\n")
print("                               counted texts   held-out texts")
mixtures = {f"{part} bigram + {1 - part:.1f} unigram": part for part in (0.9, 0.8, 0.7)}
for name, part in {"unigram": 0.0, "bigram": 1.0, **mixtures}.items():
    print(f"{name:31s}{mixed_loss(pairs, part):8.2f}{mixed_loss(unread_pairs, part):17.2f}")
floors["mixed, held out"] = mixed_loss(unread_pairs, 0.8)
assert abs(mixed_loss(pairs, 1.0) - floors["bigram"]) < 1e-9 and np.isinf(mixed_loss(unread_pairs, 1.0))
assert f"{floors['mixed, held out']:.2f}" == "3.35" and f"{never:.0%}" == "14%"

# %% [markdown]
# One pair in seven is new. The bigram model gives such a pair the probability 0, and −log 0 is infinite. It needs help:
# we mix it with the unigram model, which gives every token of these texts a probability above 0.
#
# So there are two numbers to keep in mind. On a text that it has counted, a table of pairs reaches 2.59. On a text that
# is new to it, it reaches 3.35, and it needs help for that. The difference is memory. A transformer that stays above
# 3.35 on new texts has made no better use of all the tokens before than a table makes of one.

# %% [markdown]
# ## 3. From a gradient to a step
#
# A training step does not read all the texts. It reads a **batch**: here 16 of them, drawn at random. The gradient of
# their mean loss has one number g for each parameter p. The simplest rule goes against it:
#
#     p ← p − lr · g.
#
# This is **gradient descent**, and lr is the **learning rate**: it says how far to go. The rule has two problems. Some
# parameters have gradients a thousand times as large as others, and one learning rate has to fit all. And the gradient
# of a batch is **noisy**: with 16 other texts it would be a different gradient. We want what all batches have in
# common.
#
# **Adam** (Kingma and Ba, 2014) has an answer to both. For each single parameter it keeps two running averages:
#
#     m ← β₁ m + (1 − β₁) g           the average gradient, which is less noisy
#     v ← β₂ v + (1 − β₂) g²          the average square of the gradient, which tells its usual size
#
# β₁ and β₂ say how slowly the averages forget, such as 0.9 and 0.95. The step is lr · m / √v. If the gradient is always
# about the same, then m ≈ g and √v ≈ |g|, and the step is about lr, *however large g is*. If the gradient changes its
# sign all the time, m is near 0, and the step is short. So the length of a step says how much the gradients agree.
#
# Three details complete it.
#
# **Bias correction.** The averages begin at 0, so at first they are too small. With β₁ = 0.9, m is 0.1 g₁ after the
# first step: the weight of the only gradient is 0.1, where it should be 1. After the second step, m is
# 0.9 · 0.1 g₁ + 0.1 g₂, and the weights add up to 0.19. That is 1 − 0.9². After t steps they add up to 1 − β₁ᵗ. So the
# step uses m / (1 − β₁ᵗ) in place of m, and v / (1 − β₂ᵗ) in place of v. We call these m̂ and v̂. The next step goes on
# from m and v themselves.
#
# **A small number ε.** A parameter whose gradients have all been 0 has m = 0 and v = 0, and 0 / 0 is no number. So the
# quotient is m̂ / (√v̂ + ε), with ε = 10⁻⁸ or so.
#
# **Weight decay.** A weight that a few texts have made large stays large, even if no other text ever needs it. So each
# step also takes lr · weight_decay · p away from every parameter p. A weight that no gradient keeps large fades, and a
# model with smaller weights usually does better on new texts. The obvious way would be to add weight_decay · p to the
# gradient. But then Adam would divide it by √v, too, and parameters with large gradients would hardly decay. The W in
# AdamW (Loshchilov and Hutter, 2017) says that the decay does not go through the averages.
#
# Now you have all the pieces.
#
# > **Exercise 9.4** (level 3, 30 minutes). Write `adamw(p, g, m, v, t, lr, ...)`. Compute the first step by hand, for
# > a gradient of 0.5: how long is it? And for a gradient of 500?

# %%
zero = np.zeros(1)
for g in (0.5, 500.0):
    p, _, _ = my.adamw(np.array([1.0]), np.array([g]), zero, zero, 1, 0.01, 0.9, 0.95, 1e-8, 0.0)
    print(f"gradient {g:5}: the parameter moves from 1 to {p[0]:.4f}")
    assert abs(p[0] - 0.99) < 1e-9
print()
reveal("9.a")

# %% [markdown]
# **What does the correction do?** The figure shows the length of the first 40 steps for a gradient that is always 1.
# With the correction, every step has the length lr. Without it, m and √v are both too small. If m is too small by the
# larger factor, the steps are too short. If √v is, they are too long. The two numbers β₁ and β₂ decide which it is.
# With β₁ = 0.9 and β₂ = 0.95 the first step is not even half as long as it should be. With β₁ = 0.9 and β₂ = 0.999, as
# in Adam's paper, the first steps are several times too long.

# %%
lengths = {}
for name, beta2, corrected in (
    ("with correction", 0.95, True), ("without, β₂ = 0.95", 0.95, False),
    ("without, β₂ = 0.99", 0.99, False), ("without, β₂ = 0.999", 0.999, False),
):  # fmt: skip
    p, m, v = zero, zero, zero
    lengths[name] = []
    for t in range(1, 41):
        moment = t if corrected else 1_000_000  # so late that nothing is left to correct
        new, m, v = my.adamw(p, np.ones(1), m, v, moment, 1.0, 0.9, beta2, 1e-8, 0.0)
        lengths[name].append(float(p[0] - new[0]))
        p = new
first, longest = ({name: f(values) for name, values in lengths.items()} for f in (lambda values: values[0], max))
low, middle, high = [*lengths][1:]
picture = Picture(
    f"Length of the steps for a gradient that is always 1, with β₁ = 0.9. With bias correction it is 1 at once and "
    f"stays there. Without it and with β₂ = 0.95 it begins at {first[low]:.2f} and grows to {longest[low]:.2f}; with "
    f"β₂ = 0.99 it begins at {first[middle]:.2f} and grows to {longest[middle]:.2f}; with β₂ = 0.999 it begins at "
    f"{first[high]:.2f}, grows to {longest[high]:.2f}, and is still at {lengths[high][-1]:.2f} after 40 steps.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(lengths.items(), COLOURS, STYLES, strict=False):
    axes.plot(range(1, 41), values, color=colour, linestyle=style, label=name)
axes.set(xlabel="step", ylabel="length of the step / lr", ylim=(0, 7.5))
picture.legend(loc="outside right upper")
assert max(abs(x - 1) for x in lengths["with correction"]) < 1e-6
assert first[low] < 0.5 and 2 < longest[middle] < 2.2 and longest[high] > 6
picture

# %% [markdown]
# ## 4. Neither too long nor too fast
#
# Sometimes a batch is strange, and its gradient is a hundred times as long as usual. Adam does not take a long step
# then, because √v grows at once. But it remembers. For many steps, m points to where the strange batch pointed, and √v
# is so large that no other batch counts.
#
# So the gradient is **clipped**. All its numbers together, over all arrays, are one long vector. If this vector is
# longer than some limit, all its numbers are multiplied by the same factor, so that it is as long as the limit. The
# direction stays. (The length of a vector, also called its *norm*, is the root of the sum of its squares: the vector
# (3, 4) has the length 5.)
#
# > **Exercise 9.5** (level 2, 15 minutes). Write `clip(gradients, max_norm)`.
#
# **Predict for yourself**: the gradient is 1 in every step, and once it is −100. For how many steps does the parameter
# go in the wrong direction, with Adam and without clipping?

# %%
clipped = my.clip([np.array([3.0]), np.array([[4.0]])], 2.5)
print("clipped from length 5 to 2.5:", [g.ravel().tolist() for g in clipped])
backwards = {}
for name, limit in (("without clipping", 1e9), ("clipped to 1", 1.0)):
    p, m, v = zero, zero, zero
    moves = []
    for t in range(1, 101):
        (g,) = my.clip([np.array([-100.0 if t == 50 else 1.0])], limit)
        new, m, v = my.adamw(p, g, m, v, t, 1.0, 0.9, 0.95, 1e-8, 0.0)
        moves.append(float(new[0] - p[0]))
        p = new
    backwards[name] = sum(move > 0 for move in moves)
    print(f"{name}: {backwards[name]} of 100 steps go in the wrong direction")
assert backwards["without clipping"] > 10 and backwards["clipped to 1"] == 0

# %% [markdown]
# The learning rate is not constant either. At the beginning the averages have seen few batches, and a long step in a
# wrong direction does harm. So the rate rises in a straight line over some steps, the **warmup**. With 4 steps of
# warmup these have 1/4, 2/4, 3/4 and 4/4 of the peak. Towards the end, the noise of the batches keeps the parameters
# moving back and forth, and shorter steps let them settle. So the rate falls. The usual form of this fall is **half a
# cosine**:
#
#     peak   ..
#              `·.
#                 `.             cos(π x) goes from 1 at x = 0, by 0 at x = 1/2, to −1 at x = 1:
#                   `.           flat at first, steep in the middle, flat at the end.
#                     `·.
#     final              ``      Here, x = 0 is to be the peak, and x = 1 is to be `final`.
#
#            x = 0      x = 1
#
# The first step after the warmup has x = 0, so it still has the peak. Step `total` has x = 1, and from there on the
# rate stays at `final`.
#
# > **Exercise 9.6** (level 2, 15 minutes). Write `learning_rate(step, peak, warmup, total, final)`. First shift and
# > shrink the cosine on paper, so that it goes from 1 to 0.

# %%
STEPS, WARMUP, PEAK = 320, 20, 5e-3
rates = [my.learning_rate(step, PEAK, WARMUP, STEPS, 0.1 * PEAK) for step in range(STEPS + 1)]
at_peak = [step for step, rate in enumerate(rates) if abs(rate - PEAK) < 1e-12]
picture = Picture(
    f"The learning rate over {STEPS} steps: up in a straight line to {max(rates):g} at steps {at_peak[0]} and "
    f"{at_peak[1]}, then down along half a cosine to {rates[-1]:g}.",
    6.5, 2,
)  # fmt: skip
axes = picture.subplots()
axes.plot(rates, color=COLOURS[0])
axes.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
assert at_peak == [WARMUP - 1, WARMUP] and abs(rates[-1] - 0.1 * PEAK) < 1e-12
picture

# %% [markdown]
# ## 5. A batch in parts
#
# The more texts a batch has, the less noisy its gradient is. But the backward pass needs all intermediate results of
# the forward pass, and for many texts they take much memory. So a batch is cut into parts, the gradients of the parts
# are computed one after the other, and put together. It must not matter how the batch was cut. But the parts have
# different numbers of tokens, since texts have different lengths.
#
# {predict 9.b}
#
# > **Exercise 9.7** (level 2, 15 minutes). Write `combined(gradients, tokens)`.

# %%
print("together:", my.combined([np.array([1.0]), np.array([2.0])], [90, 10]), "\n")
reveal("9.b")

# %% [markdown]
# The mean of the means is a famous mistake. Until October 2024 it was in the trainer of Hugging Face's widely used
# `transformers` library ([their report](https://huggingface.co/blog/gradient_accumulation)). Other programs had it too:
# `python -m minirl.bugs "mean of means"` names some. The training works, and nobody sees it: only the tokens of short
# texts count too much.

# %% [markdown]
# ## 6. Your functions pretrain a model
#
# Now all together. The model is a transformer with two layers. It reads the 300 texts about 17 times, in random order,
# 16 texts in a step. In each step
#
# - *your* `inputs_and_targets` cuts the texts;
# - the batch is computed in two parts, and *your* `combined` puts their gradients together;
# - *your* `clip` keeps the gradient at a length of at most 1;
# - *your* `learning_rate` says how far to go, and *your* `adamw` goes there.
#
# After every 20 steps we also measure the loss on the 61 texts that it never reads.
#
# What is the loss before the first step? A new model has small random weights, so all its logits are small, and it
# prefers no token. It is a uniform model, and its loss is about log V. If yours begins somewhere else, something is
# wrong before training has begun.
#
# {predict 9.c}

# %%
from minirl import no_grad
from minirl.data import make_batches, pack
from minirl.generate import Sampling, generate_ids
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.schedule import warmup_cosine
from minirl.train.stage import accumulate_gradients

unread = pack(unread_documents).normalised()
model = GPT(GPTConfig.llama(vocab_size=V, context_length=96, n_layer=2, n_head=4, d_model=64), seed=0)
optimizer = AdamW(decay_groups(model, 0.1), lr=PEAK, betas=(0.9, 0.95))
rng, batches, losses, unread_losses, samples = np.random.default_rng(0), [], [], {}, {}


def write(prompt):
    """How the model goes on after an <|end|> and the prompt, always with the likeliest token."""
    ids = np.append(END, tokenizer.encode_array(prompt))
    row = next(generate_ids(model, [ids], Sampling(temperature=0, max_new_tokens=18), END))
    return tokenizer.decode(row.ids, skip_special=True)


SEAMS = "data.inputs_and_targets", "train.combined", "optim.clip", "schedule.warmup_cosine", "optim.adamw"
with swapped(*SEAMS) as used:
    for step in range(STEPS):
        if step % 20 == 0:
            with no_grad():
                unread_losses[step] = model.loss(*unread).item()
        if step in (0, 60, STEPS - 1):
            samples[step] = write("What is a")
        if not batches:
            batches = make_batches(documents, rng, size=16)
        losses.append(accumulate_gradients(model, batches.pop(), 8))
        optimizer.lr = warmup_cosine(step, peak=PEAK, warmup=WARMUP, total=STEPS, final=0.1 * PEAK)
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    with no_grad():
        unread_losses[STEPS] = model.loss(*unread).item()

read, last, best = float(np.mean(losses[-18:])), unread_losses[STEPS], min(unread_losses, key=unread_losses.get)
print(used)
print(f"\nThe first loss is {losses[0]:.2f}; log V is {floors['uniform']:.2f}.\n")
for step, text in samples.items():
    print(f"step {step:3d}: What is a{text!r}")
print("\n                                              nats per token   bits per byte")
for name, loss, tokens in (
    ("transformer, on what it reads, at the end", read, pack(documents).targets),
    ("bigram, on the same texts", floors["bigram"], stream[1:]),
    ("transformer, on unread texts, at the end", last, unread.targets),
    (f"transformer, on unread texts, at step {best}", unread_losses[best], unread.targets),
    ("bigram mixed with unigram, on unread texts", floors["mixed, held out"], unread_stream[1:]),
):
    print(f"{name:46s}{loss:9.2f}{bits(loss, tokens):16.2f}")
print()
reveal("9.c")
assert abs(losses[0] - floors["uniform"]) < 0.1 and read < floors["bigram"]
assert last > read + 2 and last < losses[0] - 1 and unread_losses[best] < floors["mixed, held out"] < last
assert all(used[seam].share == 1 for seam in SEAMS)

# %% [markdown]
# **What is knowledge, and what is memory?** Look at where the two curves part.

# %%
picture = Picture(
    f"Loss against steps. On texts that are read it falls from {losses[0]:.1f} to {read:.2f}, far below the bigram "
    f"model at {floors['bigram']:.2f}. On unread texts it falls to {unread_losses[best]:.2f} at step {best}, a little "
    f"below the mixed model at {floors['mixed, held out']:.2f}, and rises to {last:.2f}.",
    8, 3.6,
)  # fmt: skip
axes = picture.subplots()
axes.plot(losses, color=COLOURS[0], linewidth=1, label="texts that it reads")
axes.plot(
    list(unread_losses), list(unread_losses.values()), "--o", color=COLOURS[1], markersize=4, label="unread texts"
)
words = {"bigram": "bigram on\ncounted texts", "mixed, held out": "mixed model on\nunread texts"}
for name, loss in floors.items():
    axes.axhline(loss, color="#52606d", linewidth=1, linestyle=":")
    label = f"{words.get(name, name)}: {loss:.2f}"
    axes.annotate(label, (1.01, loss), xycoords=("axes fraction", "data"), va="center", fontsize=8, color="#52606d")
axes.set(xlabel="step", ylabel="loss in nats per token", xlim=(-5, STEPS + 5), ylim=(0, 6.5))
picture.legend(loc="outside upper center", ncols=2)
picture

# %% [markdown]
# (The text of step 0 is made of single bytes. Some of them are no character by themselves, and are shown as � or as a
# code such as \x18.)
#
# At first both curves fall together. What the model learns there is true of all texts of this kind: which tokens are
# frequent, how they join into words, the form of a question. Then the curves part. From there on, the model mostly
# learns these very sentences, and on unread texts it even gets worse. It has become sure of what comes next, and where
# a new text goes on differently, −log π is large.
#
# At its best, after about a third of the steps, the transformer is a little better on unread texts than a table of
# pairs with some help. At the end it is worse than the table, although it knows its own texts nearly by heart. The loss
# on the texts that it reads shows nothing of this.
#
# **Try it.** Put `documents[:100]` in place of `documents` in `make_batches`, and run the training again. Each text is
# then read three times as often. When do the curves part, and where does the loss on unread texts end? (The `assert` at
# the end of the cell will complain, and rightly: this model ends above log V. One that knows nothing would do better.)
# The fewer texts there are, the sooner it pays to learn them by heart. This is one reason why language models are
# trained on so much text that they read most of it only once.

# %% [markdown]
# ## You should know
#
# 1. Target t is the token after input t. The loss is the mean of −log π(target).
# 2. Adam's step is the average gradient divided by its usual size. It does not depend on the scale of the loss.
# 3. Clipping multiplies the whole gradient by one factor. Warmup is for the beginning, decay for the end.
# 4. Parts of a batch are weighted by their tokens. Never take a mean of means.
# 5. A loss needs something to be compared with, and a text that was not trained on. The same holds for a table that
#    counts.
#
# ## How this fails in practice
#
# - **Targets that are not shifted.** The loss falls to nearly 0 within a few steps. It looks like a miracle. `python
#   -m minirl.bugs "unshifted targets"`.
# - **Weight decay on the gains of norms.** They should stay near 1, and decay pulls them to 0. `decay_groups` in
#   `minirl/optim.py` leaves vectors out.
# - **A step that is too long.** The loss rises suddenly and does not come back. Look at the norm of the gradient: it
#   grows before the loss does.
# - **An unread text that was read.** If the same sentence is in both collections, memory looks like knowledge. Compare
#   collections before you compare losses.
#
# ## The code that runs
#
# - `minirl/data/batch.py`: `pack` puts texts of different lengths in one row, without padding. This is where your
#   `inputs_and_targets` went.
# - `minirl/train/stage.py`: `accumulate_gradients` divides by the tokens of the whole batch before it cuts. Then the
#   gradients of the parts can simply be added.
# - `minirl/optim.py` and `minirl/kernels/optimizer/`: AdamW, with the clipping; `csrc/optimizer.c` does it for all
#   parameters in one pass.
# - `minirl/schedule.py`: your learning rate, and another schedule.
# - `minirl/train/pretrain.py`: pretraining in minirl, with its own bits per byte. There `<|end|>` counts neither in the
#   bits nor in the bytes.
#
# ## Sources
#
# - Kingma, D. P. and Ba, J. (2014). Adam: a method for stochastic optimization. arXiv:1412.6980.
# - Loshchilov, I. and Hutter, F. (2017). Decoupled weight decay regularization. arXiv:1711.05101.
#
# **Next:** lesson 11 teaches such a model to answer, from a few worked answers. Lesson 20 asks what a larger model
# costs, and how good it will be.
