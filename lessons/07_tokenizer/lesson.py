# %% [markdown]
# # Lesson 7. Byte-pair encoding: from text to tokens
#
# *About two hours and twenty minutes. You need Python and the word "token" from lesson 1.*
#
# A language model reads numbers. So before anything else, somebody has to cut the text into pieces and give each piece
# a number. This is the job of the **tokenizer**. It is the least noticed part of a language model, and many strange
# things that models do begin here: that they cannot count the letters of a word, or that they stumble over some
# numbers and not over others. In this lesson you write one. It learns its pieces from text by counting, and then two
# models of the same shape show you what that is worth.
#
# When you have finished this lesson, you can
#
# - write byte-pair encoding from nothing: training, encoding and decoding;
# - say why no text is ever unknown to it, and why the order of the joins matters;
# - make training fast by changing counts instead of counting again;
# - weigh a large vocabulary against a small one, in bits per byte and in seconds.
#
# You write your functions in the file `exercises.py` beside this notebook. In a terminal, `python -m minirl.lessons
# check 7.1` checks the first one. From here on this text writes `check 7.1` for short.

# %% [markdown]
# ## Warm-up
#
# {predict 7.a}
#
# The answer comes in section 1.

# %% [markdown]
# ## 1. Bytes
#
# A computer stores text as **bytes**, numbers from 0 to 255. The usual way is called UTF-8. A letter of the English
# alphabet is one byte. Other characters take two, three or four bytes each, and the first of these bytes says how many
# there are.

# %%
import numpy as np

from minirl.lessons import COLOURS, STYLES, Picture, exercises_of, reveal, swapped

my = exercises_of(7)
for character in ("a", "é", "日", "🎾"):
    print(f"{character}  {list(character.encode())}")
print()
reveal("7.a")

# %% [markdown]
# So here is a tokenizer that needs no training: each byte is a token. There are 256 of them, and every text of every
# language can be written with them. Nothing is ever unknown.
#
# It has one weakness: its texts are long. The word "tennis" is six tokens. A model does the same amount of work for
# each token, whatever the token says. So it would do most of its work on letters that follow from the letters before.
# And it sees only a certain number of tokens at once, its *context*. With short tokens this is little text.
#
# We would like to have longer tokens for what occurs often, and to keep the bytes for everything else. But what occurs
# often? Let us count.

# %% [markdown]
# ## 2. Joining neighbours
#
# The idea is from 1994, and was meant for making files smaller (Gage, 1994). *Find the two neighbours that occur most
# often, and make one token of them. Repeat.* Later it was used to cut words for translation (Sennrich, Haddow and
# Birch, 2016), and today most language models read their text through it. It is called **byte-pair encoding**, BPE
# for short.
#
# We write a token as bytes, such as `b"low"`, and a word as a list of tokens. At first each byte is a token by itself.
# Joining the pair (`b"l"`, `b"o"`) makes of `[b"l", b"o", b"w"]` the list `[b"lo", b"w"]`.
#
# What about three equal letters, a a a, when (a, a) is joined? The first two become aa, and the third one stays alone.
# We go from left to right, and a token that was joined is gone. (In code a join is called a *merge*.)
#
# > **Exercise 7.1** (level 2, 10 minutes). Write `join(tokens, pair)`.
#
# To find the pair that occurs most often, we count. A text repeats its words, so it is enough to look at each different
# word once, and to count it as often as it occurs. Here a pair of neighbours is every pair: a a a holds (a, a) twice.
#
# > **Exercise 7.2** (level 2, 10 minutes). Write `count_pairs(words, times)`.
#
# And if several pairs occur equally often? Then somebody has to decide, and everybody has to decide in the same way.
# Otherwise two people who learn from the same text get two different vocabularies, and neither can read the model of
# the other. minirl takes the *largest* pair, in the order in which Python compares tuples of bytes. The rule is
# arbitrary, but there has to be one.
#
# > **Exercise 7.3** (level 1, 5 minutes). Write `best_pair(counts)`.

