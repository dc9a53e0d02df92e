"""Branching a run: a new run that has the tokenizer and the first stages of another, and goes on differently.

    python -m minirl.train --base runs/roger --base-stage sft --rl.advantage plain --name plain

What is taken over is copied, so each run's folder holds all that it needs, and the base may be deleted. Everything that
the stages taken over follow from must be as it was in the base. So a branch is what a run of its own configuration
would have been, without waiting for its beginning; and where a copy is missing or damaged, going on makes it again.
"""

import shutil
from collections.abc import Iterator
from typing import Any

from minirl.evaluation.answers import ANSWERS
from minirl.runs import LOGS, STAGES, TOKENIZER, Run, TrainConfig, to_json
from minirl.runs.checkpoints import copy_checkpoint, damage
from minirl.storage.checksums import DamagedError
from minirl.storage.files import atomic_write
from minirl.train.check import ConfigError, check

FOLLOWED_BY_ALL = ("seed", "task", "precision", "model", "pretrain")  # settings that every stage follows from


def branch(base: Run, stage: str, config: TrainConfig) -> Run:
    """A new run with the stages of `base` up to `stage`; what is left of it is for chain.complete.

    Raises ConfigError where `base` has not finished the stage, or `config` contradicts it; DamagedError.
    """
    check(config)
    check_base(base, stage)
    check_same(base, stage, config)
    run = Run.create(config, {"run": str(base.folder), "stage": stage, "seed": base.config.seed})
    state = base.state(stage)
    assert state is not None
    for name in LOGS:
        with open(base.folder / name, "rb") as log, atomic_write(run.folder / name, "wb") as copy:
            copy.write(log.read(state["logs"].get(name, 0)))  # as far as it went when the stage was done
    shutil.copyfile(base.folder / TOKENIZER, run.folder / TOKENIZER)
    run.seal(TOKENIZER)
    for taken in stages_up_to(stage):
        copy_checkpoint(base.folder / taken, run.folder / taken)
        for answers in (base.folder / ANSWERS).glob(f"{taken}-*.json"):  # the same model need not answer again
            (run.folder / ANSWERS).mkdir(exist_ok=True)
            shutil.copyfile(answers, run.folder / ANSWERS / answers.name)
    return run


def stages_up_to(stage: str) -> tuple[str, ...]:
    """The stages from the first to this one."""
    return STAGES[: STAGES.index(stage) + 1]


def check_base(base: Run, stage: str) -> None:
    """Raises ConfigError where the base has not finished the stage, DamagedError where its files are not whole."""
    go_on = f"`python -m minirl.train --resume {base.folder}` goes on with it"
    for name in stages_up_to(stage):
        state = base.state(name)
        if state is None or not state["done"]:
            raise ConfigError(f"--base {base.folder} has not finished {name}, so nothing can branch off there; {go_on}")
        problem = damage(base.folder / name)
        if problem is not None:
            raise DamagedError(f"{problem}; {go_on} and mends it")
    if not base.is_whole(TOKENIZER):
        raise DamagedError(f"{base.folder / TOKENIZER} is damaged or missing; {go_on} and mends it")


def check_same(base: Run, stage: str, config: TrainConfig) -> None:
    """Raises ConfigError naming the first flag, of a setting that the stages taken over follow from, that differs."""
    if stage not in stages_up_to(config.last_stage):
        raise ConfigError(f"--last-stage is {config.last_stage}, but --base-stage is {stage}, which comes later")
    before = dict(settings(to_json(base.config)))
    followed = (*FOLLOWED_BY_ALL, *stages_up_to(stage))
    for name, value in settings(to_json(config)):
        if value != before[name] and name.split(".")[0] in followed:
            raise ConfigError(
                f"--{name.replace('_', '-')} is {value}, but {base.folder} was trained with {before[name]}, and the "
                f"stages up to {stage} that are taken over from there follow from it; leave the flag out, or start a "
                "run without --base"
            )


def settings(config: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting by the name of its flag: "sft.epochs"."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from settings(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
