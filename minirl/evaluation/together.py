"""Several runs that differ in their seed: what to expect of another one.

The interval of a single run says how much its number would change with other problems. It does not say how much it
would change with another seed, which is often more. Here every run counts as one value: the mean over the runs, a
bootstrap interval of that mean over runs, the lowest and the highest.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from minirl.evaluation.estimate import Estimate, bootstrap
from minirl.evaluation.model import Model
from minirl.evaluation.problem_sets import headline_split, own_sets
from minirl.evaluation.score import is_share
from minirl.runs import STAGE_NAMES, Run, Screen
from minirl.tasks.word_problems import WordProblem, WordProblems


class Together(NamedTuple):
    """One measure over several runs."""

    values: list[float]
    """A value for each run, in the order of the runs."""
    mean: Estimate
    """The mean and its 95% interval over runs."""

    @classmethod
    def of(cls, values: Sequence[float]) -> "Together":
        """The measure whose values these are. Raises ValueError without values."""
        return cls(list(values), bootstrap(values))

    def cells(self) -> list[str]:
        """Mean with interval, lowest and highest, in percent."""
        return [str(self.mean), f"{100 * min(self.values):.1f}", f"{100 * max(self.values):.1f}"]

    def as_json(self) -> dict[str, Any]:
        """{"values": [...], "mean": ..., "low": ..., "high": ...}"""
        return {"values": self.values, "mean": self.mean.value, "low": self.mean.low, "high": self.mean.high}


def measures(runs: Sequence[Run]) -> dict[tuple[str, str, str], Together]:
    """(split, stage, measure) of the runs' tables of results, for what all of them have.

    Raises ValueError for a run without results, and for less than two runs.
    """
    if len(runs) < 2:
        raise ValueError(f"got {len(runs)} runs; give two or more that differ in their seed")
    tables = []
    for run in runs:
        results = run.results()
        if results is None:
            raise ValueError(f"{run.folder} has no results yet; resume it, or leave it out")
        found = [(one["split"], one["stage"], name, one[name]["value"]) for one in results for name in scored(one)]
        tables.append({(split, stage, name): value for split, stage, name, value in found})
    shared = [key for key in tables[0] if all(key in table for table in tables)]
    return {key: Together.of([table[key] for table in tables]) for key in shared}


def scored(result: dict[str, Any]) -> list[str]:
    """The names of a result's shares of problems: greedy, pass@8 and so on."""
    return [name for name, score in result.items() if isinstance(score, dict) and is_share(name)]


def stories(runs: Sequence[Run], split: str | None) -> dict[str, Together]:
    """Greedy accuracy after the last stage on the problems of a split, story by story, with the hardest first.

    Reads the answers that the runs' tables were made of. Empty where the problems have no stories, and where a run's
    answers are not kept, or are those of another machine.
    """
    tables = []
    for run in runs:
        settings = run.config.evaluation
        sets = own_sets(run, problems=settings.problems, samples=settings.samples, seed=run.config.seed)
        chosen = next((one for one in sets if one.label == split), None)
        if chosen is None or not isinstance(chosen.task, WordProblems):
            return {}
        outcomes = Model(run, run.stages[-1]).solved(chosen)
        if outcomes is None:
            return {}
        right: dict[str, list[bool]] = {}
        for outcome in outcomes:
            assert isinstance(outcome.problem, WordProblem)
            right.setdefault(outcome.problem.story, []).append(outcome.solved)
        tables.append({story: sum(found) / len(found) for story, found in right.items()})
    shared = [story for story in tables[0] if all(story in table for table in tables)]
    found = {story: Together.of([table[story] for table in tables]) for story in shared}
    return dict(sorted(found.items(), key=lambda pair: pair[1].mean.value))


def show(runs: Sequence[Run], screen: Screen) -> dict[str, Any]:
    """Print both tables; returns them for --json."""
    found = measures(runs)
    header = ["", "mean [95% interval]", "lowest", "highest"]
    rows: list[list[str]] = []
    for (split, stage, name), one in found.items():
        rows.append([f"{split}, {STAGE_NAMES[stage]}, {name}", *one.cells()])
    screen.table(f"{len(runs)} runs, in %", header, rows)
    headline = headline_split(runs[0].results() or [])
    by_story = stories(runs, headline)
    if by_story:
        screen.table(f"{headline} by story, greedy, after {STAGE_NAMES[runs[0].stages[-1]]}, in %", header,
                     [[story, *one.cells()] for story, one in by_story.items()])  # fmt: skip
    return {
        "runs": [str(run.folder) for run in runs],
        "measures": [
            {"split": split, "stage": stage, "measure": name, **one.as_json()}
            for (split, stage, name), one in found.items()
        ],
        "stories": {story: one.as_json() for story, one in by_story.items()},
    }
