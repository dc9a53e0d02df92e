"""Byte-pair encoding in a page: the executable specification of the C code in csrc/bpe_*.c.

Training. Start from single bytes. Count how often each pair of neighbouring tokens occurs, join the most frequent pair
into a new token everywhere, and repeat. The list of joined pairs, in order, is all there is to learn.

    chunk    times   bytes        (s, t) joined   (e, st) joined   (o, w) joined   (l, ow) joined
    low      5       l o w        l o w           l o w            l ow            low
    lower    2       l o w e r    l o w e r       l o w e r        l ow e r        low e r
    widest   3       w i d e s t  w i d e st      w i d est        w i d est       w i d est
    newest   6       n e w e s t  n e w e st      n e w est        n e w est       n e w est

At the start (e, s) and (s, t) both occur 9 times, more often than any other pair. **Ties go to the larger pair of byte
strings**: (s, t) is larger than (e, s), because s comes after e. The rule is arbitrary, but there must be one, so that
everybody who trains on this text learns the same merges.

    >>> chunks = ["low"] * 5 + ["lower"] * 2 + ["widest"] * 3 + ["newest"] * 6
    >>> train((chunk.encode() for chunk in chunks), 6)
    [(b's', b't'), (b'e', b'st'), (b'o', b'w'), (b'l', b'ow'), (b'w', b'est'), (b'n', b'e')]

Encoding. Start from single bytes again and join pairs in the order in which they were learned.

    >>> ranks = {pair: rank for rank, pair in enumerate(train((chunk.encode() for chunk in chunks), 6))}
    >>> encode(b"lowest", ranks)          # (w, est) was learned, but (o, w) comes first
    [b'low', b'est']

Sources: Gage, A New Algorithm for Data Compression (1994); Sennrich et al., Neural Machine Translation of Rare Words
with Subword Units (2016), whose example this is; the tie rule is the one of Stanford's CS336, assignment 1.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

Pair = tuple[bytes, bytes]


def join(tokens: list[bytes], pair: Pair) -> list[bytes]:
    """`tokens` with every occurrence of `pair` joined into one, from left to right: (a, a) in a a a gives aa a."""
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


def train(chunks: Iterable[bytes], n_merges: int) -> list[Pair]:
    """The first n_merges merges for these chunks of text; fewer when no pair is left. Merges never cross chunks."""
    times = Counter(chunks)
    tokens = {chunk: [bytes([byte]) for byte in chunk] for chunk in times}
    merges: list[Pair] = []
    while len(merges) < n_merges:
        counts: Counter[Pair] = Counter()
        for chunk, parts in tokens.items():
            for pair in pairwise(parts):
                counts[pair] += times[chunk]
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        tokens = {chunk: join(parts, best) for chunk, parts in tokens.items()}
        merges.append(best)
    return merges


def encode(chunk: bytes, ranks: Mapping[Pair, int]) -> list[bytes]:
    """The tokens of one chunk: of the pairs it holds, always join the one learned first."""
    tokens = [bytes([byte]) for byte in chunk]
    while len(tokens) > 1:
        best = min(pairwise(tokens), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        tokens = join(tokens, best)
    return tokens
