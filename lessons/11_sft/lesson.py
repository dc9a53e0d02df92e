# %% [markdown]
# # Lesson 11. Supervised fine-tuning
#
# *About two hours. You need lesson 1 (states, actions, Roger's story), lesson 3 (the cross-entropy and its gradient),
# lesson 8 (attention) and lesson 9 (pretraining, and its loss).*
#
# A pretrained model continues texts. Ask it a question, and it may well continue with another question. This lesson
# turns such a model into one that answers. It is called *supervised fine-tuning*, SFT for short: supervised, because
# the model is shown the right answers. It takes fifty worked answers and a few seconds. Hardly anything new is needed:
# the loss is that of lesson 9 with other weights. But a few small mistakes are easily made, and nothing crashes when
# you make them.
#
# When you have finished this lesson, you can
#
# - say which tokens of a worked answer are learned, and what happens if one of them is forgotten;
# - write the one loss of pretraining, fine-tuning and reinforcement learning, with its gradient;
# - put many documents into one row, and prove by measuring that none leaks into another;
# - give an accuracy with its interval, and say what more rounds of training do.

# %% [markdown]
# ## Warm-up
#
# {predict 11.a}
#
# You will make the mistake yourself, on purpose, in section 5.

# %% [markdown]
# ## 1. A model that knows and does not answer
#
# The next cell pretrains a small model for half a minute. It reads sums. It also reads 100 questions of Roger's story.
# Each is followed by a copy of all its words, or by a copy of its numbers with some random sums. The model never reads
# a worked answer.
#
# Then we ask it a question. At each step it takes the likeliest token, up to 40 of them. (This is called *greedy*
# decoding.)

# %%
import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped
from minirl.lessons.roger import ROGER, RogerTask, pretrained_model, roger_tokenizer, texts_to_read
from minirl.rl import rollout

my = exercises_of(11)
task, tokenizer = RogerTask(), roger_tokenizer()
pretrained = pretrained_model(tokenizer, task)
every = [problem for split in task.splits for problem in task.by_split[split]]
shown, held_out = every[:50], every[50:]


def answers(model, problems):
    """One greedy answer to each problem, as an episode with its reward."""
    return rollout(model, tokenizer, task, problems, 1, temperature=0, max_new_tokens=40)


print("Two of the texts that it has read:")
for pieces in list(texts_to_read(task, 4))[2:]:
    print("   ", repr("".join(text for text, _ in pieces)))
(episode,) = answers(pretrained, [ROGER])
print(f"\n{ROGER.prompt}\nIts answer: {episode.text!r}")
solved_before = sum(int(one.reward) for one in answers(pretrained, held_out))
print(f"\nproblems solved: {solved_before} of {len(held_out)}")
assert solved_before == 0 and len(held_out) == 78

# %% [markdown]
# The model goes on as its texts did. After a question, they had a copy of it or of its numbers. So it writes something
# like the question again, and solves no problem. It has learned to copy and to calculate, but it does not know what we
# want from it. So a few examples should do. We take 50 of the 128 problems with their worked answers as
# **demonstrations**. The other 78 are **held out**: the model is asked them and never shown their answers. (It has read
# 50 of these *questions* in pretraining, without an answer.) Roger's own problem is held out too, and its question was
# never read.

# %% [markdown]
# ## 2. What is given, and what is learned
#
# A demonstration is one text: the prompt, the answer, and the end token. Lesson 9 would make every token of it a
# target. But when the model is asked, the prompt is *given*. It need not be able to invent it. It should learn the
# tokens that it will have to say itself.
#
# So each token is labelled: learned or not. The labels together are called the **mask**.
#
# > **Exercise 11.1** (level 1, 5 minutes). Write `document(prompt, answer, end)`. It returns the tokens and the mask.
#
# **Which tokens of a demonstration are learned?** The figure shows the first demonstration with your mask. (· is a
# space, and ↵ begins a new line.)

