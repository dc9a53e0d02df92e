"""Lesson 7: one way to write the seven functions.

A token is a piece of text as bytes, such as b"low". A pair is a tuple of two
tokens that stand side by side, such as (b"l", b"ow").
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from minirl.lessons import implements

Pair = tuple[bytes, bytes]

# ---- 7.1 ----


def join(tokens: list[bytes], pair: Pair) -> list[bytes]:
    """A new list, in which every occurrence of the pair is joined into one
    token, from left to right.

    join([b"n", b"e", b"w"], (b"n", b"e")) is [b"ne", b"w"].
    join([b"a", b"a", b"a"], (b"a", b"a")) is [b"aa", b"a"]: a token can be
    joined once only.
    """
    joined = []
    i = 0
    while i < len(tokens):
        if tuple(tokens[i : i + 2]) == pair:
            joined.append(tokens[i] + tokens[i + 1])
            i += 2
        else:
            joined.append(tokens[i])
            i += 1
    return joined


# ---- 7.2 ----


def count_pairs(words: list[list[bytes]], times: list[int]) -> dict[Pair, int]:
    """How often each pair of neighbours occurs in the text.

    words: each word as its list of tokens. times: words[i] occurs times[i]
    times in the text. A pair never reaches from one word into the next.

    count_pairs([[b"a", b"a", b"a"], [b"a", b"b"]], [1, 5]) is
    {(b"a", b"a"): 2, (b"a", b"b"): 5}: three equal tokens hold two pairs.
    """
    counts: Counter[Pair] = Counter()
    for tokens, n in zip(words, times, strict=True):
        for pair in pairwise(tokens):
            counts[pair] += n
    return dict(counts)


# ---- 7.3 ----


def best_pair(counts: Mapping[Pair, int]) -> Pair:
    """The most frequent pair. Of several that are equally frequent, the
    largest one, as Python compares tuples of bytes.

    best_pair({(b"e", b"s"): 9, (b"s", b"t"): 9, (b"l", b"o"): 7}) is
    (b"s", b"t").
    """
    return max(counts, key=lambda pair: (counts[pair], pair))


# ---- 7.4 ----


@implements("tokenizer.train")
def train(chunks: Iterable[bytes], n_merges: int) -> list[Pair]:
    """The first n_merges pairs that are joined, in order; fewer where no pair
    is left.

    chunks: the words of a text, one after the other, repetitions included. You
    can go through them once only. They are too many to keep; the different
    ones are not. At first, each byte of a word is a token.

    train([b"low", b"low", b"lot"], 2) is [(b"l", b"o"), (b"lo", b"w")].
    """
    distinct = Counter(chunks)
    words = [[bytes([byte]) for byte in chunk] for chunk in distinct]
    times = list(distinct.values())
    merges: list[Pair] = []
    while len(merges) < n_merges:
        counts = count_pairs(words, times)
        if not counts:
            break
        merges.append(best_pair(counts))
        words = [join(tokens, merges[-1]) for tokens in words]
    return merges


# ---- 7.5 ----


@implements("tokenizer.encode")
def encode(chunk: bytes, ranks: Mapping[Pair, int]) -> list[bytes]:
    """The tokens of one word. Of the pairs that it holds, the one that was
    learned first is joined everywhere, again and again, until none is left
    that was learned.

    ranks: the rank of each pair that was learned, 0 for the first. They may
    stand in the dictionary in any order.

    encode(b"low", {(b"o", b"w"): 0, (b"l", b"o"): 1}) is [b"l", b"ow"].
    """
    tokens = [bytes([byte]) for byte in chunk]
    while True:
        known = [pair for pair in pairwise(tokens) if pair in ranks]
        if not known:
            return tokens
        tokens = join(tokens, min(known, key=lambda pair: ranks[pair]))


# ---- 7.6 ----


@implements("tokenizer.decode")
def decode(ids: Sequence[int], vocabulary: Sequence[bytes]) -> str:
    """The text of these token ids. vocabulary[i] has the bytes of token i.

    Bytes that are no UTF-8 become the character U+FFFD, as
    bytes.decode("utf-8", errors="replace") does it.

    decode([1, 0], [b"ow", b"l"]) is "low".
    """
    return b"".join(vocabulary[i] for i in ids).decode("utf-8", errors="replace")


# ---- 7.7 ----


def update(
    words: list[list[bytes]],
    times: list[int],
    counts: dict[Pair, int],
    where: dict[Pair, set[int]],
    pair: Pair,
) -> None:
    """Join the pair in all words, and bring `counts` and `where` up to date.

    All of them are changed in place. Nothing is returned. where[pair] holds
    the indices of the words that hold the pair. Only these words may be looked
    at: that is what makes it fast.

    Afterwards `counts` is what count_pairs(words, times) gives, without pairs
    that occur 0 times, and where[p] names all words that hold p. It may name
    words that held it once, too.

    With words = [[b"a", b"b"], [b"c"]], times = [3, 1],
    counts = {(b"a", b"b"): 3} and where = {(b"a", b"b"): {0}},
    update(words, times, counts, where, (b"a", b"b")) makes of words
    [[b"ab"], [b"c"]], and counts is empty.
    """
    for index in where.pop(pair):
        before, after = words[index], join(words[index], pair)
        for old in pairwise(before):
            counts[old] -= times[index]
            if counts[old] == 0:
                del counts[old]
        for new in pairwise(after):
            counts[new] = counts.get(new, 0) + times[index]
            where.setdefault(new, set()).add(index)
        words[index] = after
