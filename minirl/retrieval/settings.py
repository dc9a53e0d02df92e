"""The settings of an index: how texts become passages, words and scores. They are kept in the index."""

import math
from dataclasses import dataclass

from minirl.retrieval.bm25 import K1, B
from minirl.retrieval.passages import MOST_WORDS
from minirl.retrieval.words import Stemmer, Words


@dataclass(frozen=True)
class Settings:
    """What decides the contents of an index. Raises ValueError for values that mean nothing."""

    stemmer: Stemmer = "porter"
    """Cuts English endings off, or none."""
    stop_words: bool = False
    """Leave out frequent English words such as "the"."""
    most_words: int = MOST_WORDS
    """Largest number of words in a passage."""
    fields: tuple[str, ...] = ("title", "text")
    """The fields of an object in a .jsonl file that hold its text; those that it lacks are left out."""
    k1: float = K1
    """How much a second occurrence of a word still counts: nothing at 0, as much as the first when very large."""
    b: float = B
    """How much longer passages are held back: not at all at 0, fully at 1."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", tuple(self.fields))
        if self.most_words < 1:
            raise ValueError(f"most_words is {self.most_words}; give 1 or more")
        if not self.fields:
            raise ValueError("fields is empty; name at least one field that holds text, such as text")
        if not (math.isfinite(self.k1) and self.k1 >= 0):
            raise ValueError(f"k1 is {self.k1}; give a number from 0 on, such as {K1}")
        if not 0 <= self.b <= 1:
            raise ValueError(f"b is {self.b}; give a number from 0 to 1, such as {B}")
        self.words  # noqa: B018  an unknown stemmer is refused here

    @property
    def words(self) -> Words:
        """How a text becomes terms."""
        return Words(self.stemmer, self.stop_words)