# %%
STORY = {b"low": 5, b"lower": 2, b"widest": 3, b"newest": 6}
words, times = [[bytes([byte]) for byte in word] for word in STORY], list(STORY.values())
counts = my.count_pairs(words, times)
print("the three most frequent pairs:")
for pair in sorted(counts, key=lambda pair: -counts[pair])[:3]:
    print("   ", pair, counts[pair])
print("joined first:", my.best_pair(counts))
assert my.best_pair(counts) == (b"s", b"t")

# %% [markdown]
# Two pairs occur 9 times, (e, s) and (s, t), in "widest" and in "newest". The larger one is (s, t), since s comes after
# e in the alphabet.

# %% [markdown]
# ## 3. Learning a vocabulary
#
# Now repeat. After each join, the counts are others: (e, s) is gone, because its s has become part of st, and (e, st)
# is new.
#
# Before we begin, the text is cut into **chunks**, roughly its words. A chunk usually begins with the space before the
# word: " tennis" is a chunk. No join reaches over the end of a chunk. Without this rule, "of the" would soon be a
# token, and so would "dog." with its full stop. minirl's function `split` cuts for us. Its second argument is a
# *pattern*, the rule that says where to cut. The pattern `gpt4-digits` also makes each digit a chunk of its own, and
# section 8 shows why.
#
# > **Exercise 7.4** (level 3, 25 minutes). Write `train(chunks, n_merges)`. The chunks of a large text do not fit into
# > memory, so they come one by one, and only once. The different words do fit. The check watches how much you keep.
#
# We learn from minirl's science questions: 300 short texts to learn from, and 61 that are **held out**: the tokenizer
# never reads them, so they show what it does with new texts.

# %%
import json

from minirl.storage import shipped
from minirl.tokenizer.pretokenize import split

lines = shipped("data/science/questions.jsonl").read_text(encoding="utf-8").splitlines()
texts = [f"{fact['question']} {fact['reasoning']}" for fact in map(json.loads, lines)]
order = np.random.default_rng(0).permutation(len(texts))
read, held_out = [texts[i] for i in order[:300]], [texts[i] for i in order[300:]]


def chunks_of(some):
    """The chunks of these texts, one after the other."""
    for text in some:
        for chunk in split(text, "gpt4-digits"):
            yield chunk.encode()


merges = my.train(chunks_of(read), 1000)
print("the chunks of a text:", [chunk.decode() for chunk in chunks_of(read[:1])])
print("\nthe first joins:     ", [(left + right).decode() for left, right in merges[:12]])
print("joins 500 to 505:    ", [(left + right).decode() for left, right in merges[500:506]])
assert len(merges) == 1000

# %% [markdown]
# The first joins are parts of nearly every text. Later ones are whole words of this collection. A vocabulary tells you
# what its text was about.
#
# **How was a long word put together?** The next figure takes the longest word that has become a single token, and draws
# its joins from the letters at the bottom to the word at the top. The numbers say when each join was learned.

# %%
made = {left + right: (left, right, rank) for rank, (left, right) in enumerate(merges)}
whole = max(sorted({chunk for chunk in chunks_of(read)} & made.keys()), key=len)
places, links = {}, []


def lay_out(token, left):
    """Give a token a place above its parts; returns (x, height). left: the number of letters before it."""
    if len(token) == 1:
        places[left, token] = (left, 0, "")
        return left, 0
    first, second, rank = made[token]
    (x1, y1), (x2, y2) = lay_out(first, left), lay_out(second, left + len(first))
    x, y = (x1 + x2) / 2, max(y1, y2) + 1
    places[left, token] = (x, y, str(rank + 1))
    links.extend([((x, y), (x1, y1)), ((x, y), (x2, y2))])
    return x, y


