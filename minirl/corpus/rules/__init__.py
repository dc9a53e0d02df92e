"""Rules: a text is kept, or it is not, and then the rule says why. Each is a function of the text alone.

They are asked in this order, and the first that objects decides. `--without NAME` leaves one out.
"""

from collections.abc import Callable

from minirl.corpus.page import Page
from minirl.corpus.rules import quality, repetition
from minirl.corpus.rules.language import rule_for

Rule = Callable[[Page], str | None]

NAMES = ("length", "language", "word-length", "symbols", "bullets", "letters", "stop-words", "filler", "placeholders",
         "repeated-lines", "repeated-words", "contamination")  # fmt: skip


def rules(language: str, contamination: Rule | None, without: frozenset[str] = frozenset()) -> dict[str, Rule]:
    """The rules by name. language: "en", or "all" for any. Raises ValueError for a language that is not known."""
    found: dict[str, Rule] = {"length": quality.length}
    if language != "all":
        found["language"] = rule_for(language)
    found |= {"word-length": quality.word_length, "symbols": quality.symbols, "bullets": quality.bullets,
              "letters": quality.letters}  # fmt: skip
    if language == "en":
        found["stop-words"] = quality.stop_words
    found |= {"filler": quality.filler, "placeholders": quality.placeholders,
              "repeated-lines": repetition.repeated_lines, "repeated-words": repetition.repeated_words}  # fmt: skip
    if contamination is not None:
        found["contamination"] = contamination
    return {name: rule for name, rule in found.items() if name not in without}


def verdict(page: Page, asked: dict[str, Rule]) -> tuple[str, str] | None:
    """The first rule that objects, and its reason; None where the text is kept."""
    for name, rule in asked.items():
        reason = rule(page)
        if reason is not None:
            return name, reason
    return None
