"""How long would a job take with the learner's parts? A few updates of each stage tell, before anybody waits.

Each stage makes some updates with minirl's own functions and some with the learner's. Times are those of the processor,
summed over its cores, so that a busy machine hardly changes them. The model is a new one, so in RL each answer is as
long as it may be, and a coin decides its reward: the estimate of RL is on the high side.
"""

import dataclasses
import tempfile
import time
import zlib
from typing import NamedTuple

from minirl import tasks
from minirl.lessons.main_job import Mine, named
from minirl.lessons.parts import swapped
from minirl.model import GPT
from minirl.runs import STAGE_NAMES, TOKENIZER, Run, TrainConfig
from minirl.streams import stream_seed
from minirl.swap import Function, replaced
from minirl.tokenizer import Tokenizer
from minirl.train.chain import make_stage, train_tokenizer
from minirl.train.loop import save

UPDATES = 3


class Pace(NamedTuple):
    """What one update of a stage takes, in seconds of processor time."""

    steps: int
    """The updates of the whole stage."""
    update: float
    parts: dict[str, float]
    """By seam, the time in the learner's functions; it is a part of `update`."""


def plan(config: TrainConfig, mine: Mine, updates: int = UPDATES) -> str:
    """The times of a job, as text: of one update of each stage, of all updates, and of each part."""
    tokenizer = train_tokenizer(config).tokenizer
    own, yours = (paces(config, who, tokenizer, updates) for who in (Mine(), mine))
    lines = ["Seconds of processor time for one update:"]
    for stage, pace in yours.items():
        dear = [seam for seam in pace.parts if pace.parts[seam] > 0.001]
        told = ", ".join(f"{named(seam)} {pace.parts[seam]:.3f}" for seam in sorted(dear, key=lambda s: -pace.parts[s]))
        lines.append(
            f"  {STAGE_NAMES[stage]:12s}{own[stage].update:7.3f} with minirl's own parts, {pace.update:7.3f} with yours"
            + (f" ({told})" if told else "")
        )
    whole, with_yours = (sum(pace.steps * pace.update for pace in one.values()) / 60 for one in (own, yours))
    counts = ", ".join(f"{pace.steps} of {STAGE_NAMES[stage]}" for stage, pace in yours.items())
    lines.append(f"All updates ({counts}): {whole:.1f} minutes with minirl's own parts, {with_yours:.1f} with yours.")
    totals = {seam: sum(pace.steps * pace.parts[seam] for pace in yours.values()) / 60 for seam in mine.yours}
    for seam, minutes in sorted(totals.items(), key=lambda pair: -pair[1])[:3]:
        lines.append(f"  {minutes:5.1f} minutes of it in your {named(seam)}")
    lines.append("With two cores the clock shows less. The evaluation at the end comes on top, and is minirl's own.")
    return "\n".join(lines)


def paces(config: TrainConfig, mine: Mine, tokenizer: Tokenizer, updates: int) -> dict[str, Pace]:
    """By stage, what its updates take with these parts."""
    found = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        replaced("minirl.rl.mdp:final_reward", coin, watches=True),
        swapped(*mine.yours, verify=0) as used,
    ):
        run = Run.create(dataclasses.replace(config, runs=folder, name="plan"))
        tokenizer.save(run.folder / TOKENIZER)
        run.seal(TOKENIZER)
        model = GPT(config.model.gpt(tokenizer.vocab_size), stream_seed(config.seed, "weights"),
                    config.model.init_std)  # fmt: skip
        for name in run.stages:
            stage = make_stage(run, name, model, tokenizer, tasks.get(config.task))
            stage.update(0)  # the first one takes longer: memory is new
            before = {seam: use.seconds for seam, use in used.by_id.items()}
            start = time.process_time()
            for step in range(1, updates + 1):
                stage.update(step)
            update = (time.process_time() - start) / updates
            parts = {seam: (use.seconds - before[seam]) / updates for seam, use in used.by_id.items()}
            found[name] = Pace(stage.steps, update, parts)
            save(run, stage, stage.steps, 0.0)  # RL compares with the model before it
    return found


def coin(final_reward: Function) -> Function:
    """A reward that depends on nothing but chance, so that there is something to compute with."""
    return lambda task, problem, text, finished: float(zlib.crc32(text.encode()) % 2)
