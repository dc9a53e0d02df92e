"""Text to terms, the words that an index counts.

    >>> Words()("The Sun's core is hot: 15,000,000 °C!")
    ['the', 'sun', 'core', 'is', 'hot', '15', '000', '000', 'c']

A word is a run of letters, digits and combining marks in any script, with apostrophes inside. Capital letters become
small ones, characters with two codings get one (NFKC), and an English 's at the end is cut off. Chinese characters and
Japanese hiragana, which are written without spaces, are words of their own, as in Lucene and UAX #29.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from minirl.retrieval.porter import stem

Stemmer = Literal["porter", "none"]

# Lucene's list of English words that say little about a text
STOP_WORDS = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no", "not", "of",
    "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to", "was", "will", "with",
))  # fmt: skip


class _Characters(dict[int, str]):
    """What becomes of each character: a small letter, itself, or a space. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _character(chr(code))
        return found


def _character(char: str) -> str:
    if char in "'’":
        return "'"
    if unicodedata.category(char)[0] not in "LMN":  # letters, marks, numbers
        return " "
    alone = unicodedata.name(char, "").startswith(("CJK UNIFIED", "CJK COMPATIBILITY", "HIRAGANA LETTER"))
    return f" {char} " if alone else char.casefold()


_CHARACTERS = _Characters()


def split(text: str) -> list[str]:
    """The words of a text in their order, as they are before apostrophes, stop words and endings are looked at."""
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", text)
    return text.translate(_CHARACTERS).split()


@dataclass(frozen=True)
class Words:
    """How a text becomes terms. An index and its queries use the same.

    stemmer: "porter" cuts English endings off (porter.py), so that "planets" finds "planet"; "none" keeps words whole.
    stop_words: whether STOP_WORDS are left out.
    """

    stemmer: Stemmer = "porter"
    stop_words: bool = False

    def __post_init__(self) -> None:
        if self.stemmer not in get_args(Stemmer):
            raise ValueError(f"there is no stemmer {self.stemmer!r}; choose one of {', '.join(get_args(Stemmer))}")

    def __call__(self, text: str) -> list[str]:
        """The terms of a text, in their order."""
        return [term for word in split(text) if (term := self.term(word)) is not None]

    def term(self, word: str) -> str | None:
        """The term that a word of `split` counts as, or None where it counts as nothing."""
        word = word.strip("'").removesuffix("'s")
        if not word or (self.stop_words and word in STOP_WORDS):
            return None
        return stem(word) if self.stemmer == "porter" else word


class Numbering(dict[str, int]):
    """word -> the number of its term, -1 where it counts as nothing. A new term gets the next number.

    Each distinct word is looked at once, however often it occurs: so a slow stemmer costs nothing.
    """

    def __init__(self, term_of: Callable[[str], str | None]) -> None:
        super().__init__()
        self.term_of = term_of
        self.terms: dict[str, int] = {}

    def __missing__(self, word: str) -> int:
        term = self.term_of(word)
        self[word] = number = -1 if term is None else self.terms.setdefault(term, len(self.terms))
        return number
