"""How well an index finds what is relevant: the measures of each query, and their means over a collection."""

from collections.abc import Callable, Sequence
from statistics import fmean

from minirl.retrieval.collections import Collection
from minirl.retrieval.index import Index, SearchError
from minirl.retrieval.measures import MEASURES, ONE_RELEVANT

DEPTH = 1000  # passages that a query is answered with, as in trec_eval's usual runs

Search = Callable[[str, int], Sequence[int]]


def searching(index: Index) -> Search:
    """The index as a function of a query and a depth that gives passages in their order, none where nothing fits."""

    def search(query: str, depth: int) -> Sequence[int]:
        try:
            numbers: list[int] = index.rank(query, depth)[0].tolist()
        except SearchError:
            return []
        return numbers

    return search


def evaluate(search: Search, collection: Collection) -> dict[str, float]:
    """The mean of each measure over the collection's queries. Where every query has one relevant text, only those
    measures come that say something then."""
    one = all(len(grades) == 1 for grades in collection.grades)
    names = ONE_RELEVANT if one else tuple(MEASURES)
    found: dict[str, list[float]] = {name: [] for name in names}
    for query, grades in zip(collection.queries, collection.grades, strict=True):
        ranking = search(query, DEPTH)
        for name in names:
            found[name].append(MEASURES[name](ranking, grades))
    return {name: fmean(values) for name, values in found.items()}
