"""Ablations: which part of reinforcement learning helps, and how much: python -m minirl.controls RUN [RUN ...]

It takes finished runs that differ only in their seeds. Variants branch off from each of them after fine-tuning, are
trained and evaluated, and fill the tables of docs/results.md with mean and range over the seeds. The variant with more
fine-tuning branches off after pretraining. Variants that exist already are not trained again, and interrupted ones are
resumed, so the program can be stopped and started again.

    python -m minirl.train --name roger --seed 0      # and roger-2 with seed 1, roger-3 with seed 2
    python -m minirl.controls runs/roger runs/roger-2 runs/roger-3 --steps 100 --parallel 2
    python -m minirl.controls runs/roger --only kl --only samples
    python -m minirl.controls runs/roger --only ladder --out docs/rewards.md
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

from minirl import flags, kernels
from minirl.console import printable, run_program
from minirl.controls.jobs import Job, seconds, step_seconds, train
from minirl.controls.table import group_table
from minirl.controls.variants import GROUPS, ON_REQUEST, MoreSFT
from minirl.evaluation.markdown import fill
from minirl.evaluation.results import evaluate_run
from minirl.runs import STAGES, Run, Screen
from minirl.runs.command import resume
from minirl.storage.checksums import DamagedError
from minirl.storage.files import atomic_write
from minirl.train.check import ConfigError


@dataclass
class Arguments:
    runs: Annotated[list[Path], tyro.conf.Positional]
    """Folders of finished runs that differ only in their seeds: runs/roger runs/roger-2 runs/roger-3."""
    only: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    """Train only this group: time, baseline, kl, samples or rehearsal; may be repeated. Default: all of these. ladder,
    which compares methods of RL, is trained only where it is named."""
    steps: int | None = None
    """RL steps of each variant. Default: as many as the runs had."""
    problems: int = 200
    """Test problems per split that a variant is evaluated on."""
    parallel: int = 1
    """Number of variants trained at once. With more than 1, each gets one thread."""
    out: Path = Path("docs/results.md")
    """Page to write the tables into; the rest of the page stays as it is."""


def main(argv: Sequence[str] | None = None) -> int:
    """The program; returns its exit status: 0 done, 1 an error or a variant that failed, 130 stopped by Ctrl-C."""
    arguments = flags.parse(Arguments, argv, "python -m minirl.controls", __doc__)
    screen = Screen()
    try:
        check(arguments)
        bases = [Run.open(folder) for folder in arguments.runs]
        check_bases(bases)
        steps = arguments.steps or bases[0].config.rl.steps
        names = arguments.only or tuple(GROUPS)
        failed = train_missing(bases, names, steps, arguments, screen)
        tables = {name: group_table({**GROUPS, **ON_REQUEST}[name], bases, steps, arguments.problems) for name in names}
    except (FileNotFoundError, ConfigError, DamagedError, ValueError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        screen.say("stopped; everything trained so far is saved. The same command continues")
        return 130
    for name, table in tables.items():
        print(f"\n{name}\n\n{table}")
    page = arguments.out.read_text(encoding="utf-8") if arguments.out.is_file() else ""
    with atomic_write(arguments.out) as file:
        file.write(fill(page, tables))
    screen.say(f"\nwritten: {arguments.out}")
    return 1 if failed else 0


def check(arguments: Arguments) -> None:
    """Raises ConfigError for arguments that cannot work."""
    if not arguments.runs:
        raise ConfigError("give the folders of finished runs; `python -m minirl.train` makes one")
    for name in ("steps", "problems", "parallel"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise ConfigError(f"--{name} is {value}; give 1 or more")
    for group in arguments.only:
        if group not in {**GROUPS, **ON_REQUEST}:
            raise ConfigError(f"--only is {group}; choose from {', '.join([*GROUPS, *ON_REQUEST])}")


def check_bases(bases: Sequence[Run]) -> None:
    """Raises ConfigError where a run is not finished, or where runs differ in more than their seeds."""
    for base in bases:
        if base.stages != STAGES or base.results() is None:
            raise ConfigError(
                f"{base.folder} has not finished all stages ({', '.join(STAGES)}) and its evaluation; "
                f"`{resume(base.folder)}` continues a run that was interrupted"
            )
        same = replace(base.config, seed=bases[0].config.seed, name=bases[0].config.name, runs=bases[0].config.runs)
        if same != bases[0].config:
            raise ConfigError(
                f"{base.folder} and {bases[0].folder} differ in more than their seeds, so a mean over them says nothing"
            )


def train_missing(
    bases: Sequence[Run], names: Sequence[str], steps: int, arguments: Arguments, screen: Screen
) -> list[Path]:
    """Train the variants that do not exist yet, seed by seed, and say beforehand how long it will take.

    Returns the folders of those that failed.
    """
    variants = [variant for name in names for variant in {**GROUPS, **ON_REQUEST}[name].variants]
    wanted = {job.folder: job for base in bases for job in (Job(base, variant, steps) for variant in variants)}
    jobs = [job for job in wanted.values() if not job.done]
    for base in bases:  # first, so that each branch gets a copy of its base's answers
        config = base.config.evaluation
        evaluate_run(
            base, screen, stages=STAGES, problems=arguments.problems, samples=config.samples, seed=base.config.seed
        )
    if not jobs:
        return []
    if arguments.parallel > 1:
        kernels.set_threads(1)
    settings = replace(bases[0].config.rl, steps=steps)
    usual, _ = step_seconds(bases[0], settings, settings)
    commands, expected = {}, 0.0
    lengths: dict[str, int] = {}  # of the variants with the same time, equal for all bases
    for job in jobs:
        length = steps
        if job.variant.same_time:
            label = job.variant.label
            if label not in lengths:
                one, other = step_seconds(bases[0], settings, job.settings)
                lengths[label] = max(1, round(steps * one / other))
            length = lengths[label]
        commands[job.folder] = job.command(arguments.problems, length)
        expected += expected_seconds(job, usual, arguments.problems)
    screen.say(
        f"{len(wanted)} variants; {len(wanted) - len(jobs)} exist already. A step takes {usual:.2f} seconds: the "
        f"others take about {expected / arguments.parallel / 60:.0f} minutes. Ctrl-C stops, the same command continues"
    )
    return train(commands, arguments.parallel, screen)


def expected_seconds(job: Job, step_seconds: float, problems: int) -> float:
    """About how many seconds a variant takes to train and to evaluate."""
    base = job.base
    training = job.steps * step_seconds
    if isinstance(job.variant, MoreSFT):
        training += seconds(base, "sft")
    evaluation = sum(record["seconds"] for record in base.records(stage="evaluate")) / len(STAGES)
    return training + evaluation * problems / base.config.evaluation.problems


if __name__ == "__main__":
    sys.exit(run_program(main))
