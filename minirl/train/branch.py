"""Branching: a new run copies the tokenizer and the first stages of another run, its base, and continues differently.

    python -m minirl.train --base runs/roger --base-stage sft --rl.advantage plain --name plain

The new folder holds copies, so it needs nothing else and the base may be deleted. All settings that the copied stages
depend on must be the same as in the base. So a branch has the same bits as a run that was trained from the start with
the branch's configuration. If a copy is missing or damaged, resuming the run trains that stage again.
"""

import shutil
from dataclasses import replace

from minirl.evaluation.answers import ANSWERS
from minirl.runs import LOGS, STAGES, TOKENIZER, Run, TrainConfig, task_of, to_json
from minirl.runs.checkpoints import copy_checkpoint, damage
from minirl.runs.command import resume
from minirl.runs.config import settings
from minirl.storage.checksums import DamagedError
from minirl.storage.files import atomic_write
from minirl.train.check import ConfigError, check, check_prompts
from minirl.train.machine import other_machine

# settings that every stage depends on
SHARED = ("seed", "task", "tools", "precision", "shards", "model", "pretrain", "diloco")


def branch(base: Run, stage: str, config: TrainConfig) -> Run:
    """A new run with the stages of `base` up to `stage`; chain.complete trains the others.

    Raises, before a folder is made, ConfigError where `base` has not finished the stage or `config` contradicts it, and
    DamagedError for a damaged file of the base.
    """
    config = with_corpus_of(base, config)
    check(config)
    check_base(base, stage)
    check_same(base, stage, config)
    check_prompts(config, base.tokenizer(), task_of(config))
    origin = {"run": str(base.folder), "stage": stage, "seed": base.config.seed, **other_machine(base)}
    run = Run.create(config, origin)
    state = base.state(stage)
    assert state is not None
    for name in LOGS:
        with open(base.folder / name, "rb") as log, atomic_write(run.folder / name, "wb") as copy:
            copy.write(log.read(state["logs"].get(name, 0)))  # as far as it went when the stage was done
    shutil.copyfile(base.folder / TOKENIZER, run.folder / TOKENIZER)
    run.seal(TOKENIZER)
    for taken in stages_up_to(stage):
        copy_checkpoint(base.folder / taken, run.folder / taken)
        for answers in (base.folder / ANSWERS).glob(f"{taken}-*.json"):  # the model need not answer again
            (run.folder / ANSWERS).mkdir(exist_ok=True)
            shutil.copyfile(answers, run.folder / ANSWERS / answers.name)
    return run


def with_corpus_of(base: Run, config: TrainConfig) -> TrainConfig:
    """The settings with the corpus that the base was pretrained on, and the number of updates that reading it took."""
    if not base.config.corpus:
        return config
    corpus, sha256, steps = base.config.corpus, base.config.corpus_sha256, base.config.pretrain.steps
    return replace(config, corpus=corpus, corpus_sha256=sha256, pretrain=replace(config.pretrain, steps=steps))


def stages_up_to(stage: str) -> tuple[str, ...]:
    """The stages from the first up to this one."""
    return STAGES[: STAGES.index(stage) + 1]


def check_base(base: Run, stage: str) -> None:
    """Raises ConfigError where the base has not finished the stage, DamagedError where a file is damaged."""
    go_on = f"`{resume(base.folder)}` continues it"
    for name in stages_up_to(stage):
        state = base.state(name)
        if state is None or not state["done"]:
            raise ConfigError(f"--base {base.folder} has not finished {name}, so no run can branch off there; {go_on}")
        problem = damage(base.folder / name)
        if problem is not None:
            raise DamagedError(f"{problem}; {go_on} and repairs it")
    if not base.is_whole(TOKENIZER):
        raise DamagedError(f"{base.folder / TOKENIZER} is damaged or missing; {go_on} and repairs it")


def check_same(base: Run, stage: str, config: TrainConfig) -> None:
    """Raises ConfigError naming the first setting, by its flag, that differs and that the copied stages depend on."""
    if stage not in stages_up_to(config.last_stage):
        raise ConfigError(f"--last-stage is {config.last_stage}, but --base-stage is {stage}, which comes later")
    before = dict(settings(to_json(base.config)))
    fixed = {f"--{name}" for name in (*SHARED, *stages_up_to(stage))}
    if base.config.corpus and stage == STAGES[0]:
        fixed -= {"--task"}  # pretraining on a corpus knows of no task
    for flag, value in settings(to_json(config)):
        if value != before[flag] and flag.split(".")[0] in fixed:
            raise ConfigError(
                f"{flag} is {value}, but {base.folder} was trained with {before[flag]}, and the stages up to {stage} "
                "that are copied from there depend on it; leave the flag out, or start a run without --base"
            )
