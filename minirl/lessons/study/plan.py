"""The plan of a study: the question, and the prediction with its interval, in the learner's file plan.toml."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from minirl.lessons.settings import read_settings

PLAN = "plan.toml"
FEWEST_RUNS, MOST_RUNS = 3, 10
WORDS = ("question", "measure", "no_if", "because")


class PlanError(ValueError):
    """A plan that cannot be read or sealed; the message says why."""


@dataclass(frozen=True)
class Plan:
    """What is asked, and what the learner expects."""

    question: str
    measure: str
    """What is measured, with its unit."""
    low: float
    high: float
    """The predicted mean of the measure over the runs lies between these."""
    sure: int
    """How sure of it, in percent."""
    least: float
    most: float
    """What the measure could be at all."""
    because: str
    no_if: str
    """Which result would be a "no"."""
    runs: int

    def faults(self) -> list[str]:
        """What is still missing, or contradicts itself, a sentence each."""
        found = [f"`{name}` is empty: write a sentence" for name in WORDS if not getattr(self, name).strip()]
        if not self.least <= self.low < self.high <= self.most:
            found.append(
                f"`low` to `high` is {self.low:g} to {self.high:g}; expected a real interval inside {self.least:g} to "
                f"{self.most:g}, which is what the measure could be at all"
            )
        if self.sure not in range(50, 100):
            found.append(f"`sure` is {self.sure}; give a whole percentage from 50 to 99, such as 80")
        if self.runs not in range(FEWEST_RUNS, MOST_RUNS + 1):
            found.append(
                f"`runs` is {self.runs}; a study has {FEWEST_RUNS} to {MOST_RUNS}, each with a seed of its own"
            )
        return found

    def as_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        return asdict(self)


def read_plan(folder: Path) -> Plan:
    """The plan in a folder, complete or not: see `Plan.faults`. Raises PlanError for one that cannot be read."""
    path = folder / PLAN
    if not path.is_file():
        raise PlanError(f"{path} is missing; `python -m minirl.lessons start capstone` brings a fresh copy")
    given = read_settings(path)
    names = set(Plan.__dataclass_fields__)
    if missing := sorted(names - given.keys()):
        raise PlanError(f"{PLAN} lacks {', '.join(missing)}")
    if unknown := sorted(given.keys() - names):
        raise PlanError(f"{PLAN} has {', '.join(unknown)}, which is no part of a plan")
    for name, value in given.items():
        if not (type(value) is str if name in WORDS else type(value) in (int, float)):
            raise PlanError(f"{PLAN}: `{name}` is {value!r}; expected a {'text' if name in WORDS else 'number'}")
    said: dict[str, Any] = {name: " ".join(value.split()) if name in WORDS else value for name, value in given.items()}
    return Plan(**said)
