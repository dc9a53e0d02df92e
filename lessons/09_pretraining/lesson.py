# %% [markdown]
# # Lesson 9. Pretraining
#
# *About two and a half hours. You need lesson 3 (the cross-entropy and its gradient) and lesson 8 (the transformer).*
#
# You have a transformer, and you can compute the gradient of its loss. What is missing is the part that learns: what
# to do with a gradient, how long a step should be, and what to read in which portions. Most of it fits into short
# functions, and nearly each of them has a mistake that many people have made. At the end, your functions pretrain a
# model, and you find out how much it has understood and how much it has only memorised.
#
# When you have finished this lesson, you can
#
# - write AdamW and say what each of its terms is for;
# - cut a batch into parts without changing its gradient;
# - judge a loss: against simple models that count, in bits per byte, and on text that was not trained on.

# %% [markdown]
# ## Warm-up
#
# You train a model with Adam, the optimizer that nearly everybody uses. Somebody multiplies the loss by 1000, and
# changes nothing else.
#
# **What happens to the steps that the parameters take?**
#
# - (a) They become 1000 times as long, and training explodes.
# - (b) They stay practically the same.
# - (c) They become 1000 times as short.
#
# `predict 9.a` stores your guess.

# %% [markdown]
# ## 1. Every text is a thousand exercises
#
# Where do the right answers come from, if nobody has written any? From the text itself. Cover its end, and ask: what
# comes next? A text of 1,000 tokens contains 999 such questions, and all can be asked at once, because a token sees
# only the tokens before it.
#
# > **Exercise 9.1** (level 1, 5 minutes). Write `inputs_and_targets(ids)`. It is one line, and it is the line that is
# > wrong most often.

# %%
import json

import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.storage import shipped
from minirl.tokenizer import Tokenizer

my = exercises_of(9)
lines = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
texts = [f"{fact['question']} {fact['reasoning']}<|end|>" for fact in map(json.loads, lines)]
order = np.random.default_rng(0).permutation(len(texts))
kept, held_out = [texts[i] for i in order[:300]], [texts[i] for i in order[300:]]
tokenizer = Tokenizer.train(kept, 400)
ids = tokenizer.encode_array(kept[0].removesuffix("<|end|>"))
seen, wanted = my.inputs_and_targets(ids)
print(f"{len(kept)} texts to read, {len(held_out)} held out. The beginning of the first:")
for one, other in list(zip(seen.tolist(), wanted.tolist(), strict=True))[:5]:
    print(f"  after {tokenizer.decode([one])!r:10} comes {tokenizer.decode([other])!r}")

# %% [markdown]
# ## 2. How good is a loss of 2?
#
# The loss of a language model is the mean of −log π(next token). Is 2 good? That depends on what simple models reach.
# We take three that need no training:
#
# - **uniform**: each token is equally likely. The loss is log V.
# - **unigram**: each token is as likely as it is frequent. This model knows that "the" is common.
# - **bigram**: it counts which token follows which. It knows that "New" is often followed by "York".
#
# > **Exercise 9.2** (level 3, 30 minutes). Write `bigram_loss(ids, vocab_size)`.
#
# A loss per token has a weakness, too. Another tokenizer with longer tokens has fewer and harder predictions for the
# same text, so its loss per token is higher. To compare, one counts the **bits per byte**: how many bits the model
# needs for the whole text, divided by its bytes. A bit is the surprise of one fair coin, log 2 nats.
#
# > **Exercise 9.3** (level 2, 10 minutes). Write `bits_per_byte(losses, n_bytes)`.

# %%
stream = np.concatenate([np.append(tokenizer.encode_array(text.removesuffix("<|end|>")),
                                   tokenizer.special_tokens["<|end|>"]) for text in kept])  # fmt: skip
n_bytes = sum(len(text.removesuffix("<|end|>").encode()) for text in kept)
V = tokenizer.vocab_size
share = np.bincount(stream, minlength=V) / len(stream)
floors = {
    "uniform": float(np.log(V)),
    "unigram": float(-np.log(share[stream]).mean()),
    "bigram": my.bigram_loss(stream, V),
}
for name, loss in floors.items():
    bits = my.bits_per_byte(np.full(len(stream), loss), n_bytes)
    print(f"{name:8s} {loss:.2f} nats per token, {bits:.2f} bits per byte")
print(f"{len(stream):,} tokens for {n_bytes:,} bytes")
assert floors["uniform"] > floors["unigram"] > floors["bigram"]

# %% [markdown]
# Keep the number of the bigram model in mind. It was counted on the very text that it is judged on, which is generous.
# A transformer that does not get below it has not used anything but the last token.

