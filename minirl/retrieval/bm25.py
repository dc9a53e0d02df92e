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
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Array = np.ndarray

K1, B = 1.2, 0.75  # Lucene's defaults


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


def add_up(starts: Array, passages: Array, weights: Array, query: Sequence[tuple[int, int]], total: int) -> Array:
    """The scores (N,) float32 of all passages. query: term numbers, and how often the query has each."""
    scores = np.zeros(total, np.float32)
    for term, times in query:
        here = slice(starts[term], starts[term + 1])
        np.add.at(scores, passages[here], weights[here] if times == 1 else weights[here] * np.float32(times))
    return scores


def best(scores: Array, n: int) -> Array:
    """The numbers of the n highest positive scores, the highest first; among equal ones the lowest number first."""
    if n < len(scores):
        least = np.partition(scores, len(scores) - n)[len(scores) - n]
        found = np.flatnonzero(scores >= least) if least > 0 else np.flatnonzero(scores > 0)
    else:
        found = np.flatnonzero(scores > 0)
    return found[np.argsort(-scores[found], kind="stable")][:n]