# %%
end = tokenizer.special_tokens["<|end|>"]
prompt = tokenizer.encode_array(shown[0].prompt)
answer = tokenizer.encode_array(shown[0].completion.removesuffix("<|end|>"))
ids, mask = my.document(prompt, answer, end)
words = [tokenizer.decode([token]).replace("\n", "↵").replace(" ", "·") for token in ids.tolist()]
WIDE = 14
picture = Picture(
    f"A demonstration of {len(ids)} tokens in rows of {WIDE}. The first {int((~mask).sum())}, the question, are pale "
    f"and marked with a dash: not learned. The last {int(mask.sum())}, reasoning, answer and end token, are dark and "
    "marked with a cross: learned.",
    9, 3.2,
)  # fmt: skip
axes = picture.subplots()
for place, (word, learned) in enumerate(zip(words, mask.tolist(), strict=True)):
    row, column = divmod(place, WIDE)
    colour, ink = (COLOURS[0], "white") if learned else ("#e4e7eb", "#1f2933")
    axes.text(
        column, -row, f"{word}\n{'×' if learned else '–'}", ha="center", va="center", fontsize=8, family="monospace",
        color=ink, bbox={"facecolor": colour, "edgecolor": "none", "boxstyle": "round,pad=0.25"},
    )  # fmt: skip
axes.set(xlim=(-0.6, WIDE - 0.4), ylim=(-row - 0.6, 0.6))
axes.axis("off")
assert mask.sum() == len(answer) + 1 and not mask[: len(prompt)].any()
picture

# %% [markdown]
# ## 3. One loss, three lessons
#
# How do we tell the loss about the mask? Give every token a **weight**, and write
#
#     loss = − Σ over tokens t of  wₜ · log π(token t | tokens before it).
#
# Here π is the model's probability, as in lesson 1. A token of weight 0 has no part in the loss, and so none in the
# gradient. The weights of the learned tokens are equal and add up to 1: if there are N of them, each gets 1/N. The loss
# is then the mean over the learned tokens.
#
# What is N? Not the number of all tokens. If we divided by that, a batch with long questions would count less than one
# with short questions, although nothing of a question is learned. And N belongs to the whole batch. If a batch is
# computed in parts, the weights are made first and cut afterwards, for the reason that you know from lesson 9: no mean
# of means.
#
# > **Exercise 11.2** (level 1, 5 minutes). Write `sft_weights(mask)`.
#
# Now the loss. Without weights you have computed it in lesson 3: the gradient of one row of logits is softmax(row),
# minus 1 at the target. The weight multiplies all of it.
#
# > **Exercise 11.3** (level 2, 15 minutes). Write `weighted_loss(logits, targets, weights)`. It returns the loss, and
# > its gradient with respect to the logits.
#
# This function is worth its fifteen minutes, because it is the loss of three lessons. Only the weights differ:
#
# | lesson | what is learned | weight of a token |
# |---|---|---|
# | 9, pretraining | every token of a text | 1 / N |
# | 11, fine-tuning | the tokens of the answer | mask / N |
# | 12, reinforcement learning | the model's own answers, good ones and bad ones | advantage / N |
#
# An *advantage* says how much better an answer was than expected. It can be negative. Then the loss makes the tokens
# less likely. The next cell uses your function in all three ways, on one demonstration.
#
# The mask has a label for each token, and the loss needs a weight for each *target*. The first token is read and never
# predicted, so it is no target: `mask[1:]` is the mask of the targets.

# %%
logits, targets = pretrained(ids[:-1]).data[0], ids[1:]
learned = mask[1:]
uses = {
    "1 / N": my.sft_weights(np.ones(len(targets), bool)),
    "mask / N": my.sft_weights(learned),
    "-0.5 mask / N": -0.5 * my.sft_weights(learned),
}
losses = {}
print("weight           loss    length of the gradient on the prompt, on the answer")
for name, weights in uses.items():
    loss, gradient = my.weighted_loss(logits, targets, weights.astype(np.float32))
    parts = [float(np.linalg.norm(gradient[where])) for where in (~learned, learned)]
    print(f"{name:14s} {loss:6.2f}    {parts[0]:.3f}, {parts[1]:.3f}")
    assert (parts[0] == 0) == (name != "1 / N")
    losses[name] = loss
