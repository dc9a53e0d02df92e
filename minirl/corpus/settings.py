"""What a corpus is made with. Everything here changes what comes out, and stands in the manifest."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """Settings of the preparation."""

    fields: tuple[str, ...] = ("text",)
    """Fields of JSON objects, and columns of Parquet files, that hold text."""
    language: str = "en"
    """Language to keep: en, de, fr, es, it, pt, nl, sv, pl, tr, ru, la; or all."""
    without: tuple[str, ...] = ()
    """Steps and rules to leave out, by the names that the report has: --without placeholders length."""
    near_duplicates: bool = True
    """Whether documents that are nearly the same as an earlier one are removed. Equal ones always are."""
    validation: float = 0.01
    """Share of the documents that is held out, chosen by each document's hash."""
    vocab_size: int = 4096
    """Tokens of the tokenizer that is trained on the corpus."""
    pattern: str = "gpt4-digits"
    """How text is split before merging: gpt2, gpt4, gpt4-digits (each digit is a token) or a regular expression."""
    errors: Literal["stop", "skip"] = "stop"
    """What to do about a file or document that cannot be read: stop, or skip and count it."""
    licence: str = ""
    """Licence of the sources that have no LICENSE file beside them, for the manifest."""
