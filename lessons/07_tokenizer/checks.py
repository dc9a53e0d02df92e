"""What is tried with the exercises of lesson 7, and what must come out. The oracle of training is minirl's own."""

import tracemalloc
from dataclasses import dataclass
from itertools import pairwise

from minirl.lessons.check import Check, Property, Unusable
from minirl.lessons.compare import Verdict
from minirl.tokenizer import bpe

NAMES = ("the list words", "the dict counts")


def letters(rng, longest=6, alphabet=b"ab"):
    """A short text of few different letters, so that pairs repeat and overlap."""
    return bytes(rng.choice(list(alphabet), size=rng.integers(1, longest + 1)).tolist())


def cut(rng, text):
    """The text as tokens of one or two bytes."""
    tokens = []
    while text:
        size = int(rng.integers(1, 3))
        tokens.append(text[:size])
        text = text[size:]
    return tokens


def singles(text):
    return [bytes([byte]) for byte in text]


def sequences(rng):
    """(tokens, pair)"""
    yield [], (b"a", b"b")
    yield singles(b"ab"), (b"a", b"b")
    yield singles(b"abc"), (b"a", b"b")
    yield singles(b"aaa"), (b"a", b"a")
    yield singles(b"abab"), (b"a", b"b")
    yield [b"ab", b"a", b"b"], (b"a", b"b")
    yield [b"a", b"bc"], (b"a", b"b")
    yield [b"ab", b"c"], (b"a", b"bc")
    yield singles(b"aaaa"), (b"a", b"a")
    for _ in range(12):
        tokens = cut(rng, letters(rng, 10))
        pairs = [*pairwise(tokens), (b"a", b"b")]
        yield tokens, pairs[int(rng.integers(len(pairs)))]


def joined(tokens, pair):
    """The oracle of join, with the first occurrence found again and again."""
    done, rest = [], list(tokens)
    while len(rest) > 1:
        if (rest[0], rest[1]) == pair:
            done.append(b"".join(pair))
            rest = rest[2:]
        else:
            done.append(rest.pop(0))
    return done + rest


def vocabularies(rng):
    """(words, times)"""
    yield [singles(b"ab")], [1]
    yield [singles(b"ab")], [3]
    yield [singles(b"aaa")], [1]
    yield [singles(b"a"), singles(b"b")], [1, 1]
    yield [singles(b"aaa"), singles(b"ab")], [1, 5]
    yield [singles(b"abab")], [2]
    for _ in range(10):
        words = [cut(rng, letters(rng)) for _ in range(int(rng.integers(1, 4)))]
        yield words, rng.integers(1, 6, len(words)).tolist()


def counted(words, times):
    found = [(pair, n) for word, n in zip(words, times, strict=True) for pair in pairwise(word)]
    return {pair: sum(n for other, n in found if other == pair) for pair, _ in found}


def same_length(words, times):
    return len(words) == len(times) and all(times) and all(words)


def tables(rng):
    """(counts,)"""
    yield ({(b"a", b"b"): 1},)
    yield ({(b"a", b"b"): 1, (b"b", b"c"): 2},)
    yield ({(b"b", b"c"): 2, (b"a", b"b"): 2},)
    yield ({(b"a", b"b"): 2, (b"b", b"c"): 2},)
    yield ({(b"a", b"z"): 2, (b"ab", b"a"): 2},)
    yield ({(b"e", b"s"): 9, (b"s", b"t"): 9, (b"l", b"o"): 7},)
    for _ in range(12):
        pairs = {(letters(rng, 2, b"abc"), letters(rng, 2, b"abc")) for _ in range(int(rng.integers(1, 6)))}
        yield ({pair: int(rng.integers(1, 4)) for pair in sorted(pairs, key=lambda pair: pair[::-1])},)


def the_best(counts):
    most = max(counts.values())
    return sorted(pair for pair, n in counts.items() if n == most)[-1]


@dataclass(frozen=True)
class Many:
    """A long text of few different words, which are made one by one."""

    words: tuple[bytes, ...]
    n: int
    """How often each of them occurs."""

    def __iter__(self):
        return (word for _ in range(self.n) for word in self.words)


