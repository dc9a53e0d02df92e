"""BM25 in Lucene's form: how well a passage fits a query, from the words that both have.

    score(query, passage) = sum over the query's terms of   idf * tf / (tf + k1 (1 - b + b length / mean length))
    idf                   = ln(1 + (N - n + 0.5) / (n + 0.5))

tf counts the term in the passage, n the passages that have the term, N all passages. A rare term counts more than a
common one (idf). A term's second occurrence counts less than its first, because tf / (tf + k1) levels off. A longer
passage holds more words of any kind, so its tf counts less; b says how much less. A term that the query has twice
counts twice.

    >>> passages = [text.split() for text in ("the sun is a star", "the moon", "a star shines")]
    >>> [round(score, 4) for score in plain_scores(["star", "sun"], passages)]
    [0.5475, 0.0, 0.2228]

The formula is in Robertson and Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009). Lucene drops
their factor k1 + 1, which changes no order, and its idf is never negative; Kamphuis et al. (ECIR 2020) compare the
variants.

What one term adds to the score of one passage depends on nothing else in the query. So an index computes these weights
once, when it is made (`weights`), and a query only adds them up (`add_up`). `plain_scores` is the formula as it stands
above, and the tests compare the two.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

Array = np.ndarray

K1, B = 1.2, 0.75  # Lucene's defaults
COMMON = 1 / 8  # a word that more than this share of the passages have is a common one
SURE = 1 - 1e-5  # leaves room for rounding


class Postings(NamedTuple):
    """For each term the passages that have it: those of term t stand at starts[t] to starts[t + 1], in their order."""

    starts: Array
    """(V + 1,) int64"""
    passages: Array
    """(n,) int32"""
    counts: Array
    """(n,) int32, the tf"""


def plain_scores(query: Sequence[str], passages: Sequence[Sequence[str]], k1: float = K1, b: float = B) -> list[float]:
    """The score of each passage, all given as lists of terms."""
    mean = sum(map(len, passages)) / len(passages)
    found = []
    for passage in passages:
        score = 0.0
        for term in query:
            tf, n = passage.count(term), sum(term in other for other in passages)
            if tf:
                idf = math.log(1 + (len(passages) - n + 0.5) / (n + 0.5))
                score += idf * tf / (tf + k1 * (1 - b + b * len(passage) / mean))
        found.append(score)
    return found


def weights(postings: Postings, lengths: Array, first: int, last: int, k1: float = K1, b: float = B) -> Array:
    """What each posting of the terms `first` to `last` - 1 adds to a score: float32.

    lengths (N,): terms in each passage.
    """
    starts, total = postings.starts[first : last + 1], len(lengths)
    n = np.diff(starts)
    idf = np.log1p((total - n + 0.5) / (n + 0.5))
    tf = postings.counts[starts[0] : starts[-1]].astype(np.float64)
    length = lengths[postings.passages[starts[0] : starts[-1]]]
    mean = max(lengths.mean(dtype=np.float64), 1e-9) if total else 1.0
    return (np.repeat(idf, n) * tf / (tf + k1 * (1 - b + b * length / mean))).astype(np.float32)


class Part(NamedTuple):
    """What a term of the query adds: the passages that have it, the weights, and the highest weight."""

    passages: Array
    weights: Array
    highest: float


def parts(starts: Array, passages: Array, weights: Array, query: Iterable[tuple[int, int]]) -> list[Part]:
    """A part for each term of the query, the one that can add most first. query: term numbers, and how often it has
    each."""
    found = []
    for term, times in sorted(query):
        here = slice(starts[term], starts[term + 1])
        scaled = weights[here] if times == 1 else weights[here] * np.float32(times)
        found.append(Part(passages[here], scaled, float(scaled.max())))
    return sorted(found, key=lambda part: -part.highest)


def add_up(parts: Iterable[Part], total: int) -> Array:
    """The scores (N,) float32 of all passages."""
    scores = np.zeros(total, np.float32)
    for part in parts:
        np.add.at(scores, part.passages, part.weights)
    return scores


def search(parts: Sequence[Part], total: int, n: int) -> tuple[Array, Array]:
    """The numbers and scores of the n best, as in best(add_up(parts), n), but most often without all of the sums.

    Common words come last here: they have most of the postings, and add little. Once n passages have a score that the
    words still to come cannot reach alone, no other passage can get among the best. Then the common words are looked up
    for the few passages that still can (Turtle and Flood 1995, MaxScore).
    """
    scores = np.zeros(total, np.float32)
    left = sum(part.highest for part in parts)
    for number, part in enumerate(parts):
        if number and len(part.passages) > COMMON * total:
            found = np.flatnonzero(scores)
            least = float(np.partition(scores[found], len(found) - n)[len(found) - n]) if len(found) > n else 0.0
            if left < least * SURE:
                found = found[scores[found] > least * SURE - left]
                return _finished(scores, found, parts[number:], n)
        np.add.at(scores, part.passages, part.weights)
        left -= part.highest
    found = best(scores, n)
    return found, scores[found]


def _finished(scores: Array, found: Array, parts: Iterable[Part], n: int) -> tuple[Array, Array]:
    """The n best of the passages `found`, when these parts too are added."""
    wanted = found.astype(np.int32)
    for part in parts:
        places = np.minimum(np.searchsorted(part.passages, wanted), len(part.passages) - 1)
        has = part.passages[places] == wanted
        scores[found[has]] += part.weights[places[has]]
    order = np.argsort(-scores[found], kind="stable")[:n]
    return found[order], scores[found[order]]


def best(scores: Array, n: int) -> Array:
    """The numbers of the n highest positive scores, the highest first; among equal ones the lowest number first."""
    if n < len(scores):
        least = np.partition(scores, len(scores) - n)[len(scores) - n]
        found = np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores > 0)
    else:
        found = np.flatnonzero(scores > 0)
    return found[np.argsort(-scores[found], kind="stable")][:n]