# %% [markdown]
# ## 3. From a gradient to a step
#
# The simplest rule is: go against the gradient, with a step of lr · g. It has two problems. Some parameters have
# gradients a thousand times as large as others, and one learning rate has to fit all. And the gradient of a batch is
# noisy.
#
# **Adam** (Kingma and Ba, 2014) has an answer to both. For each single number it keeps two running averages:
#
#     m = β₁ m + (1 − β₁) g           the average gradient, which is less noisy
#     v = β₂ v + (1 − β₂) g²          the average square of the gradient, which tells its usual size
#
# The step is lr · m / √v. If the gradient is always about the same, then m ≈ g and √v ≈ |g|, and the step is about lr,
# *however large g is*. If the gradient changes its sign all the time, m is near 0, and the step is small. So the step
# measures how much the gradients agree.
#
# Two details complete it. The averages begin at 0, so at first they are too small: after t steps, their weights add up
# to 1 − βᵗ only. Divide by that (*bias correction*). And each parameter is pulled towards 0 a little in every step, in
# proportion to itself (*weight decay*). The W in AdamW says that this pull is not sent through the averages.
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
# **What does the correction do?** The figure shows the length of the first 40 steps for a gradient that is always 1,
# with the correction and without it. Without it, the first step happens to be right with these two numbers, and then
# the steps are up to twice as long as they should be: the average of the squares wakes up more slowly than the average
# of the gradient.

# %%
lengths = {"with correction": [], "without": []}
for name in lengths:
    p, m, v = np.zeros(1), zero, zero
    for t in range(1, 41):
        moment = t if name == "with correction" else 10_000  # so late that nothing is left to correct
        new, m, v = my.adamw(p, np.ones(1), m, v, moment, 1.0, 0.9, 0.99, 1e-8, 0.0)
        lengths[name].append(float(p[0] - new[0]))
        p = new