lay_out(whole, 0)
joins = [f"{token.decode()!r} by join {rank}" for (_, token), (_, _, rank) in places.items() if rank]
picture = Picture(f"The joins that made the word {whole.decode()!r}: {', '.join(joins)}.", 8, 3.2)
axes = picture.subplots()
for (x, y), (x1, y1) in links:
    axes.plot([x, x1], [y, y1], color="#9aa5b1", zorder=1)
for (_, token), (x, y, rank) in places.items():
    text = token.decode().replace(" ", "␣") + (f"\n{rank}" if rank else "")
    box = {"boxstyle": "round", "facecolor": "#dbeafe", "edgecolor": "white"}
    axes.text(x, y, text, ha="center", va="center", fontsize=9, bbox=box)
axes.set(xlim=(-0.8, len(whole) - 0.2), ylim=(-0.6, max(y for _, y, _ in places.values()) + 0.6))
axes.set_axis_off()
picture

# %% [markdown]
# The pieces are not syllables. A few of them, such as "ion", stand in a dictionary as parts of words. Most of them,
# such as "instr" and "uction", do not. They are what was frequent. Look at the numbers: a join never has a smaller
# number than the joins below it, because it could not be learned before its parts were there.

# %% [markdown]
# ## 4. Encoding
#
# The list of joins is all that a tokenizer knows. To cut a new word, begin with its bytes again, and do the joins of
# the list **in the order in which they were learned**. You need not go through the whole list. The *rank* of a pair is
# its place in the list, 0 for the first. Look at the pairs that the word holds, and take the pair with the smallest
# rank. Join it. Look again.
#
# {predict 7.b}
#
# > **Exercise 7.5** (level 3, 20 minutes). Write `encode(chunk, ranks)`.

# %%
ranks = {
    pair: rank for rank, pair in enumerate(my.train(iter([word for word in STORY for _ in range(STORY[word])]), 6))
}
print("joins, in order:", *(f"{left.decode()}+{right.decode()}" for left, right in ranks))
print("lowest is cut into", my.encode(b"lowest", ranks), "\n")
reveal("7.b")
assert my.encode(b"lowest", ranks) == [b"low", b"est"]

# %% [markdown]
# Would it not be better to take the longest token that fits? It would give fewer tokens for some words. But a model has
# seen only texts that were cut by the joins. If you cut in another way, you show it combinations of tokens that it has
# never met. The word would be the same, and the model would not know it.
#
# **How short does a text become?** The next figure cuts the texts with the first 0, 10, 30, ... joins, and shows the
# number of bytes in an average token. Two of its points are vocabularies that we meet again. A tokenizer in minirl has
# 256 tokens for the bytes and 6 **special tokens**, which stand for no text: one of them marks the end of a text. All
# other tokens come from joins. So a vocabulary of 400 tokens has 400 − 262 = 138 joins, and one of 1,000 has 738.
#
# {predict 7.c}

# %%
from collections import Counter

steps = [0, 10, 30, 60, 100, 138, 200, 300, 450, 600, 738, 1000]
lengths = {}
for name, some in (("texts it learned from", read), ("held-out texts", held_out)):
    distinct = Counter(chunks_of(some))
    n_bytes = sum(len(chunk) * n for chunk, n in distinct.items())
    lengths[name] = []
    for step in steps:
        some_ranks = {pair: rank for rank, pair in enumerate(merges[:step])}
        tokens = sum(len(my.encode(chunk, some_ranks)) * n for chunk, n in distinct.items())
        lengths[name].append(n_bytes / tokens)
    if some is read:
        print(f"{n_bytes:,} bytes; {n_bytes / lengths[name][5]:,.0f} tokens with {steps[5]} joins, ", end="")
        print(f"{n_bytes / lengths[name][10]:,.0f} with {steps[10]}\n")
