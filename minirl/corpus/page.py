"""A text as rules look at it: its words, lines and repeated words are found once, when a rule first asks."""

from functools import cached_property

import numpy as np

from minirl import kernels

Array = np.ndarray


class Page:
    """A text. Rules read it and change nothing."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._grams: list[Array] = []

    @cached_property
    def words(self) -> list[str]:
        """What stands between spaces."""
        return self.text.split()

    @cached_property
    def lines(self) -> list[str]:
        """The lines that are not empty, without the spaces around them."""
        return [line for part in self.text.split("\n") if (line := part.strip())]

    @cached_property
    def folded(self) -> str:
        """The text in small letters."""
        return self.text.casefold()

    @cached_property
    def hashes(self) -> tuple[Array, Array]:
        """The words in small letters and without punctuation, as `kernels.word_hashes` gives them."""
        return kernels.word_hashes(np.frombuffer(self.folded.encode("utf-8", "replace"), np.uint8))

    def grams(self, n: int) -> Array:
        """A number for every n words in a row."""
        for length in range(len(self._grams) + 1, n + 1):  # each from the one before
            shorter = self._grams[-1] if self._grams else None
            self._grams.append(kernels.gram_hashes(self.hashes[0], length, shorter))
        return self._grams[n - 1]

    @cached_property
    def word_bytes(self) -> int:
        """The bytes of all words together."""
        return int(self.hashes[1].sum(dtype=np.int64))
