"""Reciprocal rank fusion: one ranking out of several, from the ranks alone.

    score(passage) = sum over the rankings that have it of   1 / (60 + rank)

    >>> [number for number, score in fuse([[7, 3, 5], [5, 7, 9]])]
    [7, 5, 3, 9]

Scores of different searches cannot be added, because each has a scale of its own; ranks can. A passage that two
searches have near the top beats one that a single search has first. The 60 keeps first places from deciding alone. From
Cormack, Clarke and Büttcher, Reciprocal rank fusion outperforms Condorcet and individual rank learning methods (SIGIR
2009).
"""

from collections.abc import Iterable, Sequence

K = 60


def fuse(rankings: Iterable[Sequence[int]], k: float = K) -> list[tuple[int, float]]:
    """All passages of the rankings with their fused scores, the highest first; among equal ones the lowest number.

    Raises ValueError for a k below 0, and for a ranking that has a passage twice.
    """
    if k < 0:
        raise ValueError(f"k is {k}; give 0 or more, such as {K}")
    scores: dict[int, float] = {}
    for ranking in rankings:
        if len(set(ranking)) < len(ranking):
            raise ValueError("a ranking has a passage twice; give each passage one rank")
        for rank, passage in enumerate(ranking, start=1):
            scores[passage] = scores.get(passage, 0.0) + 1 / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
