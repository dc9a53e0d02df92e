"""The index: passages that a query finds by its words.

    >>> index = Index.from_texts(["Sound is a wave of pressure.", "The Sun is a star.", "A star shines for long."])
    >>> for hit in index.search("Which stars shine?", n=2):
    ...     print(f"{hit.score:.3f}  {hit.text}")
    0.677  A star shines for long.
    0.219  The Sun is a star.

`minirl.retrieval.build_index` makes one from a folder of files, and `Index.open` opens it. The passages stay on the
disk: only what a query needs is read.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from os import PathLike
from typing import NamedTuple

import numpy as np

from minirl.retrieval import folder as index_folder
from minirl.retrieval.bm25 import add_up, best
from minirl.retrieval.builder import Arrays, Builder, decode, encode
from minirl.retrieval.folder import Description, Document
from minirl.retrieval.postings import Workspace
from minirl.retrieval.settings import Settings
from minirl.retrieval.words import split
from minirl.storage.strict_json import brief

Array = np.ndarray


class SearchError(ValueError):
    """A query that finds nothing: which of its words are unknown, and what to try."""


class Hit(NamedTuple):
    """A passage that was found."""

    score: float
    text: str
    source: str
    """Its document and first line: "docs/sound.md:12"."""
    number: int
    """Its place in the index, from 0."""


class Index:
    """Passages and the postings of their words. Any number of threads may search it."""

    def __init__(self, arrays: Arrays, description: Description) -> None:
        self.arrays, self.description = arrays, description
        self._words = description.settings.words
        self._known: dict[str, int] = {}  # terms that have been looked up

    @classmethod
    def open(cls, folder: str | PathLike[str]) -> "Index":
        """The index in a folder that `build_index` made, memory-mapped.

        Raises FileNotFoundError where there is none, DamagedError for files that are not as they were written; the
        messages name the command that makes the index again.
        """
        return cls(*index_folder.read(folder))

    @classmethod
    def from_texts(cls, texts: Iterable[str], settings: Settings | None = None) -> "Index":
        """An index in memory, of texts that are a passage each. Their sources are "text:1", "text:2" and so on."""
        settings = settings or Settings()
        builder = Builder(settings, Workspace(large=float("inf")))
        for number, text in enumerate(texts, start=1):
            builder.add(text, 0, number)
        return cls(builder.arrays(), Description(settings, (), (Document("text", "", len(builder)),)))

    def __len__(self) -> int:
        """How many passages it has."""
        return len(self.arrays["lines"])

    def __repr__(self) -> str:
        return f"Index({len(self):,} passages, {len(self.arrays['starts']) - 1:,} terms)"

    def search(self, query: str, n: int = 5) -> list[Hit]:
        """The n passages with the highest BM25 scores, the best first; fewer where fewer have a word of the query.

        Passages with equal scores come in the order of the index. Raises SearchError where no passage has any word of
        the query, ValueError for n < 1.
        """
        return [
            self.hit(number, score) for number, score in zip(*map(np.ndarray.tolist, self.rank(query, n)), strict=True)
        ]

    def rank(self, query: str, n: int = 5) -> tuple[Array, Array]:
        """The numbers (m,) int64 and the scores (m,) float32 of what `search` finds; raises the same errors."""
        if n < 1:
            raise ValueError(f"n is {n}; give 1 or more")
        scores = self.scores(query)
        found = best(scores, n)
        return found, scores[found]

    def scores(self, query: str) -> Array:
        """The scores (N,) float32 of all passages; raises SearchError as `search` does."""
        counted = Counter(self._words(query))
        numbers = [(number, times) for term, times in counted.items() if (number := self.number_of(term)) is not None]
        if not numbers:
            raise SearchError(self._nothing(query))
        arrays = self.arrays
        return add_up(arrays["starts"], arrays["passages"], arrays["weights"], sorted(numbers), len(self))

    def unknown(self, query: str) -> list[str]:
        """The words of the query that no passage has."""
        terms = {word: self._words.term(word) for word in split(query)}
        return [word for word, term in terms.items() if term is not None and self.number_of(term) is None]

    def hit(self, number: int, score: float = 0.0) -> Hit:
        """A passage by its number."""
        start, end = self.arrays["text_starts"][number : number + 2]
        document = self.description.documents[self.arrays["documents"][number]]
        text = decode(self.arrays["text_bytes"][start:end])
        return Hit(score, text, f"{document.name}:{self.arrays['lines'][number]}", number)

    def number_of(self, term: str) -> int | None:
        """The number of a term, or None where no passage has it. The terms lie in the order of their bytes."""
        if term in self._known:
            return self._known[term]
        starts, data, wanted = self.arrays["term_starts"], self.arrays["term_bytes"], encode(term)
        total = len(starts) - 1
        number = bisect_left(range(total), wanted, key=lambda i: data[starts[i] : starts[i + 1]].tobytes())
        if number < total and data[starts[number] : starts[number + 1]].tobytes() == wanted:
            self._known[term] = number
            return number
        return None

    def _nothing(self, query: str) -> str:
        words = self.unknown(query)
        if words:
            listed = ", ".join(map(brief, words[:8])) + (", ..." if len(words) > 8 else "")
            return f"no passage has {'the word' if len(words) == 1 else 'any of the words'} {listed}; try other words"
        if Settings(stop_words=False).words(query):
            return (
                f"the query {brief(query)} has only words that this index leaves out, such as 'the'; name the subject"
            )
        return f"the query {brief(query)} has no words; ask with at least one"