reveal("7.c")
known, new = lengths.values()
picture = Picture(
    f"Bytes per token against the number of joins. On the texts it learned from, a token grows from 1 byte to "
    f"{known[5]:.2f} at {steps[5]} joins, {known[10]:.2f} at {steps[10]} and {known[-1]:.2f} at 1000. On held-out "
    f"texts it reaches {new[5]:.2f}, {new[10]:.2f} and {new[-1]:.2f}.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
for (name, values), colour, style in zip(lengths.items(), COLOURS, STYLES, strict=False):
    axes.plot(steps, values, color=colour, linestyle=style, marker="o", markersize=3, label=name)
axes.set(xlabel="joins", ylabel="bytes per token", ylim=(0, None))
axes.legend()
assert 1.8 < known[5] < 2.2 and 2.6 < known[10] < 3.4 and new[-1] < known[-1]
picture

# %% [markdown]
# The curve is steep at first and flat later: the most frequent pairs go first. And on new texts the gain is smaller,
# since a token such as a rare long word is of no use there. A vocabulary fits the text that it was learned from, as a
# model does.

# %% [markdown]
# ## 5. Decoding
#
# A model gets the number of each token in the vocabulary, its *id*. The way back is easy: put the bytes of the tokens
# together, and read them as UTF-8. There is one trap. The emoji 🎾 is four bytes, and so four tokens, and none of them
# is a character. If you turn each token into text by itself, you get four times the sign for "this is no character",
# U+FFFD: �.
#
# And a model may write *any* token after any other. It may stop after two of the four bytes. Your function must not
# raise an error then.
#
# > **Exercise 7.6** (level 2, 10 minutes). Write `decode(ids, vocabulary)`.

# %%
vocabulary = [bytes([byte]) for byte in range(256)] + [left + right for left, right in merges]
number = {token: i for i, token in enumerate(vocabulary)}
ranks = {pair: rank for rank, pair in enumerate(merges)}
ids = [number[token] for chunk in chunks_of(["A star is a ball 🎾."]) for token in my.encode(chunk, ranks)]
print(ids)
print("all together:        ", my.decode(ids, vocabulary))
print("each token by itself:", "|".join(my.decode([i], vocabulary) for i in ids))
assert my.decode(ids, vocabulary) == "A star is a ball 🎾."

# %% [markdown]
# ## 6. Do not count again
#
# Your `train` counts all pairs of all words for each join. For 300 short texts this takes a moment. Real vocabularies
# have 100,000 joins and are learned from millions of different words. That is a hundred times as many joins, and
# thousands of times as many words in each. At the speed that the next cell measures, it would take days or weeks.
#
# But look at what a join changes. Only the words that hold the pair change. For the late joins these are very few: a
# pair that occurs twice is in two words at most. All other counts stay as they were. So keep the counts, and keep a
# list of where each pair is. For each word that changes, take away the pairs that it had, and add the pairs that it
# has now.
#
# > **Exercise 7.7** (level 4, 35 minutes). Write `update(words, times, counts, where, pair)`. The check notes which
# > words you look at. Begin with one word on paper: "newest" with 6 occurrences, before and after st is joined.

# %%
import time
from itertools import pairwise


def train_by_updates(chunks, n_merges):
    """The same as `train`, with your `update`; also how many words each join looked at."""
    distinct = Counter(chunks)
    words, times = [[bytes([byte]) for byte in chunk] for chunk in distinct], list(distinct.values())
    counts, where = my.count_pairs(words, times), {}
    for index, word in enumerate(words):
        for pair in pairwise(word):
            where.setdefault(pair, set()).add(index)
    found, looked = [], []
    while len(found) < n_merges and counts:
        found.append(my.best_pair(counts))
        looked.append(len(where[found[-1]]))
        my.update(words, times, counts, where, found[-1])
    return found, looked, len(words)


start = time.process_time()
slow = my.train(chunks_of(read), 1000)
middle = time.process_time()
fast, looked, n_words = train_by_updates(chunks_of(read), 1000)
end = time.process_time()
assert fast == slow
print(f"1000 joins, the same both ways: {middle - start:.2f} s by counting again, {end - middle:.2f} s by updates,")
print(f"so {(middle - start) / (end - middle):.0f} times as fast.")
picture = Picture(
    f"How many words each of 1000 joins looks at, with a logarithmic scale. Counting again looks at all {n_words:,} "
    f"words each time. Updates look at {looked[0]:,} for the first join, and at {np.median(looked):.0f} or fewer for "
    "half of the joins.",
    6.5, 3,
)  # fmt: skip
axes = picture.subplots()
axes.semilogy([1, 1000], [n_words, n_words], "--", color=COLOURS[1], label="counting again")
axes.semilogy(range(1, 1001), looked, ".", color=COLOURS[0], markersize=3, label="updates")
axes.set(xlabel="join", ylabel="words looked at", ylim=(0.8, 2 * n_words))
axes.legend()
assert np.median(looked) < n_words / 50
picture

# %% [markdown]
# **How much work is left?** The figure counts the words that are looked at, join by join. The seconds that are printed
# above it are from the machine that ran this notebook, and yours will be others. The numbers of words will not.
#
# Half of the joins look at hundreds of times fewer words, and yet the whole is only a few times as fast. Where does the
# rest of the time go? `best_pair` still goes through all the counts for each join, and there are thousands of different
# pairs. What was the smaller part of the work has become the larger one.
#
# minirl does it in this way too, in C (`csrc/bpe_train.c` in its source). It also keeps the pairs in an order in which
# the best one is always at hand, so that the counts need not be searched.

# %% [markdown]
# ## 7. Your tokenizer in minirl
#
# Now put your functions into minirl's `Tokenizer`. It learns with your `train`, cuts with your `encode` and puts
# together with your `decode`. Then it must give the same ids as minirl's own code, and every text must come back as it
# was. We try texts that tokenizers have stumbled over.

# %%
from minirl.tokenizer import Tokenizer

AWKWARD = [
    "", " ", "  two spaces", "naïve café", "日本語", "🎾🎾 👩‍🚀", "1234567",
    "\n\n\tx", "aaaaaaa",
    "don't DON'T", "<|end|>", "\x00\x01", "a\u0301",
]  # fmt: skip
own = Tokenizer.train(read, 400)
with swapped("tokenizer.train", "tokenizer.encode", "tokenizer.decode") as used:
    tokenizer = Tokenizer.train(read, 400)
    cut = [tokenizer.encode(text) for text in [*AWKWARD, *held_out]]
    back = [tokenizer.decode(ids) for ids in cut]
print(used)
assert tokenizer.merges == own.merges
assert cut == [own.encode(text) for text in [*AWKWARD, *held_out]]
assert back == [*AWKWARD, *held_out]
assert all(used[f"tokenizer.{name}"].share == 1 for name in ("train", "encode", "decode"))
print(f"\n{len(cut)} texts, the same ids as minirl's, and all came back. A few of them:")
for text, ids in list(zip(AWKWARD, cut, strict=False))[3:7]:
    print(f"  {text!r}: {len(ids)} tokens")

# %% [markdown]
# Look at "日本語". It has three characters, and nine tokens: the texts that we learned from hold no Japanese, so
# nothing was joined. In the same way, a tokenizer that has learned from English makes other languages long, slow and
# expensive.
#
# Now to the question of what a token costs. Three models of the same shape read the same 300 texts, 16 of them in each
# step. One reads them as bytes, one with a vocabulary of 400 tokens, one with 1,000. The shape is the width and the
# number of layers. Only two tables differ, which have a row of numbers for each token: one reads tokens, and the other
# predicts them. They have 262, 400 or 1,000 rows. The loss per token cannot be compared: a longer token is harder to
# guess. So we compare **bits per byte**. The surprise of a text, in bits, is minus log₂ of the probability that the
# model gives to it. We divide it by the number of its bytes. (Lesson 9 explains this measure, and all that happens in
# a step.)
#
# {predict 7.d}
#
# A single run proves little. So each model is trained three times, from other random weights and with the texts in
# another order.

# %%
from minirl import no_grad
from minirl.data import make_batches, pack
from minirl.data.document import encode_document
from minirl.model import GPT, GPTConfig
from minirl.optim import AdamW, decay_groups
from minirl.schedule import warmup_cosine
from minirl.train.stage import accumulate_gradients

STEPS, SEEDS = 100, (0, 1, 2)
FEWEST = 256 + len(own.special_tokens)  # 262: bytes and special tokens, no joins
HELD_OUT_BYTES = sum(len(text.encode()) for text in held_out)


def documents_of(tokenizer, some):
    """Each text as a document, with an end token before and after it."""
    return [encode_document(tokenizer, [("<|end|>", 1.0), (f"{text}<|end|>", 1.0)]) for text in some]


def trained(vocab_size, seed):
    """Bits per byte on the held-out texts, at some steps; the tokens in a text; the seconds of processor time; the
    numbers that the model learns."""
    with swapped("tokenizer.train", "tokenizer.encode"):
        tokenizer = Tokenizer.train(read, vocab_size)
        documents, unread = documents_of(tokenizer, read), pack(documents_of(tokenizer, held_out))
    config = GPTConfig.llama(vocab_size=vocab_size, context_length=256, n_layer=2, n_head=4, d_model=64)
    model, rng, batches, bits = GPT(config, seed=seed), np.random.default_rng(seed), [], {}
    optimizer, start = AdamW(decay_groups(model, 0.1), betas=(0.9, 0.95)), time.process_time()
    for step in range(STEPS + 1):
        if step % 20 == 0:
            with no_grad():
                loss = model.loss(*unread.normalised()).item()
            bits[step] = loss * float(unread.weights.sum()) / np.log(2) / HELD_OUT_BYTES
        if step == STEPS:
            break
        if not batches:
            batches = make_batches(documents, rng, size=16)
        optimizer.lr = warmup_cosine(step, peak=5e-3, warmup=10, total=STEPS, final=5e-4)
        accumulate_gradients(model, batches.pop(), 16)
        optimizer.step(max_norm=1.0)
        optimizer.zero_grad()
    seconds, n_parameters = time.process_time() - start, sum(p.data.size for p in model.parameters())
    return bits, np.mean([len(document.ids) for document in documents]), seconds, n_parameters


found = {size: [trained(size, seed) for seed in SEEDS] for size in (FEWEST, 400, 1000)}
print("vocabulary  parameters  tokens in a text  bits per byte, three seeds  seconds")
for size, runs in found.items():
    ends = sorted(bits[STEPS] for bits, *_ in runs)
    print(f"{size:10,}{runs[0][3]:12,}{runs[0][1]:18.0f}          {ends[0]:.2f}  {ends[1]:.2f}  {ends[2]:.2f}"
          f"{np.mean([seconds for _, _, seconds, _ in runs]):13.1f}")  # fmt: skip
print()
reveal("7.d")

# %% [markdown]
# **Do the three vocabularies differ, or do the seeds?** Every run is a line.

# %%
names = dict(zip(found, ("bytes", "400 tokens", "1,000 tokens"), strict=True))
last = {size: [bits[STEPS] for bits, *_ in runs] for size, runs in found.items()}
picture = Picture(
    "Bits per byte on held-out texts against the steps, three runs for each vocabulary. At the end: "
    + "; ".join(f"{names[size]} {min(ends):.2f} to {max(ends):.2f}" for size, ends in last.items()) + ".",
    6.5, 3.2,
)  # fmt: skip
axes = picture.subplots()
for (size, runs), colour, style in zip(found.items(), COLOURS, STYLES, strict=False):
    for i, (bits, *_) in enumerate(runs):
        axes.plot(list(bits), list(bits.values()), color=colour, linestyle=style, label=None if i else names[size])
axes.set(xlabel="step", ylabel="bits per byte, held-out texts", ylim=(2, 8.5))
axes.legend()
assert min(last[FEWEST]) > max(last[400]) and min(last[400]) > max(last[1000])
picture

# %% [markdown]
# The seeds differ by about a tenth of a bit, and the vocabularies by much more. In our run, bytes end near 3.1 bits per
# byte, 400 tokens near 2.4, and 1,000 tokens near 2.2. The longer tokens are also faster: a text has fewer of them.
#
# Look at step 0, before anything is learned. The lines begin far apart already! A model that knows nothing gives every
# token the same probability. With 262 tokens it pays log₂ 262 = 8.0 bits for each byte. With 1,000 it pays log₂ 1000 =
# 10.0 bits for each token, but a token is 2.9 bytes. What it saves is what the tokenizer has found out about the text
# by counting, before the model has seen a single word.
#
# One doubt remains. The third model has the largest tables, and so two thirds more parameters than the first. Is that
# why it wins? At step 0 it cannot be, because nothing is learned yet, and the lead is there already. How much the rows
# add afterwards, this comparison does not show.
#
# Is a larger vocabulary always better, then? No. The next section shows the price.

# %% [markdown]
# ## 8. What a tokenizer hides from the model
#
# **How often does each token occur?** Number the tokens by how often they occur, the most frequent first, and draw
# both on logarithmic scales.

# %%
picture = Picture("", 6.5, 3)
axes = picture.subplots()
rare = {}
for size, colour, style in zip(found, COLOURS, STYLES, strict=False):
    some_ranks = {pair: rank for rank, pair in enumerate(merges[: size - FEWEST])}
    often = Counter()
    for chunk, n in Counter(chunks_of(read)).items():
        for token in my.encode(chunk, some_ranks):
            often[token] += n
    counts = np.array(sorted(often.values(), reverse=True))
    learned = [often[left + right] for left, right in merges[: size - FEWEST]]
    rare[size] = sum(n < 10 for n in learned)
    axes.loglog(np.arange(1, len(counts) + 1), counts, color=colour, linestyle=style, label=names[size])
axes.set(xlabel="rank of the token", ylabel="times it occurs")
axes.legend()
picture.alt = (
    "How often tokens occur against their rank, both logarithmic. With bytes the line is short and falls steeply at "
    f"its end. With 400 and 1,000 tokens it is longer and flatter; of the 738 joined tokens of the largest vocabulary "
    f"{rare[1000]} occur fewer than 10 times."
)
print(f"joined tokens that occur fewer than 10 times: {rare[400]} of {400 - FEWEST}, {rare[1000]} of {1000 - FEWEST}")
picture

# %% [markdown]
# With more tokens the line gets longer, and its end is made of tokens that occur a few times only. A model learns
# little about a token that it meets five times. This is the price of a large vocabulary, next to the rows of numbers
# that each token needs in the model. Real vocabularies are a hundred times as large as ours. They can be, because the
# texts that their models read are many millions of times as long.
#
# **Which numbers are one token?** Until now each digit was a chunk of its own, so no number was ever joined. The
# pattern of GPT-2 allows joins in numbers. We learn a vocabulary with it from the stories of lesson 1, and count the
# tokens of the numbers 0 to 99.

# %%
from minirl.lessons.roger import EVERY

stories = [problem.prompt + problem.completion for problem in EVERY]
with swapped("tokenizer.train", "tokenizer.encode"):
    joined_numbers = Tokenizer.train(stories, 420, pattern="gpt2")
    pieces = np.array([len(joined_numbers.encode(f" {n}")) for n in range(100)]).reshape(10, 10)
picture = Picture(
    f"A table of the numbers 0 to 99. {int((pieces == 1).sum())} of them are one token, and the others are two. One "
    f"token each are the numbers that occur in the stories, from {int(np.flatnonzero(pieces == 1)[0])} to "
    f"{int(np.flatnonzero(pieces == 1)[-1])}.",
    5, 3.4,
)  # fmt: skip
axes = picture.subplots()
axes.imshow(pieces, cmap="Blues", vmin=0.5, vmax=4)
for (tens, ones), n in np.ndenumerate(pieces):
    weight = "bold" if n == 1 else "normal"
    axes.text(ones, tens, f"{10 * tens + ones}\n{n}", ha="center", va="center", fontsize=7, fontweight=weight)
axes.set(xticks=[], yticks=[], title="number, and how many tokens it is")
picture

# %% [markdown]
# No number in these stories is larger than 34, and none is 0. So 1 to 34 have become tokens of their own, and 35 is cut
# into two. To us 34 and 35 are neighbours. To the model, 34 is a sign by itself, with nothing to say that it is made of
# a 3 and a 4, and 35 is two other signs. What it learns about one is of no use for the other. In a larger text the
# numbers with a token are those that happened to be frequent: a year, a price, 100.
#
# If each digit is a token, all numbers are made in the same way, of ten signs. They are longer, and the model has to
# learn what a digit means at its place. That is what minirl's default does.
#
# **Try it: do digits help?** This question is open, and here is all that you need.
#
# ```python
# from minirl.lessons.roger import RogerTask, roger_model, roger_tokenizer
# from minirl.rl import rollout
#
# task = RogerTask()
# digits = roger_tokenizer()  # learned from the same stories, with the pattern gpt4-digits
#
#
# def share_right(tokenizer, seed):
#     model = roger_model(tokenizer, task, seed=seed)  # the model of lesson 1, trained in seconds
#     unseen = task.by_split["train"]  # 27 problems that it has not learned from
#     answers = rollout(model, tokenizer, task, unseen, 8, max_new_tokens=80, seed=seed)  # 8 to each
#     return np.mean([answer.reward for answer in answers])
# ```
#
# Call it with `joined_numbers` and with `digits`, each with three seeds. Write down what you expect, with an interval,
# before you start. If the seeds of one kind scatter more than the two kinds differ, the result is "not shown".
#
# ## You should know
#
# 1. A tokenizer of bytes can write every text. BPE adds longer tokens by joining the most frequent neighbours, again
#    and again.
# 2. The list of joins, in order, is all that it learns. Encoding repeats the joins in this order.
# 3. Join the bytes of all tokens before you decode them. A token need not be a character.
# 4. A join changes only the words that hold the pair. Change the counts, and do not count again.
# 5. Losses per token of two tokenizers cannot be compared. Bits per byte can.
#
# ## How this fails in practice
#
# - **The wrong tokenizer.** A model reads ids. With another vocabulary the ids mean other texts, nothing crashes, and
#   the model writes nonsense. minirl stores the tokenizer with every model.
# - **A space too many.** " tennis" and "tennis" are different tokens. A prompt that ends with a space makes the model
#   continue with a token that it has hardly ever seen in this place.
# - **Special tokens in a user's text.** If somebody types `<|end|>`, it has to stay plain text. Otherwise anybody who
#   writes to a model could end its answer. minirl's `encode` makes special tokens only where the program allows it.
# - **Tokens that nobody has trained.** A token that occurs in the tokenizer's text, and never in the model's, keeps its
#   random numbers. When it comes up, the model does something strange.
# - **Letters that cannot be seen.** To the model, a word that is one token has no letters. Questions about spelling
#   need to be learned word by word.
#
# ## The code that runs
#
# - `minirl/tokenizer/bpe.py`: your functions on one page, as the specification of the C code.
# - `minirl/tokenizer/pretokenize.py`: the patterns that cut text into chunks.
# - `minirl/tokenizer/special.py`: the tokens that no text becomes by accident.
# - `minirl/tokenizer/tokenizer.py`: the `Tokenizer`, which also reads the files of published models.
#
# ## Sources
#
# - Gage, P. (1994). A new algorithm for data compression. *The C Users Journal* 12(2), 23–38.
# - Sennrich, R., Haddow, B. and Birch, A. (2016). Neural machine translation of rare words with subword units.
#   *Proceedings of ACL 2016*, 1715–1725; arXiv:1508.07909.
#
# **Next:** lesson 8. The tokens are numbers now. You build the model that reads them.
