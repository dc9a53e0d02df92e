"""A model to examine: a run and one of its stages, written runs/roger:sft."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from minirl.evaluation.answers import ANSWERS, Attempt, asked, find_answers, kept_answers
from minirl.evaluation.problem_sets import ProblemSet
from minirl.evaluation.score import Outcome, judge
from minirl.runs import STAGE_NAMES, STAGES, Run, Screen, open_run


class Model(NamedTuple):
    """A run's model after one of its stages."""

    run: Run
    stage: str

    def __str__(self) -> str:
        return f"{self.run.folder}:{self.stage}"

    def solve(self, chosen: ProblemSet, screen: Screen) -> list[Outcome]:
        """The outcome of each problem of the set. The screen says whether answers are made now or read from a file."""
        prompts = asked(chosen.task, chosen.problems, chosen.settings)
        n, after = len(chosen.problems), f"after {STAGE_NAMES[self.stage]}"

        def tell(kept: bool) -> None:
            doing = f"reading {n} answers to {chosen.label} from {ANSWERS}/"
            screen.say(f"{after}: {doing if kept else f'solving {n} problems of {chosen.label} ...'}")

        answers = kept_answers(self.run, self.stage, prompts, chosen.settings, tell)
        return judged(chosen, answers)

    def solved(self, chosen: ProblemSet) -> list[Outcome] | None:
        """The outcomes where the answers are kept; None where the model would have to answer. Raises DamagedError."""
        prompts = asked(chosen.task, chosen.problems, chosen.settings)
        answers = find_answers(self.run, self.stage, prompts, chosen.settings)
        return None if answers is None else judged(chosen, answers)


def judged(chosen: ProblemSet, answers: Sequence[Attempt]) -> list[Outcome]:
    """The outcome of each problem."""
    return [judge(chosen.task, *pair) for pair in zip(chosen.problems, answers, strict=True)]


def open_model(name: str) -> Model:
    """The model called "runs/roger:sft"; without a stage, the run's latest.

    Raises FileNotFoundError where there is no such run or checkpoint, ValueError for an unknown stage.
    """
    folder, colon, stage = name.rpartition(":")
    if not colon or Path(name).is_dir() or not Path(folder).is_dir():
        run = open_run(name)
        return Model(run, run.last_stage())
    run = open_run(folder)
    if stage not in STAGES:
        raise ValueError(f"there is no stage {stage!r} in {name}; choose from {', '.join(STAGES)}")
    if run.state(stage) is None:
        raise FileNotFoundError(f"{folder} has no {stage} checkpoint; its latest is {run.last_stage()}")
    return Model(run, stage)


def stages_of(run: Run, wanted: Sequence[str]) -> list[str]:
    """The wanted stages that have a checkpoint, in order. Raises ValueError for an unknown stage."""
    return run.chosen_stages(wanted)
