"""How long would a job take with the learner's parts? A few updates of each stage tell, before anybody waits.

Each stage makes the same updates with minirl's own functions and with the learner's, in turns: what slows the machine
down for a while slows both. Of each, the fastest update counts, as nothing makes a computation faster than it is. Times
are processor time, summed over the cores. The model is a new one, so in RL each answer is as long as it may be, and a
coin decides its reward: the estimate of RL is on the high side.
"""

import dataclasses
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from typing import NamedTuple

from minirl.lessons.main_job import Mine, named, wrapped
from minirl.lessons.parts import swapped
from minirl.model import GPT
from minirl.runs import STAGE_NAMES, TOKENIZER, Run, TrainConfig, task_of
from minirl.streams import stream_seed
from minirl.swap import Function, replaced
from minirl.tokenizer import Tokenizer
from minirl.train.chain import make_stage, train_tokenizer
from minirl.train.loop import save

UPDATES = 3
DEAR = 0.03  # the share of a job's time from which on a part is named


class Pace(NamedTuple):
    """What one update of a stage takes, in seconds of processor time."""

    steps: int
    """The updates of the whole stage."""
    update: float
    parts: dict[str, float]
    """By seam, the time in the learner's functions; it is a part of `update`."""


def plan(config: TrainConfig, mine: Mine, updates: int = UPDATES) -> str:
    """The times of a job, as text: of one update of each stage, of all updates, and of the parts that take long."""
    own, yours = paces(config, (Mine(), mine), train_tokenizer(config).tokenizer, updates)
    lines = [f"{'Processor time of one update:':30s}{'with minirl`s parts':>20s}{'with yours':>14s}".replace("`", "'")]
    for stage, pace in yours.items():
        lines.append(f"  {STAGE_NAMES[stage]:28s}{seconds(own[stage].update):>20s}{seconds(pace.update):>14s}")
    whole, with_yours = (sum(pace.steps * pace.update for pace in one.values()) / 60 for one in (own, yours))
    counts = ", ".join(f"{pace.steps} of {STAGE_NAMES[stage]}" for stage, pace in yours.items())
    lines.append(f"All updates ({counts}):")
    lines.append(f"  {'':28s}{minutes(whole):>20s}{minutes(with_yours):>14s}")
    totals = {seam: sum(pace.steps * pace.parts[seam] for pace in yours.values()) / 60 for seam in mine.yours}
    dear = [seam for seam in sorted(totals, key=lambda seam: -totals[seam]) if totals[seam] > DEAR * with_yours]
    if dear:
        told = ", ".join(f"{named(seam)} {minutes(totals[seam])}" for seam in dear[:3])
        lines.append(wrapped(f"Of your parts, the slowest are: {told}."))
    lines.append(
        wrapped(
            "Two cores need less time by the clock. The evaluation at the end comes on top, and is minirl's own. A "
            "busy machine spoils such a measurement: differences of a tenth mean nothing."
        )
    )
    return "\n".join(lines)


def seconds(time_: float) -> str:
    """A time in two digits, as "0.12 s" or "12 s"."""
    return f"{float(f'{time_:.2g}'):g} s"


def minutes(time_: float) -> str:
    """A time in whole minutes."""
    return "under 1 min" if time_ < 0.5 else f"{time_:.0f} min"


def paces(
    config: TrainConfig, those: Sequence[Mine], tokenizer: Tokenizer, updates: int = UPDATES
) -> list[dict[str, Pace]]:
    """For each choice of parts: by stage, what its updates take with these parts."""
    found: list[dict[str, Pace]] = [{} for _ in those]
    with ExitStack() as stack, replaced("minirl.rl.mdp:final_reward", coin, watches=True):
        folders = [stack.enter_context(tempfile.TemporaryDirectory()) for _ in those]
        runs = [new_run(config, folder, tokenizer) for folder in folders]
        models = [new_model(config, tokenizer) for _ in those]
        for name in runs[0].stages:
            stages = []
            for mine, run, model in zip(those, runs, models, strict=True):
                with swapped(*mine.yours, verify=0):  # a stage reads its first texts when it is made
                    stages.append(make_stage(run, name, model, tokenizer, task_of(config)))
            tries: list[list[Pace]] = [[] for _ in those]
            for step in range(updates + 1):
                for mine, stage, kept in zip(those, stages, tries, strict=True):
                    with swapped(*mine.yours, verify=0) as used:
                        start = time.process_time()
                        stage.update(step)
                        took = time.process_time() - start
                    kept.append(Pace(stage.steps, took, {seam: use.seconds for seam, use in used.by_id.items()}))
            for run, stage, kept, paced in zip(runs, stages, tries, found, strict=True):
                paced[name] = min(kept[1:], key=lambda pace: pace.update)  # in the first one, memory is new
                save(run, stage, stage.steps, 0.0)  # RL compares with the model before it
    return found


def new_run(config: TrainConfig, folder: str, tokenizer: Tokenizer) -> Run:
    """A run that has its tokenizer, and nothing else yet."""
    run = Run.create(dataclasses.replace(config, runs=folder, name="plan"))
    tokenizer.save(run.folder / TOKENIZER)
    run.seal(TOKENIZER)
    return run


def new_model(config: TrainConfig, tokenizer: Tokenizer) -> GPT:
    """The model before any training."""
    return GPT(config.model.gpt(tokenizer.vocab_size), stream_seed(config.seed, "weights"), config.model.init_std)


def coin(final_reward: Function) -> Function:
    """A reward that depends on nothing but chance, so that there is something to compute with."""
    return lambda task, problem, text, finished: float(zlib.crc32(text.encode()) % 2)