picture = Picture(
    f"Length of the steps for a gradient that is always 1. With bias correction it is 1 at once. Without it, the first "
    f"is {lengths['without'][0]:.2f}, the longest {max(lengths['without']):.2f}, and after 40 steps it is "
    f"{lengths['without'][-1]:.2f}.",
    6.5, 2.6,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(lengths.items(), COLOURS, STYLES, strict=False):
    axes.plot(range(1, 41), values, color=colour, linestyle=style, label=f"{name} (β₁ = 0.9, β₂ = 0.99)")
axes.set(xlabel="step", ylabel="length of the step / lr", ylim=(0, None))
axes.legend()
assert max(abs(x - 1) for x in lengths["with correction"]) < 1e-6 and max(lengths["without"]) > 1.5
picture

# %% [markdown]
# ## 4. Neither too long nor too fast
#
# Sometimes a batch is strange, and its gradient is a hundred times as long as usual. Adam's √v learns of it too late.
# So the gradient is **clipped**: if all its numbers together, as one long vector, are longer than some limit, all are
# multiplied by the same factor. The direction stays.
#
# > **Exercise 9.5** (level 2, 15 minutes). Write `clip(gradients, max_norm)`.
#
# The learning rate is not constant either. At the beginning the averages know nothing, and long steps do harm: so it
# rises over some *warmup* steps. Towards the end one wants to settle down: so it falls, along half a cosine.
#
# > **Exercise 9.6** (level 2, 15 minutes). Write `learning_rate(step, peak, warmup, total, final)`.

# %%
STEPS, WARMUP, PEAK = 320, 20, 5e-3
rates = [my.learning_rate(step, PEAK, WARMUP, STEPS, 0.1 * PEAK) for step in range(STEPS + 1)]
clipped = my.clip([np.array([3.0]), np.array([[4.0]])], 2.5)
print("clipped from length 5 to 2.5:", [g.ravel().tolist() for g in clipped])
picture = Picture(
    f"The learning rate over {STEPS} steps: up in a straight line to {max(rates):g} at step "
    f"{int(np.argmax(rates))}, then down along half a cosine to {rates[-1]:g}.",
    6.5, 2,
)  # fmt: skip
axes = picture.subplots()
axes.plot(rates, color=COLOURS[0])
axes.set(xlabel="step", ylabel="learning rate", ylim=(0, None))
assert abs(max(rates) - PEAK) < 1e-12
picture

# %% [markdown]
# ## 5. A batch in parts
#
# Large batches make quiet gradients, but they need memory. So a batch is cut into parts, the gradients of the parts
# are computed one after the other, and put together. It must not matter how the batch was cut. But the parts have
# different numbers of tokens, since texts have different lengths.
#
# **Predict** (`predict 9.b`). The mean gradient of the first 90 tokens is 1.0, that of the last 10 tokens is 2.0. What
# is the mean gradient of the whole batch? (a) 1.1. (b) 1.5. (c) 3.0.
#
# > **Exercise 9.7** (level 2, 15 minutes). Write `combined(gradients, tokens)`.

# %%
print("together:", my.combined([np.array([1.0]), np.array([2.0])], [90, 10]), "\n")
reveal("9.b")

# %% [markdown]
# This mistake was found in one well-known program after another, some of them years old. The training works, and
# nobody sees it: only tokens of short texts count too much.

# %% [markdown]
# ## 6. Your functions pretrain a model
#
# Now all together. The model is a transformer with two layers. It reads the 300 texts about 17 times, in random order,
# 16 texts at a time. Each step of each parameter is *your* AdamW, and each learning rate is *yours*.
#
# After every 20 steps we also measure the loss on the 61 texts that it never reads.
#
# **Predict** (`predict 9.c`). The loss on the texts that it reads will fall far below the bigram model. What is its
# loss on texts of the same kind that it has not read? (a) About the same. (b) Much higher. (c) As high as at the
# beginning.

# %%
from minirl import no_grad
from minirl.data import make_batches, pack
from minirl.data.document import encode_document
from minirl.generate import generate
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.schedule import warmup_cosine
from minirl.train.stage import accumulate_gradients

documents = [encode_document(tokenizer, [(text, 1.0)]) for text in kept]
unread = pack([encode_document(tokenizer, [(text, 1.0)]) for text in held_out]).normalised()
model = GPT(GPTConfig.llama(vocab_size=V, context_length=96, n_layer=2, n_head=4, d_model=64), seed=0)
optimizer = AdamW(decay_groups(model, 0.1), lr=PEAK)
rng, batches, losses, unread_losses, samples = np.random.default_rng(0), [], [], {}, {}


def write(prompt):
    """How the model goes on, always with the likeliest token."""
    return next(generate(model, tokenizer, [prompt], temperature=0, max_new_tokens=18)).text


with swapped("optim.adamw", "schedule.warmup_cosine") as used:
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

read = float(np.mean(losses[-18:]))
best = min(unread_losses, key=unread_losses.get)
print(used)
ends = f"{read:.2f} on what it reads and {unread_losses[STEPS]:.2f} on what it does not"
print(f"\nloss at first {losses[0]:.2f}; at the end {ends}")
print(f"the loss on unread texts was lowest at step {best}, with {unread_losses[best]:.2f}\n")
for step, text in samples.items():
    print(f"step {step:3d}: What is a{text!r}")
print()
reveal("9.c")
assert abs(losses[0] - floors["uniform"]) < 0.5 and read < floors["bigram"]
assert unread_losses[STEPS] > read + 0.5 and unread_losses[STEPS] < losses[0] - 1
assert used["optim.adamw"].share == 1

# %% [markdown]
# **What is knowledge, and what is memory?** Look at where the two curves part.

# %%
picture = Picture(
    f"Loss against steps. On texts that are read it falls from {losses[0]:.1f} to {read:.2f}, far below the bigram "
    f"model at {floors['bigram']:.2f}. On unread texts it falls to {unread_losses[best]:.2f} at step {best} and ends "
    f"at {unread_losses[STEPS]:.2f}.",
    7, 3.2,
)  # fmt: skip
axes = picture.subplots()
axes.plot(losses, color=COLOURS[0], linewidth=1, label="texts that it reads")
axes.plot(
    list(unread_losses), list(unread_losses.values()), "--o", color=COLOURS[1], markersize=4, label="unread texts"
)
for name, loss in floors.items():
    axes.axhline(loss, color="#52606d", linewidth=1, linestyle=":")
    axes.text(STEPS * 0.99, loss + 0.07, f"{name} {loss:.2f}", ha="right", fontsize=8, color="#52606d")
axes.set(xlabel="step", ylabel="loss in nats per token", ylim=(0, None))
axes.legend(loc="center right")
picture

# %% [markdown]
# At first both curves fall together. What the model learns there is true of all texts of this kind: letters, words,
# the form of a question. Then they part. From there on, it mostly learns these very sentences. A larger collection
# would bring the curves together again; that, and nothing else, is why language models need so much text.

# %% [markdown]
# ## You should know
#
# 1. Targets are the inputs, one place to the right. The loss is the mean of −log π(target).
# 2. Adam's step is the average gradient divided by its usual size. It does not depend on the scale of the loss.
# 3. Clipping multiplies the whole gradient by one factor. Warmup is for the beginning, decay for the end.
# 4. Parts of a batch are weighted by their tokens. Never take a mean of means.
# 5. A loss needs something to be compared with, and a text that was not trained on.
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
# - `minirl/optim.py` and `minirl/kernels/optimizer/`: AdamW; `csrc/optimizer.c` does it for all parameters in one
#   pass.
# - `minirl/schedule.py`: your learning rate, and another one in use.
# - `minirl/train/stage.py`: `accumulate_gradients`, which divides by the tokens of the whole batch before it cuts.
# - `minirl/data/batch.py`: texts of different lengths in one row, without padding.
#
# **Next:** lesson 12 takes a trained model and improves it without any text, from right and wrong alone.
