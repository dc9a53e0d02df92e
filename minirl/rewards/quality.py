"""Right answers beside valid reasoning: what a reward for the answer alone does not see."""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from minirl.generate.equations import equations
from minirl.rewards.samples import answers, markdown, percent
from minirl.rl.quality import examine
from minirl.runs import STAGE_NAMES, Run
from minirl.tasks import Problem


def quality(
    runs: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")],
    stages: tuple[str, ...] = ("sft", "rl"),
    problems: int = 500,
    samples: int = 1,
    seed: int = 0,
) -> None:
    """Sample answers to unseen problems after each stage, and count right answers and valid traces (rl/quality.py).

    Args:
        runs: Folders of runs, such as one rewarded for answers and one for reasoning.
        stages: Which checkpoints.
        problems: Unseen problems.
        samples: Answers to each, at temperature 1.
        seed: Of problems and samples.
    """
    rows = []
    for folder in runs:
        run = Run.open(folder)
        for stage in (stage for stage in stages if run.state(stage) is not None):
            found = answers(run, stage, None, problems, samples, seed)
            right = np.array([e.reward > 0 for e in found.episodes])
            valid = np.array([examine(e.problem, e.text).valid for e in found.episodes])
            plan = np.array([follows_plan(e.problem, e.text) for e in found.episodes])
            rows.append([
                f"{run.folder.name}, after {STAGE_NAMES[stage]}",
                *(percent(float(x.mean())) for x in (right, valid, valid & right, right & ~valid, plan)),
            ])  # fmt: skip
    header = ["run", "right", "valid", "both", "right, not valid", "reaches the solution's result"]
    print(markdown(f"\n{problems} unseen problems, {samples} samples each, %", header, rows))


def follows_plan(problem: Problem, text: str) -> bool:
    """Whether some true equation has the result of the model solution's last equation. No reward looks at this: for a
    task with answers yes and no it says whether a valid trace also calculated what was asked for."""
    wanted = equations(problem.reasoning)
    return bool(wanted) and any(one.holds and one.right == wanted[-1].right for one in equations(text))