MOST_BYTES = 500_000  # that training on Many may take; keeping a list for each of its chunks takes several millions
STORY = [b"low"] * 5 + [b"lower"] * 2 + [b"widest"] * 3 + [b"newest"] * 6


def texts(rng):
    """(chunks, n_merges)"""
    yield [b"ab"], 1
    yield [b"low", b"low", b"lot"], 2
    yield [b"ab"], 3
    yield [b"a", b"b"], 1
    yield [b"aaa"], 2
    yield [b"ab", b"ab", b"bc"], 2
    yield [b"ab", b"bc", b"bc"], 2
    yield [b"cd", b"ab"], 2
    yield STORY, 6
    yield Many((b"low", b"lot"), 20_000), 2
    for _ in range(8):
        yield [letters(rng, 5, b"abc") for _ in range(int(rng.integers(2, 9)))], int(rng.integers(1, 5))


def once(names, chunks, n_merges):
    """Train on an iterator, which can be gone through once only. Of a long text too much must not be kept."""
    if not isinstance(chunks, Many):
        return names["train"](iter(chunks), n_merges)
    tracemalloc.start()
    try:
        found = names["train"](iter(chunks), n_merges)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    if peak > MOST_BYTES:
        raise Unusable("the memory that it takes grows with the length of the text, and not with its different words.")
    return found


def shown_text(chunks, n_merges):
    """The call of train as a learner would type it."""
    if isinstance(chunks, Many):
        return f"train((word for _ in range({chunks.n}) for word in {list(chunks.words)!r}), {n_merges})"
    return f"train(iter({chunks!r}), {n_merges})"


def trained(chunks, n_merges):
    return bpe.train(chunks, n_merges)


def ranked(merges):
    return {pair: rank for rank, pair in enumerate(merges)}


def words_to_encode(rng):
    """(chunk, ranks)"""
    yield b"a", {}
    yield b"ab", {(b"a", b"b"): 0}
    yield b"low", {(b"o", b"w"): 0, (b"l", b"o"): 1}
    yield b"low", {(b"l", b"o"): 0, (b"o", b"w"): 1}
    yield b"bcd", {(b"b", b"c"): 0, (b"c", b"d"): 1, (b"b", b"cd"): 2}
    yield b"low", {(b"l", b"o"): 1, (b"o", b"w"): 0}
    yield b"abab", {(b"a", b"b"): 0}
    yield b"abab", {(b"a", b"b"): 0, (b"ab", b"ab"): 1}
    yield b"abc", {(b"b", b"c"): 0, (b"a", b"b"): 1, (b"ab", b"c"): 2}
    yield b"aaa", {(b"a", b"a"): 0}
    yield b"", {}
    yield b"lowest", ranked(bpe.train(STORY, 6))
    for _ in range(10):
        merges = bpe.train([letters(rng, 7, b"abc") for _ in range(12)], 6)
        ranks = ranked(merges)
        yield letters(rng, 8, b"abc"), dict(sorted(ranks.items(), key=lambda item: rng.random()))


def encoded(chunk, ranks):
    return bpe.encode(chunk, ranks)


BALL = "🎾".encode()


def id_lists(rng):
    """(ids, vocabulary)"""
    yield [0], [b"low"]
    yield [1, 0], [b"ow", b"l"]
    yield [0, 1], [BALL[:2], BALL[2:]]
    yield [0], [BALL[:2]]
    yield [], [b"a"]
    yield [0, 1, 0], ["é".encode()[:1], "é".encode()[1:]]
    yield [2, 0, 1], [b"a", b"\xff", "ä".encode()]
    for _ in range(6):
        text = "".join(rng.choice(list("aé🎾 "), size=rng.integers(1, 6)).tolist()).encode()
        vocabulary = cut(rng, text)
        yield list(range(len(vocabulary))), vocabulary


def decoded(ids, vocabulary):
    text = b""
    for i in ids:
        text += vocabulary[i]
    return str(text, "utf-8", "replace")


# ---- 7.7 ----