assert losses["1 / N"] < losses["mask / N"]

# %% [markdown]
# With a mask, the gradient on the prompt is exactly 0. The prompt is still *read*: every token of the answer looks back
# at it, and that is how the model learns what to do with a prompt.
#
# Compare the first two losses. Over all tokens the loss is about half as high as over the answer alone. The model has
# read such questions, so the tokens of the question cost little. It has never read a worked answer. A mean over both
# hides how little it knows about the part that matters.

# %% [markdown]
# ## 4. What does 0 of 78 prove?
#
# We need a number for how good the model is. The share of solved problems is one, and it is called the **accuracy**.
# Before training it was 0 of 78. Does this mean that the model solves 0% of such problems?
#
# {predict 11.b}
#
# Think of the problems as drawn from endlessly many, of which the model solves the share p. Of n drawn ones it then
# solves n · p on average, but not exactly. The solved share scatters around p, with the standard error of lesson 1,
# √(p(1 − p)/n). In 95 of 100 cases it is within Z = 1.96 standard errors of p. (This holds for the bell curve, the
# *normal distribution*. The scatter has nearly this form where n is so large that some ten problems or more are solved,
# and some ten are not.)
#
# We see a share and want to know p. So we ask of every p: *if this were the truth, would our share be a surprise?* It
# would be none if
#
#     (share − p)² ≤ Z² · p(1 − p)/n.
#
# All p that pass this test form an interval, **Wilson's interval** (Wilson, 1927). At its ends both sides are equal,
# and that is a quadratic equation for p.
#
# A simpler interval is found in many papers: share ± Z · √(share(1 − share)/n). Under the root it uses the share
# instead of p. Look at what it says about 0 of 78.
#
# > **Exercise 11.4** (level 2, 15 minutes). Write `wilson(solved, n)`. Solve the equation on paper first.

# %%
print("  solved      Wilson, %       the simple one, %")
for count in (0, 1, 39, 77, 78):
    share = 100 * count / 78
    low, high = (100 * end for end in my.wilson(count, 78))
    half = 1.96 * (share * (100 - share) / 78) ** 0.5
    print(f"{count:3d} of 78    {low:5.1f} to {high:5.1f}    {share - half:5.1f} to {share + half:5.1f}")
print()
reveal("11.b")
assert abs(my.wilson(0, 78)[1] - 0.0469) < 1e-4

# %% [markdown]
# In the middle the two agree. At the ends the simple one claims certainty, or it goes below 0 and above 100. And
# remember the width in the middle: with 78 problems, an accuracy is known to about ±11 points.
#
# Is the bell curve good enough for 0 of 78? If p is 4.7%, only 3.7 of 78 problems are solved on average. Here it can be
# calculated exactly: 78 failures in a row have the probability (1 − p)⁷⁸, which falls to 2.5% at p = 4.6%. So Wilson's
# 4.7% is close.

# %% [markdown]
# ## 5. Fine-tuning, once right and twice wrong
#
# Now your functions go into minirl's own fine-tuning. It shuffles the demonstrations, takes 16 at a time, computes the
# loss and its gradient, and lets AdamW make a step. It goes through all demonstrations 20 times; each time is called a
# *round* (or epoch).

# %%
from minirl.bugs import planted
from minirl.data import make_batches
from minirl.evaluation.score import greedy_accuracy
from minirl.model import GPT
from minirl.optim import AdamW
from minirl.train.sft import mean_loss, solved
from minirl.train.stage import accumulate_gradients


def fine_tuned(problems, rounds, seed=0, after=None):
    """The pretrained model after some rounds through these problems. after(model, round) is called after each."""
    model = GPT(pretrained.config)
    model.load_state_dict(pretrained.state_dict())
    optimizer = AdamW(model.parameters(), lr=1e-3, weight_decay=0)
    documents = solved(tokenizer, problems)
    for number in range(1, rounds + 1):
        for batch in make_batches(documents, np.random.default_rng((seed, number)), size=16):
            accumulate_gradients(model, batch, 8)  # the gradient of 16 demonstrations, in parts of 8
            optimizer.step(max_norm=1.0)
            optimizer.zero_grad()
        if after:
            after(model, number)
    return model


