"""A model to examine: a run and one of its stages, written runs/roger:sft."""

from pathlib import Path
from typing import NamedTuple

from minirl.evaluation.answers import kept_answers
from minirl.evaluation.problem_sets import ProblemSet
from minirl.evaluation.score import Outcome, judge
from minirl.runs import STAGES, Run


class Model(NamedTuple):
    """A run's model after one of its stages."""

    run: Run
    stage: str

    def __str__(self) -> str:
        return f"{self.run.folder}:{self.stage}"

    def solve(self, chosen: ProblemSet) -> list[Outcome]:
        """How each problem of the set goes."""
        prompts = [problem.prompt for problem in chosen.problems]
        attempts = kept_answers(self.run, self.stage, prompts, chosen.settings)
        return [judge(chosen.task, *pair) for pair in zip(chosen.problems, attempts, strict=True)]


def open_model(name: str) -> Model:
    """The model called "runs/roger:sft"; without a stage, the last that there is.

    Raises FileNotFoundError where there is no such run or checkpoint, ValueError for an unknown stage.
    """
    folder, colon, stage = name.rpartition(":")
    if not colon or Path(name).is_dir() or not Path(folder).is_dir():
        run = Run.open(name)
        return Model(run, run.last_stage())
    run = Run.open(folder)
    if stage not in STAGES:
        raise ValueError(f"there is no stage {stage!r} in {name}; choose from {', '.join(STAGES)}")
    if run.state(stage) is None:
        raise FileNotFoundError(f"{folder} has no {stage} checkpoint; it has got to {run.last_stage()}")
    return Model(run, stage)
