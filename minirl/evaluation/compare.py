"""Two models on the same problems: how far apart they are, and how certain that is.

A run may be named with a stage, runs/roger:sft. So one comparison shows what reinforcement learning added:

    python -m minirl.evaluate --compare runs/roger:rl runs/roger:sft
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from minirl.evaluation.estimate import Comparison, Estimate, paired_bootstrap
from minirl.evaluation.model import Model
from minirl.evaluation.problem_sets import ProblemSet
from minirl.evaluation.score import TOKENS, is_share, measures, scores
from minirl.runs import Screen


class Row(NamedTuple):
    """One measure on one set of problems."""

    label: str
    problems: int
    measure: str
    first: Estimate
    second: Estimate
    comparison: Comparison

    def as_json(self) -> dict[str, Any]:
        """The row as plain dicts, for --json."""
        plain = {"first": self.first._asdict(), "second": self.second._asdict()}
        compared = {**self.comparison._asdict(), "difference": self.comparison.difference._asdict()}
        return {**self._asdict(), **plain, "comparison": compared}


def compare(first: Model, second: Model, sets: Sequence[ProblemSet], ks: Sequence[int], screen: Screen) -> list[Row]:
    """Both models on the same problems, measure by measure."""
    rows = []
    for chosen in sets:
        if chosen.note:
            screen.say(chosen.note)
        outcomes = [model.solve(chosen, screen) for model in (first, second)]
        a, b = (measures(side, ks, chosen.settings) for side in outcomes)
        mean_a, mean_b = (scores(side, ks, chosen.settings) for side in outcomes)
        for name in a:
            compared = paired_bootstrap(a[name], b[name])
            rows.append(Row(chosen.label, len(chosen.problems), name, mean_a[name], mean_b[name], compared))
    return rows


def show(first: Model, second: Model, rows: Sequence[Row], screen: Screen) -> None:
    """Print the table with its legend."""
    header = ["problems", "measure", "A", "B", "A - B", "P(A > B),\nbootstrap", "problems\nA > B", "problems\nB > A"]
    cells = []
    for label, n, name, a, b, compared in rows:
        scale = 100 if is_share(name) else 1
        cells.append(
            [
                f"{label} (n={n})", name.replace("majority", "maj"),
                a.text(scale), b.text(scale), compared.difference.text(scale, "+"),
                f"{compared.ahead:.1%}", str(compared.wins), str(compared.losses),
            ]
        )  # fmt: skip
    screen.say(f"\nA is {first}, B is {second}")
    screen.table("Two models on the same problems, in %, with 95% intervals", header, cells, grouped=True)
    screen.say(
        "\n  P(A > B)  how often A's mean is higher if the problems are drawn again, with\n"
        "            replacement (paired bootstrap, 2000 draws); a tie counts as no\n"
        "  problems  on how many problems A has the higher number, and B\n"
        f"  {TOKENS:<10}length of the greedy answers; A > B means longer, not better"
    )
