"""Reading which option was chosen: its letter, or its text.

For the options A) 6  B) 12  C) 6  the second is chosen by

    B   b   (B)   B)   B.   B:   Option B      the letter
    B) 12   (B) 12   B. 12   B: 12             the letter, and the text of the same option
    12   12.                                   the text alone, where no other option has the same

Two letters choose nothing. Neither does a letter with the text of another option, nor 6, which might be A or C. The
text must be the option's own: 12.0 is not 12 here, because a checker that compared values would have to read formulas
too. Spacing and a final full stop do not count. If the text of one option is the letter of another, it is read as a
letter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from minirl.tasks.task import Checker, Problem, answer_text, same_reading

LETTERS = "ABCDEFGHIJ"
_LETTER = re.compile(
    r"(?:option\ )?(?:\((?P<inside>[a-j])\)|(?P<bare>[a-j])(?:\)|(?=[.:]|\Z)))[.:]?(?P<text>(?!\.\Z).*)",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Choice(Problem):
    """A problem whose answer is the letter of one of its options, A for the first. `stem` is the question without the
    list of its options."""

    options: tuple[str, ...]
    stem: str = ""

    @property
    def right(self) -> int:
        """The number of the right option, from 0."""
        return LETTERS.index(self.answer)


def with_options(stem: str, options: Sequence[str]) -> str:
    """The question with its options: "How many? Options: A) 6 B) 12"."""
    listed = " ".join(f"{letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))
    return f"{stem} Options: {listed}"


def parse_choice(text: str, options: Sequence[str]) -> str | None:
    """The capital letter of the option that `text` chooses; None where it chooses none, or more than one."""
    text = text.strip()
    texts = {letter: _plain(option) for letter, option in zip(LETTERS, options, strict=False)}
    match = _LETTER.fullmatch(text)
    if match is not None:
        letter = (match["inside"] or match["bare"]).upper()
        if letter in texts and _plain(match["text"]) in ("", texts[letter]):
            return letter
    chosen = [letter for letter, option in texts.items() if option == _plain(text) != ""]
    return chosen[0] if len(chosen) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.split()).removesuffix(".")


class ChoiceChecker(Checker):
    """The answer is right when it chooses the problem's option."""

    def check(self, problem: Problem, text: str) -> bool:
        """Whether `text` answers `problem`. Raises ValueError for a problem without options, or without a right one."""
        options, answer = options_of(problem), answer_text(text)
        return answer is not None and parse_choice(answer, options) == problem.answer

    def same_answer(self, problem: Problem, first: str, second: str) -> bool:
        """Whether both choose the same option: "B" and "(b) 12" do. Raises ValueError as `check` does."""
        options = options_of(problem)
        return same_reading(lambda answer: parse_choice(answer, options) or "", first, second)


def options_of(problem: Problem) -> tuple[str, ...]:
    """The options of a problem. Raises ValueError where it has none, or where its answer is the letter of none."""
    if not isinstance(problem, Choice) or problem.answer not in [*LETTERS[: len(problem.options)]]:
        options = getattr(problem, "options", ())
        raise ValueError(f"the answer of problem {problem.key!r} is {problem.answer!r}; its options are {options}")
    return problem.options
