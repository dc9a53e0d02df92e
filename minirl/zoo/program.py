"""Compare ways of decoding: accuracy on unseen problems against the tokens that were generated for it.

    python -m minirl.zoo RUN

Greedy decoding, flat temperatures, falling and rising ones, min-p, beam search, step beams, and ways to choose one of
several samples: all on the same problems, after SFT and after RL. Samples are drawn once and shared by all methods that
can use them. The answers are kept in the run's folder, so the program can be stopped and started again, and a second
call only reads them. A plot is written too, by default into the run's folder.

    python -m minirl.zoo runs/roger --problems 500 --json zoo.json

After SFT alone, with more samples:

    python -m minirl.zoo runs/roger --stages sft --samples 32

Several runs with different seeds: means and intervals over the runs.

    python -m minirl.zoo runs/roger runs/roger-2 runs/roger-3 --png zoo.png

docs/reasoning.md explains the methods and shows what came out.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from minirl import flags
from minirl.console import printable
from minirl.evaluation.answers import environment_without_threads
from minirl.evaluation.markdown import fill
from minirl.evaluation.model import stages_of
from minirl.evaluation.problem_sets import ProblemSet, sets_of, test_splits
from minirl.runs import PLOTS, Run, Screen, curves, open_run
from minirl.storage.files import atomic_write
from minirl.zoo import table
from minirl.zoo.figure import figure
from minirl.zoo.results import Stage, examine

NAME = "zoo"  # of the tables' place in a page, and of the image


@dataclass
class Arguments:
    runs: Annotated[list[Path], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]", help_behavior_hint="")]
    """Folders of runs; several must differ only in their seed. Or the folder of a model, or a GGUF file."""
    stages: tuple[str, ...] = ("sft", "rl")
    """Which checkpoints: pretrain, sft, rl."""
    problems: int = 200
    """Problems of each run."""
    samples: int = 16
    """Samples of each problem, for each way to draw them."""
    split: str | None = None
    """The split of the run's task. Default: unseen, or else the first that training never looks at."""
    seed: int | None = None
    """Seed that draws problems and samples. Default: the run's own."""
    verifier: bool = False
    """Also try methods that need each run's own verifier; `python -m minirl.rewards verifier RUN` trains it."""
    png: Path | None = None
    """Write the plot here. Default: plots/zoo.png in the run's folder, or for several runs here."""
    json: Path | None = None
    """Also write all results to this file."""
    page: Path | None = None
    """Also put the tables into this page of Markdown, where it says <!-- table: zoo -->."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.zoo", __doc__)
    screen = Screen()
    try:
        check(arguments)
        runs = [open_run(folder) for folder in arguments.runs]
        check_runs(runs)
        stages = stages_of(runs[0], arguments.stages)
        if not stages:
            raise ValueError(f"{runs[0].folder} has no checkpoint after {' or '.join(arguments.stages)}")
        sets = [problems_of(run, arguments) for run in runs]
        for note in filter(None, {one.note for one in sets}):
            screen.say(note)
        examined = [examine(runs, stage, sets, screen, arguments.verifier) for stage in stages]
        write(arguments, runs, sets, examined, screen)
    except (OSError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    return 0


def check(arguments: Arguments) -> None:
    """Raises ValueError for arguments that cannot work."""
    if not arguments.runs:
        raise ValueError("give the folder of a run, such as runs/roger; `python -m minirl.train` makes one")
    for name in ("problems", "samples"):
        value = getattr(arguments, name)
        if value < 1:
            raise ValueError(f"--{name} is {value}; give 1 or more")
    if arguments.seed is not None and arguments.seed < 0:
        raise ValueError(f"--seed is {arguments.seed}; give 0 or more")


def check_runs(runs: Sequence[Run]) -> None:
    """Raises ValueError where runs differ in more than their seeds, and where one is given twice."""
    groups = list(curves.by_configuration(runs).values())
    if len(groups) > 1:
        one, other = (group[0].folder for group in groups[:2])
        raise ValueError(f"{one} and {other} differ in more than their seeds, so a mean over them says nothing")
    if len(groups[0]) < len(runs):
        raise ValueError("a run is given twice; give each once")


def problems_of(run: Run, arguments: Arguments) -> ProblemSet:
    """The problems of a run, with the settings of its samples."""
    splits = test_splits(run.task())
    split = arguments.split or ("unseen" if "unseen" in splits else splits[0])
    seed = run.config.seed if arguments.seed is None else arguments.seed
    (chosen,) = sets_of(run, split=split, problems=arguments.problems, samples=arguments.samples, seed=seed)
    return chosen


def write(
    arguments: Arguments, runs: Sequence[Run], sets: Sequence[ProblemSet], stages: Sequence[Stage], screen: Screen
) -> None:
    """Print the tables; write the plot, and what else was asked for."""
    fewest, samples = min(len(one.problems) for one in sets), sets[0].settings.samples
    asked = f"{sets[0].label} (n={fewest})" + (f", mean of {len(runs)} runs" if len(runs) > 1 else "")
    table.show(stages, asked, screen)
    png = arguments.png or (runs[0].folder if len(runs) == 1 else Path()) / PLOTS / f"{NAME}.png"
    figure(stages, f"{asked}: accuracy against generated tokens, with 95% intervals").save(png)
    written = [png]
    if arguments.json is not None:
        about = {"split": sets[0].label, "problems": fewest, "samples": samples}
        with atomic_write(arguments.json) as file:
            json.dump({**origin(runs), **about, "stages": as_json(stages)}, file, indent=2, ensure_ascii=False)
            file.write("\n")
        written.append(arguments.json)
    if arguments.page is not None:
        page = arguments.page.read_text(encoding="utf-8")
        with atomic_write(arguments.page) as file:
            file.write(fill(page, {NAME: table.markdown(stages, asked)}))
        written.append(arguments.page)
    for path in written:
        screen.say(f"written: {path}")


def origin(runs: Sequence[Run]) -> dict[str, Any]:
    """What the numbers depend on."""
    environment = {**environment_without_threads(), "precision": runs[0].config.precision}
    return {"runs": [str(run.folder) for run in runs], "seeds": [run.config.seed for run in runs],
            "environment": environment}  # fmt: skip


def as_json(stages: Sequence[Stage]) -> dict[str, Any]:
    """Every stage's results and verdicts."""
    return {
        stage.stage: {
            "methods": [one.as_json() for one in stage.results],
            "beliefs": [one.as_json() for one in stage.verdicts],
        }
        for stage in stages
    }