class Watched(list):
    """A list of words that notes which of them are looked at."""

    def __init__(self, words):
        super().__init__(words)
        self.seen = set()

    def __getitem__(self, index):
        places = range(len(self))[index]
        self.seen.update([places] if isinstance(places, int) else places)
        return super().__getitem__(index)

    def __iter__(self):
        for index in range(len(self)):
            yield self[index]


def updates(rng):
    """(words, times, pair)"""
    yield [singles(b"ab")], [1], (b"a", b"b")
    yield [singles(b"ab"), [b"c"]], [3, 1], (b"a", b"b")
    yield [singles(b"ab"), singles(b"cd")], [3, 2], (b"a", b"b")
    yield [singles(b"cab")], [2], (b"a", b"b")
    yield [singles(b"abc")], [2], (b"a", b"b")
    yield [singles(b"aaa")], [2], (b"a", b"a")
    yield [singles(b"abab")], [1], (b"a", b"b")
    yield [singles(b"abc"), singles(b"bc")], [2, 2], (b"a", b"b")
    for _ in range(12):
        words = [cut(rng, letters(rng, 7, b"abc")) for _ in range(int(rng.integers(2, 5)))]
        pairs = sorted(counted(words, words and [1] * len(words)))
        if pairs:
            yield words, rng.integers(1, 5, len(words)).tolist(), pairs[int(rng.integers(len(pairs)))]


def places(words):
    """For each pair the indices of the words that hold it."""
    found = {}
    for index, word in enumerate(words):
        for pair in pairwise(word):
            found.setdefault(pair, set()).add(index)
    return found


def after_update(names, words, times, pair):
    """What the learner's update makes of a small vocabulary."""
    own = Watched([list(word) for word in words])
    counts, where = counted(words, times), places(words)
    needed = set(where[pair])
    result = names["update"](own, list(times), counts, where, pair)
    if result is not None:
        raise Unusable("`update` changes what it is given, and returns nothing.")
    seen = own.seen - needed
    plain = [list(word) for word in list.__iter__(own)]
    missing = [(p, index) for p, indices in places(plain).items() for index in indices if index not in where.get(p, ())]
    lacks = (
        Verdict("lacks", "`where[({!r}, {!r})]` lacks word {}".format(*missing[0][0], missing[0][1]))
        if missing
        else Verdict()
    )
    needless = (
        Verdict("looked", f"word {min(seen)} was looked at, and it does not hold the pair") if seen else Verdict()
    )
    return plain, dict(sorted(counts.items())), lacks, needless


def right_update(words, times, pair):
    new = [joined(word, pair) for word in words]
    return new, dict(sorted(counted(new, times).items())), Verdict(), Verdict()


def holds(words, times, pair):
    return same_length(words, times) and pair in counted(words, times)


def shown_update(words, times, pair):
    return (
        f"words, times = {words!r}, {times!r}\n    counts = {counted(words, times)!r}\n    where = {places(words)!r}\n"
        f"    update(words, times, counts, where, {pair!r})"
    )


CHECKS = {
    "join": Check(
        cases=sequences,
        expected=joined,
        only=lambda tokens, pair: all(tokens) and len(pair) == 2 and all(pair),
        properties=(
            Property(
                "the bytes stay the same, all together",
                lambda call, tokens, pair: b"".join(call(tokens, pair)) == b"".join(tokens),
            ),
        ),
    ),
    "count_pairs": Check(cases=vocabularies, expected=counted, only=same_length),
    "best_pair": Check(cases=tables, expected=the_best, shrink=False),
    "train": Check(
        cases=texts,
        expected=trained,
        observe=once,
        show=shown_text,
        only=lambda chunks, n_merges: bool(chunks) and all(chunks) and n_merges > 0,
    ),
    "encode": Check(
        cases=words_to_encode,
        expected=encoded,
        shrink=False,
        properties=(
            Property(
                "the bytes stay the same, all together",
                lambda call, chunk, ranks: b"".join(call(chunk, ranks)) == chunk,
            ),
        ),
    ),
    "decode": Check(cases=id_lists, expected=decoded, shrink=False),
    "update": Check(
        cases=updates, expected=right_update, observe=after_update, show=shown_update, parts=NAMES, only=holds,
        shrink=False,
    ),
}  # fmt: skip