def accuracy(model, problems):
    """The share of solved problems, greedily, with Wilson's interval."""
    return greedy_accuracy(model, tokenizer, task, problems, max_new_tokens=40)


with swapped("sft.document", "sft.weights", "sft.loss", "evaluation.wilson") as used:
    model = fine_tuned(shown, 20)
    first = accuracy(model, held_out)
print(used)
print(f"\nheld-out problems solved, in percent, with the 95% interval: {first}")
assert all(use.share == 1 for use in used.by_id.values()) and first.low > 0.3

# %% [markdown]
# From nothing to half of the problems or more, in a few seconds. How many exactly? The interval says what the choice of
# the 78 problems may do to the number. It says nothing about other trainings: one with the demonstrations in another
# order gives another number again, as section 8 shows. And read the lines above: every demonstration, every weight,
# every loss and its gradient were yours, and so was the interval.
#
# Now the mistake of the warm-up, and its neighbour: the mask is forgotten, so that the prompt is learned too.
# `minirl.bugs` can plant both into minirl. We train as before, and look at the answers.

# %%
models, found = {"right": model}, {}
print(f"training loss at the end, right: {mean_loss(model, solved(tokenizer, shown)):.3f}")
for bug in ("masked end", "prompt trained on"):
    with planted(bug):
        models[bug] = fine_tuned(shown, 20)
        print(f"training loss at the end, {bug}: {mean_loss(models[bug], solved(tokenizer, shown)):.3f}")
print()
for name, one in models.items():
    given = answers(one, held_out)
    found[name] = sum(int(episode.reward) for episode in given)
    low, high = my.wilson(found[name], len(given))
    stopped = np.mean([episode.finished for episode in given])
    print(f"{name}: {found[name]} of 78 solved ({low:.0%} to {high:.0%}); {stopped:.0%} stop by themselves")
    print(f"    Roger: {given[-1].text!r}")
print()
reveal("11.a")
assert found["masked end"] < 4 and found["prompt trained on"] > 20

# %% [markdown]
# Look at Roger's answer with the masked end. It begins like a worked answer, and then it does not stop. Nothing gave
# a warning: the loss that was printed is as low as without the mistake. It has to be, because it is a mean over the
# tokens with a weight, and the forgotten token has none. *Look at the share of answers that stop before you look at the
# accuracy.*
#
# Look at Roger's answer with the right model too: is it 11, in the sum and in the answer? The model may add wrongly. It
# may also add correctly and then copy a different number after "Answer:", because copying is a step of its own. You
# have counted both in lesson 1. A third of the held-out problems or more are still wrong.
#
# The forgotten mask does little harm here. Questions are short, and the model learns to ask them as well. Its sign is
# the loss, which stays higher, because nobody can know the numbers in a question before they are there. Where questions
# are long, most of each step goes into them.

# %% [markdown]
# ## 6. Many documents in one row
#
# Documents have different lengths. One way to compute several at once is to fill up the short ones with *padding*,
# tokens that mean nothing. But then a good part of the work is wasted. minirl **packs** instead: it puts documents end
# to end in one row.
#
# Attention would now connect what does not belong together. A token of the second demonstration would see the first
# one, with its numbers and its answer. When the model is asked later, nothing stands before the prompt. So a rule is
# needed: **a token sees the tokens before it in its own document, and no others.** A list, `starts`, says where each
# document begins.
#
# > **Exercise 11.5** (level 2, 10 minutes). Write `may_see(starts)`.
#
# There is a second place where documents touch: the targets. In lesson 9, target t was the token after input t. If you
# put documents together and shift the whole row, the last token of one document has to predict the first token of the
# next. So shift each document by itself. A document of n tokens then has n − 1 inputs and n − 1 targets.
#
# > **Exercise 11.6** (level 3, 20 minutes). Write `pack(documents)`.
#
# **Does the model keep to the rule?** We measure it. Three short texts are packed. Each input token in turn is replaced
# by another token, and we note at which places the model's prediction changes. We do this twice: with `starts`, and
# without, so that the model takes the row for one long text. In the figure, your rule is on the left, and the two
# measurements are beside it. Squares are influences that your rule allows, and crosses are influences that it forbids.

