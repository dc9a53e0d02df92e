"""The plan of a study: the question, and the prediction with its interval, in the learner's file plan.toml."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from minirl.lessons.settings import read_settings

PLAN = "plan.toml"
FEWEST_RUNS, MOST_RUNS = 3, 10
WORDS = ("question", "measure", "no_if", "because")


class PlanError(ValueError):
    """A plan that is not finished, or contradicts itself; the message says where."""


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

    def as_json(self) -> dict[str, Any]:
        """The plan as plain data."""
        return asdict(self)


def read_plan(folder: Path) -> Plan:
    """The plan in a folder. Raises PlanError with everything that is missing or wrong."""
    path = folder / PLAN
    if not path.is_file():
        raise PlanError(f"{path} is missing; `python -m minirl.lessons start capstone` brings a fresh copy")
    given = read_settings(path)
    names = set(Plan.__dataclass_fields__)
    if missing := sorted(names - given.keys()):
        raise PlanError(f"{PLAN} lacks {', '.join(missing)}")
    if unknown := sorted(given.keys() - names):
        raise PlanError(f"{PLAN} has {', '.join(unknown)}, which is no part of a plan")
    problems = [f"`{name}` is empty: write a sentence" for name in WORDS if not str(given[name]).strip()]
    numbers = {name: given[name] for name in ("low", "high", "sure", "least", "most", "runs")}
    if wrong := [name for name, value in numbers.items() if type(value) not in (int, float)]:
        raise PlanError(f"{PLAN}: {', '.join(wrong)} must be numbers")
    said: dict[str, Any] = {name: " ".join(given[name].split()) if name in WORDS else given[name] for name in names}
    plan = Plan(**said)
    if not plan.least <= plan.low < plan.high <= plan.most:
        problems.append(
            f"`low` to `high` is {plan.low:g} to {plan.high:g}; expected a real interval inside {plan.least:g} to "
            f"{plan.most:g}, which is what the measure could be at all"
        )
    if plan.sure not in range(50, 100):
        problems.append(f"`sure` is {plan.sure}; give a whole percentage from 50 to 99, such as 80")
    if plan.runs not in range(FEWEST_RUNS, MOST_RUNS + 1):
        problems.append(f"`runs` is {plan.runs}; a study has {FEWEST_RUNS} to {MOST_RUNS}, each with a seed of its own")
    if problems:
        raise PlanError(f"{PLAN}: " + "; ".join(problems))
    return plan
