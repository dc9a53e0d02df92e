"""Does a model say `unknown` where it should, and only there? Precision, recall and F1 of that answer.

The answer is counted over pairs of splits that ask the same questions: in one the fact is there (`gold`), in the other
it is missing (`missing`), and `unknown` is right.

    precision   of the answers `unknown`, the share that is right
    recall      of the questions whose fact is missing, the share that is answered with `unknown`
    F1          2 precision recall / (precision + recall)
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from minirl.evaluation.results import Result
from minirl.evaluation.score import Outcome
from minirl.runs import STAGE_NAMES, Screen
from minirl.tasks.open_book import UNKNOWN
from minirl.tasks.task import answer_text, plain

PRESENT, MISSING = "gold", "missing"


class Unknown(NamedTuple):
    """How well a model knows what it cannot know."""

    stage: str
    splits: str
    """Which two splits: gold and missing."""
    precision: float
    recall: float
    f1: float

    def as_json(self) -> dict[str, Any]:
        """The fields by name."""
        return dict(self._asdict())


def says_unknown(outcome: Outcome) -> bool:
    """Whether the greedy answer is `unknown`."""
    said = answer_text(outcome.attempt.greedy.text)
    return said is not None and plain(said) == UNKNOWN


def unknown(results: Sequence[Result]) -> Iterator[Unknown]:
    """For each stage and each pair of splits among the results that belongs together. Nothing where there is none."""
    found = {(result.stage, result.split): result.outcomes for result in results}
    for (stage, split), present in found.items():
        if split.endswith(PRESENT) and (missing := found.get((stage, split.removesuffix(PRESENT) + MISSING))):
            right, wrong = sum(map(says_unknown, missing)), sum(map(says_unknown, present))
            precision, recall = right / max(right + wrong, 1), right / len(missing)
            f1 = 2 * precision * recall / (precision + recall) if right else 0.0
            pair = f"{split} and {split.removesuffix(PRESENT)}{MISSING}"
            yield Unknown(stage, pair, precision, recall, f1)


def show_unknown(results: Sequence[Result], screen: Screen) -> list[dict[str, Any]]:
    """Print the table, where there is something to say; returns its rows as JSON."""
    rows = list(unknown(results))
    if rows:
        header = ["problems", "model", "precision", "recall", "F1"]
        cells = [
            [row.splits, STAGE_NAMES[row.stage], *(f"{100 * x:.1f}" for x in (row.precision, row.recall, row.f1))]
            for row in sorted(rows, key=lambda row: row.splits)
        ]
        screen.table("The answer `unknown`, in %", header, cells, grouped=True)
    return [row.as_json() for row in rows]