# %%
from minirl import no_grad

texts = [tokenizer.encode_array(text) for text in (" 5 + 6 = 11.", " 2 * 3 = 6.", " 4 + 4 = 8.")]
inputs, _, _, starts = my.pack([(ids, np.ones(len(ids), bool)) for ids in texts])


def logits_of(inputs, starts):
    """(T, V): what the model says at each of the T places."""
    with no_grad():
        return model.hidden(inputs, starts).data[0] @ model.output_weight.data.T


def influence(starts):
    """(T, T) truth values: whether the logits at place t change when the token at place s is exchanged."""
    before, found = logits_of(inputs, starts), np.zeros((len(inputs), len(inputs)), bool)
    for s in range(len(inputs)):
        changed = inputs.copy()
        changed[s] = (inputs[s] + 1) % tokenizer.vocab_size
        found[:, s] = np.abs(logits_of(changed, starts) - before).max(axis=1) > 0.001
    return found


rule, kept, leaking = my.may_see(starts), influence(starts), influence(None)
outside = int((leaking & ~rule).sum())
picture = Picture(
    f"Three tables with a row for each of {len(inputs)} places that predict and a column for each token. Left, the "
    "rule: three triangles along the diagonal. Middle, measured with starts: the same triangles. Right, measured "
    f"without starts: one large triangle, with {outside} cells outside the rule, drawn as crosses.",
    9, 3.3,
)  # fmt: skip
for axes, (title, table) in zip(
    picture.subplots(1, 3),
    {"the rule": rule, "measured, with starts": kept, "measured, without starts": leaking}.items(),
    strict=True,
):
    for t, s in np.argwhere(table):
        axes.plot(s, t, "s" if rule[t, s] else "x", color=COLOURS[0] if rule[t, s] else COLOURS[1], markersize=6)
    for start in starts[1:-1]:
        axes.axhline(start - 0.5, color="#9aa5b1", linewidth=1)
        axes.axvline(start - 0.5, color="#9aa5b1", linewidth=1)
    axes.set(title=title, xlabel="token that is seen", xlim=(-0.7, len(inputs) - 0.3), ylim=(len(inputs) - 0.3, -0.7))
    axes.set_aspect("equal")
picture.axes[0].set_ylabel("place that predicts")
assert np.array_equal(kept, rule) and outside > 200
picture

# %% [markdown]
# ## 7. An instrument for leaks
#
# In a real program you cannot look into the attention so easily. You have a function that takes documents and returns
# log-probabilities. Does it leak? The question can be answered from outside, by an experiment: leave one document out,
# and see whether anything else changes.
#
# > **Exercise 11.7** (level 4, 30 minutes). Write `leaks(log_probs, documents)`. The check hands it models that leak in
# > different ways. Before you write, think of a leak that your experiment would not find.

# %%


def packed(apart):
    """A function log_probs for your instrument: documents in one row, with starts or without."""

    def log_probs(documents):
        inputs, targets, _, starts = my.pack([(ids, np.ones(len(ids), bool)) for ids in documents])
        with no_grad():
            found = model.cross_entropy(inputs, targets, starts=starts if apart else None).log_prob[0]
        return np.split(found, starts[1:-1])

    return log_probs


print("with starts:   ", my.leaks(packed(True), texts))
print("without starts:", my.leaks(packed(False), texts))
assert my.leaks(packed(True), texts) == [] and len(my.leaks(packed(False), texts)) == 3

