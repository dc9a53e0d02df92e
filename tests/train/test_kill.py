"""A run can be killed (SIGKILL) at any moment, and ends with the same bits as one that never was."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from comparing import assert_same
from killing import Training

from minirl.runs import STAGES, Run, TrainConfig


def reached(run: Run, link: str) -> Callable[[], bool]:
    """Whether the run is at work on this link of the chain; asked while another process trains it."""
    if link == "tokenizer":
        return (run.folder / ".lock").exists
    if link == "evaluate":
        return lambda: (run.state("rl") or {"done": False})["done"]
    return lambda: bool(run.records(stage=link))


def kill(run: Run, threads: int, link: str, delay: float) -> bool:
    """Train until this link and a bit further; whether that was not yet the end."""
    killed = Training(run.folder, threads).kill(reached(run, link), delay)
    for stage in STAGES:  # whatever was being written: who looks at the run now finds it in order
        if run.state(stage) is not None:
            run.model(stage)
    run.records()
    run.records("samples.jsonl")
    return killed


def finish(run: Run, threads: int) -> None:
    status, printed = Training(run.folder, threads).wait()
    assert status == 0
    for alarm in ("damaged", "missing", "lost"):  # being killed is nothing to worry anybody with
        assert alarm not in printed


def test_killed_once_at_every_link(whole: Run, tiny: TrainConfig) -> None:
    run = Run.create(replace(tiny, checkpoint_seconds=0.0))
    moments = [(link, random.uniform(0, 0.1)) for link in ("tokenizer", *STAGES, "evaluate")]
    print(moments)  # shown where it fails
    alive = [kill(run, 1 + number % 2, link, delay) for number, (link, delay) in enumerate(moments)]
    assert sum(alive) >= 4
    finish(run, threads=2)
    assert_same(run, whole)


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.0, 0.05, 60.0])
def test_killed_again_and_again(seconds: float, whole: Run, tiny: TrainConfig) -> None:
    """At moments that nothing chooses, with checkpoints after every update, after some, and after none but the last."""
    total = 0
    for _ in range(6):
        run = Run.create(replace(tiny, checkpoint_seconds=seconds))
        for number in range(12):
            link = random.choice(("tokenizer", *STAGES, "evaluate"))
            delay = random.expovariate(10)
            print(link, delay)
            if not kill(run, 1 + number % 2, link, delay):
                break
            total += 1
        finish(run, threads=1)
        assert_same(run, whole)
    assert total > 12
