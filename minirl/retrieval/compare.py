"""BM25, a dense search and both fused, on the same questions: python -m minirl.retrieval dense

A fifth of a collection's passages are held out: no question of theirs is trained on. All passages are searched, so the
held-out ones stand among those that training saw.
"""

from collections.abc import Callable, Iterator, Sequence

from minirl.model import GPT
from minirl.retrieval.collections import Collection
from minirl.retrieval.dense import DenseIndex, Embedder, Pair, train
from minirl.retrieval.evaluation import DEPTH, Search, evaluate, searching
from minirl.retrieval.fusion import fuse
from minirl.retrieval.index import Index
from minirl.tokenizer import Tokenizer

HELD_OUT = 5  # every fifth passage
FUSED = 100  # passages of each ranking that are fused

Report = Callable[[int, float], None]  # of a step of training and its loss


def parted(collection: Collection) -> tuple[list[Pair], Collection]:
    """The questions to train on, with their passages, and the collection with the held-out questions alone."""
    pairs: list[Pair] = []
    held: list[int] = []
    for number, (query, grades) in enumerate(zip(collection.queries, collection.grades, strict=True)):
        relevant = [text for text, grade in grades.items() if grade > 0]
        if any(text % HELD_OUT == 0 for text in relevant):
            held.append(number)
        else:
            pairs += [(query, text) for text in relevant]
    kept = collection._replace(
        queries=[collection.queries[number] for number in held], grades=[collection.grades[number] for number in held]
    )
    return pairs, kept


def compare(
    model: GPT,
    tokenizer: Tokenizer,
    collection: Collection,
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    seed: int,
    report: Report | None = None,
) -> dict[str, dict[str, float]]:
    """The measures of four searches on the held-out questions; see `contenders`."""
    held = parted(collection)[1]
    made = contenders(
        model, tokenizer, collection, steps=steps, batch=batch, learning_rate=learning_rate, seed=seed, report=report
    )
    return {name: evaluate(search, held) for name, search in made}


def contenders(
    model: GPT,
    tokenizer: Tokenizer,
    collection: Collection,
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    seed: int,
    report: Report | None = None,
) -> Iterator[tuple[str, Search]]:
    """Four searches by name: BM25, vectors before and after training, and both fused. The model is fine-tuned in place
    while they are drawn, so use each before the next. Raises ValueError where too few questions are left to train on.
    """
    pairs, _ = parted(collection)
    index = Index.from_texts(collection.texts)
    embedder = Embedder(model, tokenizer)
    by_words = searching(index)
    yield "BM25", by_words
    yield "dense, before training", nearest(DenseIndex(embedder, collection.texts))
    train(embedder, collection.texts, pairs, index, steps=steps, batch=batch, learning_rate=learning_rate, seed=seed,
          report=report)  # fmt: skip
    by_vectors = nearest(DenseIndex(embedder, collection.texts))

    def fused(query: str, depth: int) -> Sequence[int]:
        ranked = fuse([by_words(query, min(depth, FUSED)), by_vectors(query, min(depth, FUSED))])
        return [number for number, _ in ranked[:depth]]

    yield "dense", by_vectors
    yield "BM25 and dense, fused", fused


def nearest(index: DenseIndex) -> Search:
    """The index as a function of a query and a depth."""

    def search(query: str, depth: int) -> Sequence[int]:
        numbers: list[int] = index.rank(query, min(depth, DEPTH))[0].tolist()
        return numbers

    return search