# %% [markdown]
# Your instrument needs no figure, and it works for any model. It would also find positions that are counted through the
# whole row. (This model would not mind them: it only looks at the distance of two tokens, as in lesson 8.)
#
# Which leak would it miss? One that does not show when a single document is missing. Suppose that two documents give
# the same hint, and the model needs it only once. Leave out either, and the other still gives the hint: nothing
# changes. To find this, compare with each document by itself, too. And an experiment speaks for the documents that were
# in it: a leak that these three do not set off stays unseen.

# %% [markdown]
# ## 8. All together: how long should one train?
#
# All parts of the loss are yours now. One question is left: how many rounds? Guess before you run the next cell.
#
# {predict 11.c}
#
# We train three times, with the demonstrations in another order each time, and measure now and then.

# %%
AT = (5, 10, 15, 20, 30, 40, 60)
SETS = {"shown": shown, "held out": held_out}
shares, losses = ({name: np.zeros((3, len(AT))) for name in SETS} for _ in range(2))


def watch(seed):
    """What is measured after a round."""

    def measure(model, number):
        for name, problems in SETS.items() if number in AT else ():
            shares[name][seed, AT.index(number)] = accuracy(model, problems).value
            losses[name][seed, AT.index(number)] = mean_loss(model, solved(tokenizer, problems))

    return measure


with swapped("sft.document", "sft.pack", "sft.weights", "sft.loss", "evaluation.wilson") as used:
    for seed in range(3):
        model = fine_tuned(shown, 60, seed, watch(seed))
print(used, "\n")
for number in (20, 60):
    column = AT.index(number)
    for name in SETS:
        solved_shares = ", ".join(f"{share:.0%}" for share in shares[name][:, column])
        print(f"after {number} rounds, {name:8s}: {solved_shares} solved; loss {losses[name][:, column].mean():.3f}")
print()
reveal("11.c")
early, late = (shares["held out"][:, AT.index(number)].mean() for number in (20, 60))
assert all(use.share == 1 for use in used.by_id.values())
assert abs(late - early) < 0.15 and late < 0.85 and shares["shown"][:, -1].mean() > 0.95
assert losses["held out"][:, -1].mean() > losses["held out"][:, AT.index(20)].mean()

# %% [markdown]
# **What do more rounds change?** On the left is the share of solved problems. The thin lines are the three runs on
# held-out problems. The first of them is darker, and its bars are Wilson's intervals. On the right is the loss.

# %%
intervals = np.array([my.wilson(round(share * len(held_out)), len(held_out)) for share in shares["held out"][0]])
unread, DARK = losses["held out"].mean(axis=0), "#6b2f00"
picture = Picture(
    f"Left: solved problems against rounds. Shown problems reach {shares['shown'][:, -1].mean():.0%}. Held-out ones "
    f"are at {early:.0%} after 20 rounds and at {late:.0%} after 60, each with an interval of about 22 points. Right: "
    f"the loss on shown problems falls to {losses['shown'][:, -1].mean():.3f}. On held-out ones it is lowest after "
    f"{AT[int(unread.argmin())]} rounds, {unread.min():.2f}, and ends at {unread[-1]:.2f}.",
    9, 3.2,
)  # fmt: skip
left, right = picture.subplots(1, 2)
for (name, values), colour, style, marker in zip(shares.items(), COLOURS, STYLES, "so", strict=False):
    line = {"color": colour, "linestyle": style, "marker": marker, "markersize": 4}
    left.plot(AT, 100 * values.mean(axis=0), label=f"{name} (mean)", **line)
    right.plot(AT, losses[name].mean(axis=0), label=name, **line)
left.plot(AT, 100 * shares["held out"][1:].T, color=COLOURS[1], linewidth=0.6)
left.plot(AT, 100 * shares["held out"][0], color=DARK, linewidth=0.9, label="held out, first run")
left.vlines(AT, *(100 * intervals.T), color=DARK, linewidth=0.9)
left.set(xlabel="rounds", ylabel="solved, %", ylim=(0, 104))
right.set(xlabel="rounds", ylabel="loss per token, nats", ylim=(0, None))
left.legend(loc="lower right", fontsize=8)
right.legend(loc="upper right")
picture

