"""How good a ranking is, from the places at which the relevant passages stand in it.

    >>> ranking, relevant = [7, 3, 5], {3: 1, 9: 2}       # passage -> grade; 9 was not found
    >>> hit(ranking, relevant, 1), hit(ranking, relevant, 3), reciprocal_rank(ranking, relevant)
    (0.0, 1.0, 0.5)
    >>> average_precision(ranking, relevant), precision(ranking, relevant, 10), recall(ranking, relevant, 10)
    (0.25, 0.1, 0.5)
    >>> round(ndcg(ranking, relevant, 10), 4)
    0.2398

All are those of trec_eval; a passage with a grade of 0 or less, or without one, is not relevant.
"""

import math
from collections.abc import Callable, Mapping, Sequence

Ranking = Sequence[int]
Grades = Mapping[int, int]


def hit(ranking: Ranking, grades: Grades, k: int) -> float:
    """hit@k: 1 where one of the first k is relevant."""
    return float(any(grades.get(passage, 0) > 0 for passage in ranking[:k]))


def reciprocal_rank(ranking: Ranking, grades: Grades) -> float:
    """1 / rank of the first relevant one, 0 where there is none. Its mean over queries is the MRR."""
    return next((1 / rank for rank, passage in enumerate(ranking, start=1) if grades.get(passage, 0) > 0), 0.0)


def precision(ranking: Ranking, grades: Grades, k: int) -> float:
    """P@k: the relevant ones among the first k, divided by k."""
    return sum(grades.get(passage, 0) > 0 for passage in ranking[:k]) / k


def recall(ranking: Ranking, grades: Grades, k: int) -> float:
    """recall@k: the share of all relevant ones that is among the first k."""
    return sum(grades.get(passage, 0) > 0 for passage in ranking[:k]) / max(_relevant(grades), 1)


def average_precision(ranking: Ranking, grades: Grades) -> float:
    """The mean, over all relevant ones, of the precision at their ranks. Its mean over queries is the MAP."""
    found, total = 0, 0.0
    for rank, passage in enumerate(ranking, start=1):
        if grades.get(passage, 0) > 0:
            found += 1
            total += found / rank
    return total / max(_relevant(grades), 1)


def ndcg(ranking: Ranking, grades: Grades, k: int) -> float:
    """nDCG@k: grades, divided by the logarithm of the rank and added up, as a share of the best possible sum."""
    ideal = _gain(sorted(grades.values(), reverse=True)[:k])
    return _gain([grades.get(passage, 0) for passage in ranking[:k]]) / ideal if ideal else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum(max(grade, 0) / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def _relevant(grades: Grades) -> int:
    return sum(grade > 0 for grade in grades.values())


MEASURES: dict[str, Callable[[Ranking, Grades], float]] = {
    "hit@1": lambda ranking, grades: hit(ranking, grades, 1),
    "hit@3": lambda ranking, grades: hit(ranking, grades, 3),
    "hit@5": lambda ranking, grades: hit(ranking, grades, 5),
    "hit@10": lambda ranking, grades: hit(ranking, grades, 10),
    "MRR": reciprocal_rank,
    "MAP": average_precision,
    "P@10": lambda ranking, grades: precision(ranking, grades, 10),
    "P@30": lambda ranking, grades: precision(ranking, grades, 30),
    "nDCG@10": lambda ranking, grades: ndcg(ranking, grades, 10),
    "recall@100": lambda ranking, grades: recall(ranking, grades, 100),
}
ONE_RELEVANT = ("hit@1", "hit@3", "hit@5", "hit@10", "MRR")  # what is worth saying where each query has one passage
