"""`run 14 --full` and `run 14 --plan`: the whole main job with the learner's parts, and how long it would take."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from minirl.lessons.main_job import RUNS, agreement, main_job, my_parts, roger, same_job, whose
from minirl.lessons.parts import SwapError
from minirl.lessons.plan import plan
from minirl.lessons.screen import Screen
from minirl.runs import PRESETS
from minirl.runs import Screen as RunScreen
from minirl.train.loop import Stopped, TrainingError


def plan_job(view: Screen, words: Sequence[str], preset: str) -> int:
    """Say how long the job would take with the learner's parts; returns the exit status."""
    mine = my_parts(words)
    view.say(str(mine))
    view.say(plan(PRESETS[preset], mine))
    return 0


def full_job(folder: Path, view: Screen, words: Sequence[str], preset: str, seed: int) -> int:
    """Do the job with the learner's parts, say whose they were, and compare with the same job done with other parts;
    returns the exit status. folder: the learner's."""
    mine = my_parts(words)
    view.say(str(mine))
    name = ("mine" if mine.yours else "minirl") + ("" if preset == "roger" else f"-{preset}")
    config = dataclasses.replace(PRESETS[preset], name=name, runs=str(folder / RUNS), seed=seed)
    try:
        run = main_job(config, mine, RunScreen())
    except Stopped:
        view.say("Stopped, and all is saved. The same command goes on from there.")
        return 130
    except (SwapError, TrainingError) as error:
        view.say(str(error), "red")
        return 1
    view.say(f"\n{whose(run)}\n\nToken by token, the model says of our running example:\n{roger(run)}\n")
    others = same_job(run)
    for other in others:
        view.say(agreement(run, other))
    if not others:
        again = "none" if mine.yours else "NUMBERS"
        view.say(
            f"`run 14 --full --mine {again}` does the same job with other parts, and says where the two runs part."
        )
    return 0