# %% [markdown]
# The loss on held-out problems turns around. The share of solved problems hardly changes, but the model becomes surer
# of its wrong answers. In longer trainings the accuracy follows: in [minirl's results](../docs/results.md), three
# models lose 7 to 11 points when they are trained for 86 rounds instead of 12. And look at the three thin lines. The
# runs differ in nothing but the order of the demonstrations. One run is one draw.
#
# **What would help, then?** Other demonstrations. The next cell makes the same number of steps with half as many of
# them, shown twice as often.

# %%
with swapped("sft.document", "sft.pack", "sft.weights", "sft.loss", "evaluation.wilson"):
    few = accuracy(fine_tuned(shown[:25], 40), held_out)
print(f"50 demonstrations, 20 rounds: {first} percent\n25 demonstrations, 40 rounds: {few} percent")
assert few.value < first.value - 0.1

# %% [markdown]
# Look at the intervals: do they touch? They cover the draw of the problems. They do not cover the draw of the run, and
# this is one run against one. So compare the distance with the scatter of the three thin lines, too.
#
# New examples teach, repeated ones are learned by heart. But who writes new ones?
# Worked answers are expensive. Problems with nothing but a final result are cheap, and a model can write the answers to
# them itself, right ones and wrong ones. That is lesson 12.
#
# > **Try it.** Which is learned from fewer demonstrations, to stop or to calculate? Make a new cell:
# > `np.mean([one.finished for one in answers(fine_tuned(shown[:5], 20), held_out)])` is the share of answers that stop
# > by themselves when five demonstrations were shown. Guess first. Then ask for the mean of `one.reward`.

# %% [markdown]
# ## You should know
#
# 1. Fine-tuning is pretraining with a mask. The model learns the tokens that it has to say itself, the end token among
#    them. It reads the prompt and does not learn it.
# 2. The loss is −Σ w · log π. The weights are 1/N, mask/N or advantage/N, with N learned tokens in the whole batch.
# 3. In a packed row, each document is shifted by itself and sees only itself. That can be measured from outside.
# 4. A share of n problems has an interval. Wilson's is good near 0 and 1 too: 0 of 78 means "up to 4.7%".
# 5. After some rounds, the shown answers are known by heart and nothing more is gained. Different examples help more.
#
# ## How this fails in practice
#
# - **The end is masked along with the padding.** Where a padding token is needed and none exists, many programs use
#   the end token instead. The line that masks the padding then masks every true end.
#   `python -m minirl.bugs "masked end"` tells where this was seen.
# - **The prompt of training is not the prompt of use.** One space more before the answer, and the model is asked
#   something that it never saw. minirl encodes prompt and answer apart, so that a prompt has the same tokens with and
#   without an answer.
# - **The mask is shifted once too often, or once too little.** Some libraries shift inside the model and some before.
#   Print one demonstration with its mask, as in section 2, before you train.
# - **Documents leak.** Nothing crashes, and the loss alone does not show it. A measurement like yours does.
# - **The best round is chosen on the test problems.** The best of many noisy numbers is too good to be true. Choose on
#   one set of problems, and report the result on another set.
#
# ## The code that runs
#
# - `minirl/train/sft.py`: `solved` makes the documents, with weight 0 for prompts and 1 for completions. In minirl's
#   full training each batch also holds new texts of the kinds that pretraining read, so that the model does not forget
#   them.
# - `minirl/data/document.py`, `minirl/data/batch.py`: your `document`, `pack` and `sft_weights`.
# - `minirl/model/transformer.py`: `hidden` keeps documents apart; the loss is `linear_cross_entropy` in
#   `minirl/functional/probability.py`, which never stores all logits at once.
# - `minirl/evaluation/estimate.py`: `wilson`, and what to do when a share is no longer a count.
#
# ## Sources
#
# - Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. *Journal of the American
#   Statistical Association* 22(158), 209–212.
#
# **Next:** lesson 12. The weights become advantages, and the model learns from its own answers.
